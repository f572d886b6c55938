#include "lang/check/locals.h"

namespace sluice {

namespace {

size_t count_uses(const Expr& expr, const std::string& local) {
  size_t uses = 0;
  for_each(expr, [&](const Expr& part) { uses += part.kind == ExprKind::Local && part.name == local ? 1 : 0; });
  return uses;
}

}  // namespace

void replace_local(Expr& expr, const std::string& local, const Expr& value) {
  if (expr.kind == ExprKind::Local && expr.name == local) {
    expr = value;
    return;
  }
  for (auto& arg : expr.args) replace_local(arg, local, value);
}

Expr wrap(Expr value, const Binding& binding) {
  const size_t uses = count_uses(value, binding.name);
  if (uses == 1) replace_local(value, binding.name, binding.value);
  if (uses <= 1) return value;
  return Expr::let(binding.name, binding.value, std::move(value));
}

}  // namespace sluice
