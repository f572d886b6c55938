// take N: the first N rows.
#include "lang/operators/kinds.h"
#include "lang/operators/operator_util.h"
#include "lang/operators/operators.h"

namespace sluice {

Flow check_take(OperatorContext& context, const ast::Step& step, Flow input) {
  check_clauses(context, step, {}, {ast::ClauseKind::Per, ast::ClauseKind::Over});
  const auto count = context.check_count(*step.expr, "take");
  if (!count) return input;
  if (input.rows.is_table &&
      refuse_waiting(context, input, step.op.span, "take", "which rows of a table come first is open while it changes"))
    return Flow::broken();
  return context.add(step, LimitNode{0, count}, {input.node}, input);
}

}  // namespace sluice
