// RowLayout: where the fields of a row stand in a row block. Shared by the runtime, which moves rows as bytes, and by
// code generation, which reads and writes their fields.
//
// Block layout of one value: bool 1 byte; int, date, timestamp, duration 8; float 8; decimal 16; string and list 8
// bytes {uint32 distance, uint32 size}: the bytes (or elements, each in block layout) begin `distance` bytes before the
// end of the block; record: its fields one after the other. A nullable value is preceded by one byte, 1 = present.
// There is no padding: fields are read and written unaligned. Rows stay valid when a block is copied anywhere.
#pragma once

#include <cstdint>
#include <vector>

#include "lang/types/type.h"

namespace sluice {

struct RowLayout {
  std::vector<uint32_t> offsets;  // of each field; for nullable fields that of the presence byte
  uint32_t size = 0;              // of a row; at least 1, so that rows without columns can be counted
  bool operator==(const RowLayout&) const = default;
};

[[nodiscard]] uint32_t block_size_of(const Type& type);
[[nodiscard]] RowLayout block_layout(const Schema& schema);

}  // namespace sluice
