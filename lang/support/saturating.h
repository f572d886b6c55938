// Sums that stay at the ends of int64: event times near its ends come from data, and must not wrap around.
#pragma once

#include <cstdint>
#include <limits>

namespace sluice {

[[nodiscard]] constexpr int64_t saturating_add(int64_t a, int64_t b) {
  int64_t sum = 0;
  if (!__builtin_add_overflow(a, b, &sum)) return sum;
  return b < 0 ? std::numeric_limits<int64_t>::min() : std::numeric_limits<int64_t>::max();
}

}  // namespace sluice
