// Sorting that ends early when nobody wants its result any more: in runs, which are merged, with a look at whether the
// job has been cancelled in between.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <utility>
#include <vector>

namespace sluice {

// For what cannot be cancelled.
inline const std::atomic<bool> kNeverCancelled{false};

// Items between two looks: some milliseconds.
inline constexpr size_t kItemsPerLook = size_t{1} << 15;

// One merge of two neighbouring runs of `from` into the same place of `to`; false when it was cancelled.
template <class T, class Less>
[[nodiscard]] bool merge_runs(const std::atomic<bool>& is_cancelled, const std::vector<T>& from, std::vector<T>& to,
                              std::pair<size_t, size_t> first, size_t end, const Less& less) {
  auto [left, left_end] = first;
  size_t out = left;
  size_t right = left_end;
  while (left < left_end && right < end) {
    if (out % kItemsPerLook == 0 && is_cancelled.load(std::memory_order_relaxed)) return false;
    to[out++] = less(from[right], from[left]) ? from[right++] : from[left++];
  }
  while (left < left_end) to[out++] = from[left++];
  while (right < end) to[out++] = from[right++];
  return true;
}

// False when it was cancelled; the items are then in any order, but all there.
template <class T, class Less>
[[nodiscard]] bool sort_unless_cancelled(const std::atomic<bool>& is_cancelled, std::vector<T>& items,
                                         const Less& less) {
  const size_t size = items.size();
  const auto at = [&](size_t position) { return items.begin() + static_cast<ptrdiff_t>(std::min(position, size)); };
  for (size_t begin = 0; begin < size; begin += kItemsPerLook) {
    if (is_cancelled.load(std::memory_order_relaxed)) return false;
    std::sort(at(begin), at(begin + kItemsPerLook), less);
  }
  if (size <= kItemsPerLook) return true;
  std::vector<T> merged(size);
  for (size_t width = kItemsPerLook; width < size; width *= 2) {
    for (size_t begin = 0; begin < size; begin += 2 * width) {
      const size_t middle = std::min(begin + width, size);
      if (!merge_runs(is_cancelled, items, merged, {begin, middle}, std::min(begin + 2 * width, size), less))
        return false;
    }
    items.swap(merged);
  }
  return true;
}

}  // namespace sluice
