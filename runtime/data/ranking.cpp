#include "runtime/data/ranking.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "runtime/abi/kernel_abi.h"
#include "runtime/abi/runtime_functions.h"

namespace sluice {

Ranking::~Ranking() { clear(); }

void Ranking::clear() noexcept {
  for (auto* cells : {&rows_, &given_}) {
    dropped_.insert(dropped_.end(), cells->begin(), cells->end());
    cells->clear();
  }
  free_dropped();
  changes_.clear();
  is_listed_ = false;
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

bool Ranking::wait(int64_t due) noexcept {
  due_ = is_listed_ ? std::max(due_, due) : due;
  return !std::exchange(is_listed_, true);
}

RowCell Ranking::copy_of(const RowCell& cell) noexcept {
  const size_t size = bytes_of(cell);
  auto* row = static_cast<char*>(::operator new(size + abi::kStringSlack));
  std::memcpy(row, cell.row, size);
  *account_ += size;
  return {row, row + size};
}

void Ranking::give_out(const Rule& rule) noexcept {
  changes_.clear();
  free_dropped();
  // Rows without a difference are equal, so both lists can be read side by side.
  std::vector<Change> coming;
  const uint64_t shown_now = shown(rule);
  for (size_t before = 0, now = 0; before < given_.size() || now < shown_now;) {
    int32_t order = before == given_.size() ? 1 : -1;
    if (before < given_.size() && now < shown_now)
      order = rule.compare(given_[before].row, given_[before].end, rows_[now].row, rows_[now].end);
    const bool is_same = order == 0 && (!rule.has_ranks || before == now);
    if (order <= 0 && !is_same) changes_.push_back({given_[before], before + 1, -1});
    if (order >= 0 && !is_same) coming.push_back({rows_[now], now + 1, 1});
    if (order <= 0) ++before;
    if (order >= 0) ++now;
  }
  changes_.insert(changes_.end(), coming.begin(), coming.end());
  if (changes_.empty()) return;
  dropped_.insert(dropped_.end(), given_.begin(), given_.end());  // the changes show them
  given_.clear();
  for (size_t i = 0; i < shown_now; ++i) given_.push_back(copy_of(rows_[i]));
}

Ranking& Ranking::of_key(void** slot) noexcept {
  if (*slot == nullptr && free_.empty()) *slot = &keyed_.emplace_back(row_size_, account_);
  if (*slot == nullptr) {
    *slot = free_.back();
    free_.pop_back();
  }
  return *static_cast<Ranking*>(*slot);
}

void Ranking::forget_key(void** slot) noexcept {
  auto* ranking = static_cast<Ranking*>(std::exchange(*slot, nullptr));
  ranking->clear();
  free_.push_back(ranking);
}

}  // namespace sluice

namespace sluice::abi {

namespace {
Ranking::Rule rule_of(Ptr compare, Ptr compare_ties, I64 limit, I32 flags) {
  return {reinterpret_cast<RowCompare>(compare), reinterpret_cast<RowCompare>(compare_ties),
          static_cast<uint64_t>(limit), (flags & 1) != 0, (flags & 2) != 0};
}
}  // namespace

extern "C" {

Ptr rt_ranking_of_key(Ptr ranking, Ptr slot) noexcept {
  return &static_cast<Ranking*>(ranking)->of_key(static_cast<void**>(slot));
}

Ptr rt_ranking_reserve(Ptr ranking, I64 heap) noexcept {
  return static_cast<Ranking*>(ranking)->reserve(static_cast<uint64_t>(heap));
}

void rt_ranking_forget_key(Ptr ranking, Ptr slot) noexcept {
  static_cast<Ranking*>(ranking)->forget_key(static_cast<void**>(slot));
}

I64 rt_ranking_change(Ptr context, Ptr ranking, Ptr compare, Ptr compare_ties, I64 limit, I32 flags,
                      I64 weight) noexcept {
  auto& rows = *static_cast<Ranking*>(ranking);
  if (!rows.change(rule_of(compare, compare_ties, limit, flags), weight))
    raise_text(static_cast<TaskContext*>(context), "a top takes back a row that it does not hold");
  return static_cast<I64>(rows.changes().size());
}

I8 rt_ranking_is_due_before(Ptr ranking, I64 due) noexcept {
  const auto& rows = *static_cast<const Ranking*>(ranking);
  return static_cast<I8>(rows.is_listed() && rows.due() < due);
}

I8 rt_ranking_wait(Ptr ranking, I64 due) noexcept { return static_cast<I8>(static_cast<Ranking*>(ranking)->wait(due)); }

void rt_ranking_unlist(Ptr ranking) noexcept { static_cast<Ranking*>(ranking)->unlist(); }

I64 rt_ranking_due(Ptr ranking) noexcept { return static_cast<const Ranking*>(ranking)->due(); }

I64 rt_ranking_give_out(Ptr ranking, Ptr compare, Ptr compare_ties, I64 limit, I32 flags) noexcept {
  auto& rows = *static_cast<Ranking*>(ranking);
  rows.give_out(rule_of(compare, compare_ties, limit, flags));
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
