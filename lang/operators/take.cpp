// take N: the first N rows.
#include "lang/operators/operator_util.h"
#include "lang/operators/operators.h"

namespace sluice {

Flow check_take(OperatorContext& context, const ast::Step& step, Flow input) {
  check_clauses(context, step, {}, {ast::ClauseKind::Per, ast::ClauseKind::Over});
  const auto count = context.check_count(*step.expr, "take");
  if (!count) return input;
  return context.add(step, LimitNode{0, count}, {input.node}, input);
}

}  // namespace sluice
