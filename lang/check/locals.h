// Locals of expressions: replacing them, and binding a value around an expression only where that saves something.
#pragma once

#include <string>

#include "lang/graph/expr.h"

namespace sluice {

struct Binding {
  std::string name;
  Expr value;
};

void replace_local(Expr& expr, const std::string& local, const Expr& value);

// `value` with the local bound: unchanged when it is not used, with the value in its place when it is used once.
[[nodiscard]] Expr wrap(Expr value, const Binding& binding);

}  // namespace sluice
