#include "runtime/data/ranking.h"

#include <algorithm>

#include "runtime/abi/kernel_abi.h"
#include "runtime/abi/runtime_functions.h"

namespace sluice {

Ranking::~Ranking() {
  free_dropped();
  for (const auto& cell : rows_) drop(cell);
  free_dropped();
}

void Ranking::free_dropped() noexcept {
  for (const auto& cell : dropped_) {
    *account_ -= bytes_of(cell);
    ::operator delete(cell.row);
  }
  dropped_.clear();
}

abi::RowWriter* Ranking::reserve(uint64_t heap_bytes) noexcept {
  const uint64_t size = row_size_ + heap_bytes;
  latest_.row = static_cast<char*>(::operator new(size + abi::kStringSlack));
  latest_.end = latest_.row + size;
  *account_ += size;
  writer_ = {latest_.row, latest_.end, latest_.end, row_size_};
  return &writer_;
}

uint64_t Ranking::shown(const Rule& rule) const noexcept {
  uint64_t count = std::min<uint64_t>(rule.limit, rows_.size());
  if (rule.compare_ties == nullptr || count == 0) return count;
  const RowCell& last = rows_[count - 1];
  while (count < rows_.size() && rule.compare_ties(rows_[count].row, rows_[count].end, last.row, last.end) == 0)
    ++count;
  return count;
}

bool Ranking::change(const Rule& rule, int64_t weight) noexcept {
  changes_.clear();
  free_dropped();
  const uint64_t shown_before = shown(rule);
  if (weight < 0) return remove(rule, shown_before);
  insert(rule, shown_before);
  return true;
}

void Ranking::insert(const Rule& rule, uint64_t shown_before) noexcept {
  const auto is_before = [&](const RowCell& a, const RowCell& b) {
    return rule.compare(a.row, a.end, b.row, b.end) < 0;
  };
  const auto place = rows_.insert(std::ranges::upper_bound(rows_, latest_, is_before), latest_);
  const auto position = static_cast<uint64_t>(place - rows_.begin());
  const uint64_t shown_now = shown(rule);
  // Rows that were shown at or behind the place stand one further back now.
  for (uint64_t i = position; i < shown_before; ++i)
    if (rule.has_ranks || i + 1 >= shown_now) changes_.push_back({rows_[i + 1], i + 1, -1});
  for (uint64_t i = position; i < shown_now; ++i)
    if (rule.has_ranks || i == position || i > shown_before) changes_.push_back({rows_[i], i + 1, 1});
  if (rule.keeps_behind) return;
  while (rows_.size() > shown_now) {
    drop(rows_.back());
    rows_.pop_back();
  }
}

bool Ranking::remove(const Rule& rule, uint64_t shown_before) noexcept {
  drop(latest_);
  const auto is_before = [&](const RowCell& a, const RowCell& b) {
    return rule.compare(a.row, a.end, b.row, b.end) < 0;
  };
  const auto place = std::ranges::lower_bound(rows_, latest_, is_before);
  if (place == rows_.end() || is_before(latest_, *place)) return false;
  const auto position = static_cast<uint64_t>(place - rows_.begin());
  const RowCell gone = *place;
  rows_.erase(place);
  drop(gone);
  const uint64_t shown_now = shown(rule);
  // Rows that were shown behind the place stand one further in front now.
  if (position < shown_before) changes_.push_back({gone, position + 1, -1});
  for (uint64_t i = position + 1; i < shown_before; ++i)
    if (rule.has_ranks || i - 1 >= shown_now) changes_.push_back({rows_[i - 1], i + 1, -1});
  for (uint64_t i = position; i < shown_now; ++i)
    if (rule.has_ranks || i + 1 >= shown_before) changes_.push_back({rows_[i], i + 1, 1});
  return true;
}

Ranking& Ranking::of_key(void** slot) noexcept {
  if (*slot == nullptr) *slot = &keyed_.emplace_back(row_size_, account_);
  return *static_cast<Ranking*>(*slot);
}

}  // namespace sluice

namespace sluice::abi {

extern "C" {

Ptr rt_ranking_of_key(Ptr ranking, Ptr slot) noexcept {
  return &static_cast<Ranking*>(ranking)->of_key(static_cast<void**>(slot));
}

Ptr rt_ranking_reserve(Ptr ranking, I64 heap) noexcept {
  return static_cast<Ranking*>(ranking)->reserve(static_cast<uint64_t>(heap));
}

I64 rt_ranking_change(Ptr context, Ptr ranking, Ptr compare, Ptr compare_ties, I64 limit, I32 flags,
                      I64 weight) noexcept {
  const Ranking::Rule rule{reinterpret_cast<RowCompare>(compare), reinterpret_cast<RowCompare>(compare_ties),
                           static_cast<uint64_t>(limit), (flags & 1) != 0, (flags & 2) != 0};
  auto& rows = *static_cast<Ranking*>(ranking);
  if (!rows.change(rule, weight))
    raise_text(static_cast<TaskContext*>(context), "a top takes back a row that it does not hold");
  return static_cast<I64>(rows.changes().size());
}

Ptr rt_ranking_row(Ptr ranking, I64 position, Ptr end, Ptr rank_and_weight) noexcept {
  const auto& change = static_cast<Ranking*>(ranking)->changes()[static_cast<size_t>(position)];
  *static_cast<char**>(end) = change.row.end;
  static_cast<int64_t*>(rank_and_weight)[0] = static_cast<int64_t>(change.rank);
  static_cast<int64_t*>(rank_and_weight)[1] = change.weight;
  return change.row.row;
}

}  // extern "C"

}  // namespace sluice::abi
