// OnlyRows: the tops of all keys of a keyed top that keeps one row: per key no more than that row and where it is.
// There may be millions of them, so they share everything else.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "runtime/data/row_store.h"

namespace sluice {

class OnlyRows;

// The top of one key, the row's bytes behind it. `*slot` belongs to the key and is the marked address of its top, when
// it has one: a longer row may move it.
struct OnlyRow {
  OnlyRows* all;
  void** slot;
  uint32_t size;
  uint32_t capacity;

  [[nodiscard]] bool is_empty() const { return size == 0; }
  [[nodiscard]] RowCell cell() {
    char* row = reinterpret_cast<char*>(this + 1);
    return {row, row + size};
  }
};

// A top as generated code knows it may be one of these or a TopState; the address says which.
[[nodiscard]] inline void* marked(OnlyRow& top) {
  return reinterpret_cast<void*>(reinterpret_cast<uintptr_t>(&top) | 1);
}
[[nodiscard]] inline OnlyRow* only_row(void* top) {
  const auto address = reinterpret_cast<uintptr_t>(top);
  return (address & 1) != 0 ? reinterpret_cast<OnlyRow*>(address - 1) : nullptr;
}

class OnlyRows {
 public:
  OnlyRows(uint32_t row_size, uint64_t* account);

  // Of a key that has none yet; good for the next row only.
  [[nodiscard]] OnlyRow& fresh(void** slot) noexcept {
    fresh_ = {this, slot, 0, 0};
    return fresh_;
  }
  [[nodiscard]] abi::RowWriter* reserve(uint64_t heap_bytes) noexcept { return scratch_.reserve(heap_bytes); }
  // The row last reserved is complete: keeps it in place of the one in `top`, if that comes behind it.
  void commit(OnlyRow& top, abi::RowCompare compare) noexcept;
  // The row of a key that has none yet.
  void add(void** slot, std::string_view row) noexcept;

 private:
  [[nodiscard]] OnlyRow& with_room(OnlyRow& top, uint64_t size) noexcept;

  OnlyRow fresh_{};
  RowStore scratch_;  // for the row that is being written
  ByteArena tops_;
  std::vector<char*> unused_;  // tops that were left for larger ones: by size class the first, which leads to the next
};

}  // namespace sluice
