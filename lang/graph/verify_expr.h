// verify_expr: the type rules of expressions in a FlowGraph, as checking establishes and code generation relies on.
#pragma once

#include <string>
#include <vector>

#include "lang/graph/expr.h"
#include "lang/support/result.h"

namespace sluice {

// What an expression may name.
struct ExprScope {
  const Schema* columns = nullptr;  // none: no column
  std::vector<Field> locals;
  bool any_local = false;  // other locals are what they say that they are
};

[[nodiscard]] Status verify_expr(const Expr& expr, const ExprScope& scope);

}  // namespace sluice
