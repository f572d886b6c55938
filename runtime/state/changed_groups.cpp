#include "runtime/state/changed_groups.h"

#include <algorithm>
#include <tuple>

#include "runtime/abi/layout.h"
#include "runtime/abi/runtime_functions.h"

namespace sluice {

void ChangedGroups::add(char* entry, int64_t due) noexcept {
  if (latest_ == lists_.end() || latest_->first != due) latest_ = lists_.try_emplace(due).first;
  std::vector<char*>& entries = latest_->second.entries;
  const size_t capacity = entries.capacity();
  entries.push_back(entry);
  const uint64_t bytes = (entries.capacity() - capacity) * sizeof(char*);
  bytes_ += bytes;
  *account_ += bytes;
}

char* ChangedGroups::next(int64_t watermark) noexcept {
  while (!lists_.empty() && lists_.begin()->first <= watermark) {
    List& list = lists_.begin()->second;
    due_ = lists_.begin()->first;
    if (list.taken < list.entries.size()) return list.entries[list.taken++];
    const uint64_t bytes = list.entries.capacity() * sizeof(char*);
    bytes_ -= bytes;
    *account_ -= bytes;
    if (latest_ == lists_.begin()) latest_ = lists_.end();
    lists_.erase(lists_.begin());
  }
  return nullptr;
}

std::optional<int64_t> ChangedGroups::first_due() const {
  return lists_.empty() ? std::nullopt : std::optional(lists_.begin()->first);
}

std::vector<ChangedGroups::Place> ChangedGroups::places() const {
  std::vector<Place> all;
  for (const auto& [due, list] : lists_)
    for (size_t i = list.taken; i < list.entries.size(); ++i) all.push_back({list.entries[i], due, i});
  std::ranges::sort(all, {}, [](const Place& place) { return std::tuple(place.entry, place.due, place.number); });
  return all;
}

void ChangedGroups::order_restored() {
  std::ranges::stable_sort(restored_, {}, [](const Place& place) { return std::tuple(place.due, place.number); });
  for (const auto& place : restored_) add(place.entry, place.due);
  restored_ = {};
}

}  // namespace sluice

namespace sluice::abi {

namespace {
ChangedGroups& changed_of(Ptr changed) { return *static_cast<ChangedGroups*>(changed); }
}  // namespace

extern "C" {

void rt_changed_add(Ptr changed, Ptr entry, I64 due) noexcept {
  changed_of(changed).add(static_cast<char*>(entry), due);
}

Ptr rt_changed_next(Ptr context, Ptr changed) noexcept {
  return changed_of(changed).next(static_cast<TaskContext*>(context)->watermark);
}

I64 rt_changed_due(Ptr changed) noexcept { return changed_of(changed).due(); }

}  // extern "C"

}  // namespace sluice::abi
