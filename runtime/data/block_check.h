// Is a row block from outside (network, spill file) safe to read? Blocks made in this process need no check.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "lang/types/type.h"
#include "runtime/abi/layout.h"
#include "runtime/data/row_layout.h"

namespace sluice {

// Header and size fit together, and all rows lie inside. `bytes` must be aligned like a BlockHeader.
[[nodiscard]] bool is_valid_block(std::span<const char> bytes);
// Also: rows are of `schema`, bools and presence bytes are 0 or 1, strings and lists lie in the block's heap.
[[nodiscard]] bool is_valid_block(std::span<const char> bytes, const Schema& schema);

// The same of one row with its heap behind it, as tops and sorts keep them (RowCell).
class RowCheck {
 public:
  explicit RowCheck(const Schema& schema);
  [[nodiscard]] bool is_valid(std::string_view row) const;
  [[nodiscard]] uint32_t row_size() const { return row_size_; }

 private:
  struct Column {
    Type type;
    uint32_t offset;
  };
  uint32_t row_size_;
  std::vector<Column> columns_;  // that there is something to check of
};

}  // namespace sluice
