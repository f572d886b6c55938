// Reading and writing fields of rows from C++: for tests and tools. Generated code does this itself.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "runtime/abi/layout.h"
#include "runtime/data/block_builder.h"

namespace sluice {

// A row with the end of its block.
struct RowView {
  const char* row;
  const char* end;

  template <class T>
  [[nodiscard]] T get(uint32_t offset) const {
    T value;
    std::memcpy(&value, row + offset, sizeof value);
    return value;
  }
  [[nodiscard]] std::string_view text(uint32_t offset) const {
    return {end - get<uint32_t>(offset), get<uint32_t>(offset + 4)};
  }
};

[[nodiscard]] inline RowView row_of(const abi::BlockHeader& header, uint64_t index) {
  const auto* bytes = reinterpret_cast<const char*>(&header);
  return {bytes + sizeof header + index * header.row_size, bytes + header.byte_size};
}

template <class T>
void put(abi::RowWriter& writer, uint32_t offset, T value) {
  std::memcpy(writer.row + offset, &value, sizeof value);
}
// Takes heap bytes for `text`; room for them must have been made.
inline void put_text(abi::RowWriter& writer, uint32_t offset, std::string_view text) {
  writer.heap -= text.size();
  if (!text.empty()) std::memcpy(writer.heap, text.data(), text.size());
  put(writer, offset, static_cast<uint32_t>(writer.end - writer.heap));
  put(writer, offset + 4, static_cast<uint32_t>(text.size()));
}

}  // namespace sluice
