// skip N: all rows but the first N.
#include "lang/operators/kinds.h"
#include "lang/operators/operator_util.h"
#include "lang/operators/operators.h"

namespace sluice {

Flow check_skip(OperatorContext& context, const ast::Step& step, Flow input) {
  check_clauses(context, step, {}, {ast::ClauseKind::Per, ast::ClauseKind::Over});
  const auto count = context.check_count(*step.expr, "skip");
  if (!count) return input;
  if (input.rows.is_table &&
      refuse_waiting(context, input, step.op.span, "skip", "which rows of a table come first is open while it changes"))
    return Flow::broken();
  return context.add(step, LimitNode{*count, std::nullopt}, {input.node}, input);
}

}  // namespace sluice
