#include "runtime/state/panes.h"

#include <algorithm>
#include <limits>

#include "lang/support/saturating.h"
#include "runtime/abi/runtime_functions.h"

namespace sluice {

namespace {
constexpr uint64_t kFirstSlots = 16;  // there may be a pane for each of many groups
}

PaneTables::PaneTables(uint32_t entry_size, HashRange range, uint32_t row_size, int64_t lag, uint64_t* account)
    : abi::Panes{}, entry_size_(entry_size), range_(range), row_size_(row_size), lag_(lag), account_(account) {
  latest_end = std::numeric_limits<int64_t>::min();
}

std::unique_ptr<PaneTables::Owned> PaneTables::make_pane(int64_t end) const {
  auto pane = std::make_unique<Owned>();
  pane->groups = std::make_unique<GroupTable>(entry_size_, range_, account_, kFirstSlots);
  pane->groups->reserve(usual_groups_);
  if (row_size_ != 0) pane->tops_of_keys = std::make_unique<TopState>(row_size_, account_);
  pane->table = pane->groups.get();
  pane->tops = pane->tops_of_keys.get();
  pane->end = end;
  return pane;
}

abi::Pane& PaneTables::at(int64_t end) noexcept {
  // A row goes into overlapping windows by their ends, and the next row begins with the first one again.
  place_ = place_ + 1 < panes_.size() ? place_ + 1 : 0;
  if (place_ >= panes_.size() || panes_[place_]->end != end) {
    const auto it = std::ranges::lower_bound(panes_, end, {}, [](const auto& pane) { return pane->end; });
    place_ = static_cast<size_t>(it - panes_.begin());
    if (it == panes_.end() || (*it)->end != end) panes_.insert(it, make_pane(end));
  }
  latest = panes_[place_].get();
  latest_end = end;
  return *latest;
}

abi::Pane* PaneTables::due(int64_t watermark) noexcept {
  const auto first = first_due();
  return first && *first <= watermark ? panes_.front().get() : nullptr;
}

std::optional<int64_t> PaneTables::first_due() const {
  if (panes_.empty()) return std::nullopt;
  return saturating_add(panes_.front()->end, lag_);
}

std::vector<abi::Pane*> PaneTables::panes() const {
  std::vector<abi::Pane*> panes;
  for (const auto& pane : panes_) panes.push_back(pane.get());
  return panes;
}

void PaneTables::drop_first() noexcept {
  usual_groups_ = panes_.front()->groups->count;
  if (latest == panes_.front().get()) {
    latest = nullptr;
    latest_end = std::numeric_limits<int64_t>::min();
  }
  panes_.pop_front();
  if (place_ != 0) --place_;
}

uint64_t PaneTables::group_count() const {
  uint64_t count = 0;
  for (const auto& pane : panes_) count += pane->table->count;
  return count;
}

void PaneTables::clear() noexcept {
  while (!panes_.empty()) drop_first();
}

}  // namespace sluice

namespace sluice::abi {

namespace {
PaneTables& panes_of(Ptr panes) { return *static_cast<PaneTables*>(static_cast<Panes*>(panes)); }
}  // namespace

extern "C" {

Ptr rt_pane(Ptr, Ptr panes, I64 end) noexcept { return &panes_of(panes).at(end); }

Ptr rt_pane_due(Ptr context, Ptr panes) noexcept {
  return panes_of(panes).due(static_cast<TaskContext*>(context)->watermark);
}

void rt_pane_drop(Ptr, Ptr panes) noexcept { panes_of(panes).drop_first(); }

I64 rt_pane_groups(Ptr panes) noexcept { return static_cast<I64>(panes_of(panes).group_count()); }

}  // extern "C"

}  // namespace sluice::abi
