#include "runtime/state/shared_panes.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "lang/support/saturating.h"
#include "runtime/abi/runtime_functions.h"
#include "runtime/data/big_memory.h"

namespace sluice {

namespace {

uint64_t hash_of(const char* entry) {
  uint64_t hash = 0;
  std::memcpy(&hash, entry, sizeof hash);
  return hash;
}

// Event times come from data: sums and differences of those at the ends of int64 wrap around, as in generated code.
int64_t plus(int64_t a, int64_t b) { return static_cast<int64_t>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b)); }
int64_t minus(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) - static_cast<uint64_t>(b));
}

// How far `value` lies behind the largest multiple of `step` that is not above it.
int64_t rest(int64_t value, int64_t step) {
  const int64_t rest = value % step;
  return rest < 0 ? rest + step : rest;
}

}  // namespace

SharedPanes::SharedPanes(uint32_t entry_size, bool lead_elsewhere, HashRange range, const WindowShape& windows,
                         int64_t lag, uint64_t* account)
    : abi::WindowMerge{},
      entry_size_(entry_size),
      lead_elsewhere_(lead_elsewhere),
      range_(range),
      windows_(windows),
      lag_(lag),
      account_(account),
      merged_states_(entry_size, {}, account) {
  merged = &merged_states_;
  merged_entry = merged_states_.insert(0);
}

// Of the window with this end that contains the time `inside`.
int64_t SharedPanes::start_of(int64_t window_end, int64_t inside) const {
  if (windows_.kind == WindowKind::Cumulate) return minus(inside, rest(minus(inside, windows_.offset), windows_.size));
  return minus(window_end, windows_.size);
}

// The end of the first window, of those not given out yet, that the pane counts in.
std::optional<int64_t> SharedPanes::first_window(const Pane& pane) const {
  const int64_t from = given_end_ ? std::max(pane.end, saturating_add(*given_end_, 1)) : pane.end;
  const int64_t begin = start_of(from, pane.start);
  const int64_t last_end = plus(windows_.kind == WindowKind::Cumulate ? begin : pane.start, windows_.size);
  const int64_t anchor = windows_.kind == WindowKind::Cumulate ? begin : plus(windows_.offset, windows_.size);
  const int64_t end = plus(from, rest(minus(anchor, from), windows_.step));
  return end <= last_end ? std::optional(end) : std::nullopt;
}

GroupTable& SharedPanes::at(int64_t start, int64_t end) noexcept {
  const auto is_before = [&](const Pane& pane) { return pane.end != end ? pane.end < end : pane.start < start; };
  auto it = std::ranges::partition_point(panes_, is_before);
  if (it == panes_.end() || it->end != end || it->start != start) {
    Pane pane{start, end, std::make_unique<GroupTable>(entry_size_, range_, account_)};
    pane.groups->reserve(usual_groups_);
    const auto first = first_window(pane);
    if (first && (!next_end_ || *first < *next_end_)) next_end_ = first;
    it = panes_.insert(it, std::move(pane));
  }
  latest = it->groups.get();
  latest_start = start;
  latest_end = end;
  return *it->groups;
}

std::optional<int64_t> SharedPanes::first_due() const {
  return next_end_ ? std::optional(saturating_add(*next_end_, lag_)) : std::nullopt;
}

bool SharedPanes::due(int64_t watermark) noexcept {
  if (is_open_) return true;
  const auto first = first_due();
  if (!first || *first > watermark) return false;
  begin_window();
  return true;
}

void SharedPanes::begin_window() noexcept {
  is_open_ = true;
  window_end = *next_end_;
  runs_.clear();
  std::vector<uint64_t> heads;
  for (Pane& pane : panes_) {
    if (pane.end > window_end) break;
    const int64_t start = start_of(window_end, pane.start);
    const bool is_inside = windows_.kind == WindowKind::Cumulate ? window_end <= plus(start, windows_.size)
                                                                 : pane.start >= start && pane.start < window_end;
    if (!is_inside || (pane.sorted == nullptr && pane.groups->count == 0)) continue;
    window_start = start;
    if (pane.sorted == nullptr) sort(pane);
    runs_.push_back({pane.sorted, pane.sorted + pane.count * entry_size_});
    heads.push_back(hash_of(pane.sorted));
  }
  tournament_.begin(heads);
}

// A window that is due has complete panes, so nothing comes to them any more.
void SharedPanes::sort(Pane& pane) noexcept {
  pane.count = usual_groups_ = pane.groups->count;
  pane.sorted = allocate_zeroed(pane.count * entry_size_);
  *account_ += pane.count * entry_size_;
  uint64_t cursor = 0;
  char* to = pane.sorted;
  while (const char* entry = pane.groups->next(&cursor)) {
    std::memcpy(to, entry, entry_size_);
    to += entry_size_;
  }
  if (latest == pane.groups.get()) latest = nullptr;
  if (!lead_elsewhere_) pane.groups.reset();
}

void SharedPanes::release(Pane& pane) noexcept {
  if (pane.groups != nullptr && latest == pane.groups.get()) latest = nullptr;
  if (pane.sorted == nullptr) return;
  free_zeroed(pane.sorted, pane.count * entry_size_);
  *account_ -= pane.count * entry_size_;
}

uint64_t SharedPanes::next_group() noexcept {
  if (tournament_.is_over()) return 0;
  group_entries_.clear();
  const uint64_t hash = tournament_.head();
  do {
    Run& run = runs_[tournament_.run()];
    group_entries_.push_back(run.entry);
    run.entry += entry_size_;
    if (run.entry == run.end) {
      tournament_.end_run();
    } else {
      tournament_.replace(hash_of(run.entry));
    }
  } while (!tournament_.is_over() && tournament_.head() == hash);
  group = group_entries_.data();
  return group_entries_.size();
}

void SharedPanes::drop() noexcept {
  is_open_ = false;
  given_end_ = window_end;
  next_end_.reset();
  std::erase_if(panes_, [&](Pane& pane) {
    const auto first = first_window(pane);
    if (!first) {
      release(pane);
      return true;
    }
    if (!next_end_ || *first < *next_end_) next_end_ = first;
    return false;
  });
  merged_states_.clear();
  merged_entry = merged_states_.insert(0);
}

uint64_t SharedPanes::group_count() const {
  uint64_t count = 0;
  for (const Pane& pane : panes_) count += pane.sorted == nullptr ? pane.groups->count : pane.count;
  return count;
}

std::vector<SharedPanes::Entries> SharedPanes::entries() const {
  std::vector<Entries> entries;
  for (const Pane& pane : panes_) {
    const bool is_sorted = pane.sorted != nullptr;
    entries.push_back({pane.start, pane.end, is_sorted ? nullptr : pane.groups.get(), pane.sorted, pane.count});
  }
  return entries;
}

void SharedPanes::clear() noexcept {
  for (Pane& pane : panes_) release(pane);
  panes_.clear();
  next_end_.reset();
  is_open_ = false;
}

}  // namespace sluice

namespace sluice::abi {

namespace {
SharedPanes& panes_of(Ptr panes) { return *static_cast<SharedPanes*>(static_cast<WindowMerge*>(panes)); }
}  // namespace

extern "C" {

Ptr rt_shared_pane(Ptr, Ptr panes, I64 start, I64 end) noexcept {
  return static_cast<HashTable*>(&panes_of(panes).at(start, end));
}

I8 rt_shared_due(Ptr context, Ptr panes) noexcept {
  return panes_of(panes).due(static_cast<TaskContext*>(context)->watermark) ? 1 : 0;
}

I64 rt_shared_group(Ptr panes) noexcept { return static_cast<I64>(panes_of(panes).next_group()); }

void rt_shared_drop(Ptr, Ptr panes) noexcept { panes_of(panes).drop(); }

}  // extern "C"

}  // namespace sluice::abi
