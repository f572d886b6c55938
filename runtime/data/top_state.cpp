#include "runtime/data/top_state.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "runtime/abi/runtime_functions.h"

namespace sluice {

namespace {

constexpr size_t kFirstBytes = 256;  // small: a keyed top has one of these per key

int32_t compare_cells(abi::RowCompare compare, const RowCell& a, const RowCell& b) {
  return compare(a.row, a.end, b.row, b.end);
}

}  // namespace

uint64_t TopState::first_compaction(uint64_t kept) {
  return kept > std::numeric_limits<uint64_t>::max() / 2 ? kept : std::max(kMinCandidates, 2 * kept);
}

TopState::TopState(uint32_t row_size, uint64_t* account) : rows_(row_size, kFirstBytes, account), account_(account) {}

void TopState::commit(abi::RowCompare compare, abi::RowCompare compare_ties, uint64_t limit) noexcept {
  compare_ = compare;
  ties_ = compare_ties;
  has_ties_ = compare_ties != nullptr;
  is_settled_ = false;
  limit_ = limit;
  const RowCell fresh = rows_.latest();
  if (limit == 0) return rows_.drop_latest();
  if (has_worst_) {
    const RowCell& worst = best_[limit - 1];
    const bool is_behind =
        compare_ties ? compare_cells(compare_ties, fresh, worst) > 0 : compare_cells(compare, fresh, worst) >= 0;
    if (is_behind) return rows_.drop_latest();
  }
  if (limit == 1 && compare_ties == nullptr) return replace_only(fresh);
  if (compact_at_ == 0) compact_at_ = first_compaction(limit);
  best_.push_back(fresh);
  if (best_.size() >= compact_at_) compact(compare);
}

void TopState::absorb(const TopState& other, abi::RowCompare compare, abi::RowCompare compare_ties,
                      uint64_t limit) noexcept {
  for (const RowCell& cell : other.best_) {
    const auto size = static_cast<size_t>(cell.end - cell.row);
    const abi::RowWriter* writer = reserve(size - rows_.row_size());
    std::memcpy(writer->row, cell.row, size);
    commit(compare, compare_ties, limit);
  }
}

// With one row to keep, it is always known which.
void TopState::replace_only(const RowCell& fresh) noexcept {
  best_.assign(1, fresh);
  has_worst_ = true;
  drop_behind(1);
  if (owner_ != nullptr && owner_->only_rows_ == nullptr)
    owner_->only_rows_ = std::make_unique<OnlyRows>(rows_.row_size(), account_);
}

void TopState::compact(abi::RowCompare compare) noexcept {
  if (best_.size() < limit_ || limit_ == 0) return;
  const auto last = best_.begin() + static_cast<ptrdiff_t>(limit_ - 1);
  std::ranges::nth_element(best_, last,
                           [compare](const RowCell& a, const RowCell& b) { return compare_cells(compare, a, b) < 0; });
  has_worst_ = true;
  auto kept = last + 1;
  if (ties_) {
    const RowCell worst = *last;
    kept =
        std::partition(kept, best_.end(), [&](const RowCell& cell) { return compare_cells(ties_, cell, worst) == 0; });
  }
  drop_behind(static_cast<uint64_t>(kept - best_.begin()));
}

void TopState::drop_behind(uint64_t kept) noexcept {
  best_.resize(kept);
  compact_at_ = std::max(kMinCandidates, 2 * kept);
  uint64_t live_bytes = 0;
  for (const auto& cell : best_) live_bytes += static_cast<uint64_t>(cell.end - cell.row);
  if (rows_.held_bytes() <= 4 * live_bytes + kFirstBytes) return;
  RowStore fresh(rows_.row_size(), std::max<size_t>(kFirstBytes, 2 * live_bytes), account_);
  for (auto& cell : best_) cell = fresh.copy(cell);
  rows_ = std::move(fresh);
}

uint64_t TopState::finish(abi::RowCompare compare) noexcept {
  if (!is_settled_) compact(compare);
  std::ranges::sort(best_, [compare](const RowCell& a, const RowCell& b) { return compare_cells(compare, a, b) < 0; });
  return best_.size();
}

void* TopState::of_key(void** slot, uint32_t row_size) noexcept {
  if (*slot != nullptr) return *slot;
  if (only_rows_ != nullptr) return marked(only_rows_->fresh(slot));
  if (keyed_ == nullptr) keyed_ = std::make_unique<std::deque<TopState>>();
  TopState& top = keyed_->emplace_back(row_size, account_);
  top.owner_ = this;
  *slot = &top;
  return &top;
}

}  // namespace sluice

namespace sluice::abi {

extern "C" {

Ptr rt_top_reserve(Ptr, Ptr top, I64 heap) noexcept {
  if (OnlyRow* only = only_row(top)) return only->all->reserve(static_cast<uint64_t>(heap));
  return static_cast<TopState*>(top)->reserve(static_cast<uint64_t>(heap));
}

void rt_top_commit(Ptr, Ptr top, Ptr compare, Ptr compare_ties, I64 limit) noexcept {
  if (OnlyRow* only = only_row(top)) return only->all->commit(*only, reinterpret_cast<RowCompare>(compare));
  static_cast<TopState*>(top)->commit(reinterpret_cast<RowCompare>(compare), reinterpret_cast<RowCompare>(compare_ties),
                                      static_cast<uint64_t>(limit));
}

Ptr rt_top_worst(Ptr top, Ptr end) noexcept {
  if (OnlyRow* only = only_row(top)) {
    const RowCell cell = only->cell();
    *static_cast<char**>(end) = cell.end;
    return only->is_empty() ? nullptr : cell.row;
  }
  const RowCell* worst = static_cast<TopState*>(top)->worst();
  if (worst == nullptr) return nullptr;
  *static_cast<char**>(end) = worst->end;
  return worst->row;
}

I64 rt_top_finish(Ptr, Ptr top, Ptr compare) noexcept {
  if (OnlyRow* only = only_row(top)) return only->is_empty() ? 0 : 1;
  return static_cast<I64>(static_cast<TopState*>(top)->finish(reinterpret_cast<RowCompare>(compare)));
}

Ptr rt_top_row(Ptr top, I64 position, Ptr end) noexcept {
  OnlyRow* only = only_row(top);
  const RowCell cell =
      only != nullptr ? only->cell() : static_cast<TopState*>(top)->row(static_cast<uint64_t>(position));
  *static_cast<char**>(end) = cell.end;
  return cell.row;
}

Ptr rt_top_of_key(Ptr, Ptr sorter, Ptr slot, I64 row_size) noexcept {
  return static_cast<TopState*>(sorter)->of_key(static_cast<void**>(slot), static_cast<uint32_t>(row_size));
}

}  // extern "C"

}  // namespace sluice::abi
