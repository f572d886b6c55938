// distinct: every row once. An aggregate with all columns as keys and nothing to compute. With `over` once per window;
// with `per` one of the rows with the same key: the first by `by`, or by event time. With `keep` the first of those
// that are alike, when none of them came for so long.
#include "lang/operators/keep.h"
#include "lang/operators/operator_util.h"
#include "lang/operators/operators.h"
#include "lang/operators/windows.h"

namespace sluice {

Flow check_distinct(OperatorContext& context, const ast::Step& step, Flow input) {
  using enum ast::ClauseKind;
  if (!check_clauses(context, step, {Per, By, Over, Keep})) return input;
  const auto* by = find_clause(step, By);
  const auto* per = find_clause(step, Per);
  const auto* kept = find_clause(step, Keep);
  if (per != nullptr && (kept == nullptr || by != nullptr)) return check_first_rows(context, step, std::move(input), 1);
  if (by != nullptr && per == nullptr) {
    context.diagnostics()
        .report(diag::E0121, by->keyword_span, "by", "per")
        .with_label("equal rows have no order: say which are alike, for example `distinct per user by ts`");
    return Flow::broken();
  }
  if (const auto* over = find_clause(step, Over)) {
    const auto window = check_window(context, step, *over, input);
    if (!window) return Flow::broken();
    if (!window->is_all && refuse_own_window(context, *window, input)) return Flow::broken();
    if (!window->is_all) input = assign_windows(context, step, *window, std::move(input));
    if (input.is_broken) return Flow::broken();
  }
  for (const auto& field : input.schema.fields) {
    if (per != nullptr || is_scalar(field.type)) continue;
    context.diagnostics().report(
        diag::E0901, step.span,
        fmt::format("`distinct` over the column `{}` of type {}", field.name, field.type.to_string()));
    return input;
  }
  for (const auto& column : all_columns(input, step.span))
    if (per == nullptr && refuse_other_window(context, input, column.expr, step.op.span, column.name))
      return Flow::broken();
  if (kept != nullptr) {
    const auto keep = check_keep(context, step, *kept, input);
    auto keys = per != nullptr ? check_keys(context, input, per->keys) : all_columns(input, step.span);
    if (!keep || !keys) return Flow::broken();
    return first_of_keys(context, step, std::move(*keys), *keep, std::move(input));
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
