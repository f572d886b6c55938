// What a condition says about the order of two timestamps.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "lang/graph/expr.h"

namespace sluice {

// The parts of `a and b and c`.
void split_conjunction(const Expr& condition, std::vector<const Expr*>& parts);

// earlier - distance <= later
struct TimeOrder {
  const Expr* earlier;
  const Expr* later;
  int64_t distance = 0;
};
// Of `a <= b`, `a - b <= 5s` and the like; nothing of other conditions.
[[nodiscard]] std::optional<TimeOrder> time_order_of(const Expr& condition);

}  // namespace sluice
