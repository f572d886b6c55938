// SortState: all rows of a `sort`, kept until the input ended and then put in order.
#pragma once

#include <cstdint>
#include <vector>

#include "runtime/data/row_store.h"

namespace sluice {

class SortState {
 public:
  // The memory of rows is added to *account.
  SortState(uint32_t row_size, uint64_t* account);

  [[nodiscard]] abi::RowWriter* reserve(uint64_t heap_bytes) noexcept { return rows_.reserve(heap_bytes); }
  // The row last reserved is complete.
  void commit() noexcept { order_.push_back(rows_.latest()); }
  // Sorts; returns the number of rows. The order is total: rows that compare equal are equal in every column.
  uint64_t finish(abi::RowCompare compare) noexcept;
  [[nodiscard]] RowCell row(uint64_t position) const { return order_[position]; }

 private:
  RowStore rows_;
  std::vector<RowCell> order_;
};

}  // namespace sluice
