#include "lang/graph/time_order.h"

#include <variant>

namespace sluice {

void split_conjunction(const Expr& condition, std::vector<const Expr*>& parts) {
  if (!condition.is_op(ExprOp::And)) return parts.push_back(&condition);
  for (const auto& arg : condition.args) split_conjunction(arg, parts);
}

std::optional<TimeOrder> time_order_of(const Expr& condition) {
  const bool is_le = condition.is_op(ExprOp::Le) || condition.is_op(ExprOp::Lt);
  const bool is_ge = condition.is_op(ExprOp::Ge) || condition.is_op(ExprOp::Gt);
  if (!is_le && !is_ge) return std::nullopt;
  const Expr& less = condition.args[is_le ? 0 : 1];
  const Expr& more = condition.args[is_le ? 1 : 0];
  if (less.type.kind == TypeKind::Timestamp) return TimeOrder{&less, &more};
  // a - b <= 5s
  const auto* distance = more.is_literal() ? std::get_if<int64_t>(&more.value) : nullptr;
  if (!less.is_op(ExprOp::Sub) || less.args[0].type.kind != TypeKind::Timestamp || distance == nullptr)
    return std::nullopt;
  return TimeOrder{&less.args[0], &less.args[1], *distance};
}

}  // namespace sluice
