// RowStore: rows that stay, each in a cell of its own: the row's bytes, then its strings. A cell can be copied
// anywhere, which is how a top drops rows that fell behind.
#pragma once

#include <cstdint>
#include <cstring>

#include "runtime/abi/layout.h"
#include "runtime/data/byte_arena.h"

namespace sluice {

struct RowCell {
  char* row;
  char* end;
};

class RowStore {
 public:
  RowStore(uint32_t row_size, size_t first_bytes, uint64_t* account)
      : writer_{nullptr, nullptr, nullptr, row_size}, cells_(first_bytes, account) {}

  // A writer with room for exactly one row.
  [[nodiscard]] abi::RowWriter* reserve(uint64_t heap_bytes) noexcept {
    const uint64_t size = writer_.row_size + heap_bytes;
    latest_ = {cells_.allocate(size), nullptr};
    latest_.end = latest_.row + size;
    writer_.row = latest_.row;
    writer_.heap = writer_.end = latest_.end;
    return &writer_;
  }
  // The cell last reserved.
  [[nodiscard]] RowCell latest() const { return latest_; }
  void drop_latest() noexcept { cells_.rewind(latest_.row); }
  [[nodiscard]] RowCell copy(RowCell cell) noexcept {
    const auto size = static_cast<size_t>(cell.end - cell.row);
    char* row = cells_.allocate(size);
    std::memcpy(row, cell.row, size);
    return {row, row + size};
  }
  [[nodiscard]] uint32_t row_size() const { return static_cast<uint32_t>(writer_.row_size); }
  [[nodiscard]] uint64_t held_bytes() const { return cells_.held_bytes(); }

 private:
  abi::RowWriter writer_;
  RowCell latest_{nullptr, nullptr};
  ByteArena cells_;
};

}  // namespace sluice
