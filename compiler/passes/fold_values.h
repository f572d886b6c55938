// fold_values: what an operation on literals gives.
#pragma once

#include <optional>

#include "lang/graph/expr.h"

namespace sluice::passes {

// The value of an operation whose arguments are all literals and not null; nothing when it would be a row error, or
// when only the runtime knows its exact result (how a float prints, say).
[[nodiscard]] std::optional<LiteralValue> fold_literals(const Expr& expr);

}  // namespace sluice::passes
