// SortState: all rows of a `sort`, kept until the input ended and then put in order.
#pragma once

#include <cstdint>
#include <vector>

#include "runtime/data/row_store.h"
#include "runtime/data/stoppable_sort.h"

namespace sluice {

class SortState {
 public:
  // The memory of rows is added to *account. When `is_cancelled` becomes true, sorting ends early.
  SortState(uint32_t row_size, uint64_t* account, const std::atomic<bool>& is_cancelled = kNeverCancelled);

  [[nodiscard]] abi::RowWriter* reserve(uint64_t heap_bytes) noexcept { return rows_.reserve(heap_bytes); }
  // The row last reserved is complete.
  void commit() noexcept { order_.push_back(rows_.latest()); }
  // Sorts; returns the number of rows, none when it was cancelled. The order is total: rows that compare equal are
  // equal in every column.
  uint64_t finish(abi::RowCompare compare) noexcept;
  // Before finish(): as they came.
  [[nodiscard]] const std::vector<RowCell>& rows() const { return order_; }
  [[nodiscard]] RowCell row(uint64_t position) const { return order_[position]; }

 private:
  const std::atomic<bool>& is_cancelled_;
  RowStore rows_;
  std::vector<RowCell> order_;
};

}  // namespace sluice
