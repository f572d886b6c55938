// take N: the first N rows. With `over` the first N by event time of each window, and of each key with `per`.
#include "lang/operators/kinds.h"
#include "lang/operators/operator_util.h"
#include "lang/operators/operators.h"

namespace sluice {

Flow check_take(OperatorContext& context, const ast::Step& step, Flow input) {
  using enum ast::ClauseKind;
  const bool is_windowed = find_clause(step, Over) != nullptr;
  const bool is_ok =
      is_windowed ? check_clauses(context, step, {Per, Over}) : check_clauses(context, step, {Over}, {Per});
  const auto count = context.check_count(*step.expr, "take");
  if (!count || !is_ok) return input;
  if (is_windowed) return check_first_rows(context, step, std::move(input), *count);
  if (input.rows.is_table &&
      refuse_waiting(context, input, step.op.span, "take", "which rows of a table come first is open while it changes"))
    return Flow::broken();
  return context.add(step, LimitNode{0, count}, {input.node}, input);
}

}  // namespace sluice
