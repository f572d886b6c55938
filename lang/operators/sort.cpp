// sort by KEYS: all rows in order; ties are broken by the remaining columns.
#include "lang/operators/operator_util.h"
#include "lang/operators/operators.h"

namespace sluice {

Flow check_sort(OperatorContext& context, const ast::Step& step, Flow input) {
  check_clauses(context, step, {ast::ClauseKind::By}, {ast::ClauseKind::Over});
  const auto* by = find_clause(step, ast::ClauseKind::By);
  if (by == nullptr) {
    context.diagnostics()
        .report(diag::E0121, step.op.span, "sort", "by")
        .with_label("for example `sort by price desc`");
    return input;
  }
  auto orders = check_orders(context, input, by->orders);
  if (!orders) return input;
  return context.add(step, SortNode{std::move(*orders)}, {input.node}, input);
}

}  // namespace sluice
