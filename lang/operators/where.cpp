// where CONDITION: keeps the rows for which the condition holds. `x is not null` narrows x for the later steps.
#include "lang/operators/narrowing.h"
#include "lang/operators/operator_util.h"
#include "lang/operators/operators.h"

namespace sluice {

Flow check_where(OperatorContext& context, const ast::Step& step, Flow input) {
  check_clauses(context, step, {});
  Expr condition = context.check_condition(*step.expr, input, "where");
  if (condition.type.is_error()) return input;
  Flow next = input;
  add_present(condition, true, next.present);
  return context.add(step, FilterNode{std::move(condition)}, {input.node}, std::move(next));
}

}  // namespace sluice
