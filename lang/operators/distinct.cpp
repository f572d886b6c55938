// distinct [keep D]: every row once. An aggregate with all columns as keys and nothing to compute; with `keep` the
// first of equal rows.
#include "lang/operators/keep.h"
#include "lang/operators/operator_util.h"
#include "lang/operators/operators.h"
#include "lang/operators/windows.h"

namespace sluice {

Flow check_distinct(OperatorContext& context, const ast::Step& step, Flow input) {
  using enum ast::ClauseKind;
  if (!check_clauses(context, step, {Keep}, {Per, By, Over})) return input;
  for (const auto& field : input.schema.fields) {
    if (is_scalar(field.type)) continue;
    context.diagnostics().report(
        diag::E0901, step.span,
        fmt::format("`distinct` over the column `{}` of type {}", field.name, field.type.to_string()));
    return input;
  }
  if (const auto* clause = find_clause(step, Keep)) {
    const auto keep = check_keep(context, step, *clause, input);
    if (!keep) return Flow::broken();
    auto keys = all_columns(input, step.span);
    return first_of_keys(context, step, std::move(keys), *keep, std::move(input));
  }
  AggregateNode node;
  node.keys = all_columns(input, step.span);
  Flow next = projected(input, node.keys, step);
  next.is_timed = false;
  const std::string window = window_column(node.keys);
  next = context.add(step, std::move(node), {input.node}, std::move(next));
  return window.empty() ? next : timed_by_window(context, step, next, window);
}

}  // namespace sluice
