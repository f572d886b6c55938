// top N [with ties] by ORDER [per KEYS] [as rank]: the first N rows of each group.
#include "lang/operators/operator_util.h"
#include "lang/operators/operators.h"
#include "lang/operators/windows.h"

namespace sluice {

namespace {

bool wants_ties(OperatorContext& context, const ast::Step& step) {
  const auto* with = find_clause(step, ast::ClauseKind::With);
  if (with == nullptr) return false;
  const ast::Name& word = with->names.front();
  if (word.text != "ties")
    context.diagnostics().report(diag::E0120, word.span, "top", "with " + word.text).with_label("it takes `with ties`");
  return true;
}

}  // namespace

Flow check_top(OperatorContext& context, const ast::Step& step, Flow input) {
  using enum ast::ClauseKind;
  check_clauses(context, step, {With, By, Per, As, Over}, {Emit, Keep});
  std::optional<WindowClause> window;
  if (const auto* over = find_clause(step, Over)) {
    window = check_window(context, step, *over);
    if (!window) return Flow::broken();
    if (!window->is_all) input = assign_windows(context, step, *window, std::move(input));
  }
  const auto count = context.check_count(*step.expr, "top");
  const auto* by = find_clause(step, By);
  const auto* per = find_clause(step, Per);
  const auto* as = find_clause(step, As);
  if (by == nullptr) {
    context.diagnostics()
        .report(diag::E0121, step.op.span, "top", "by")
        .with_label("say what makes a row come first, for example `top 10 by price desc`");
    return input;
  }
  TopNode node;
  node.with_ties = wants_ties(context, step);
  auto orders = check_orders(context, input, by->orders);
  std::optional<std::vector<NamedExpr>> keys = std::vector<NamedExpr>();
  if (per != nullptr) keys = check_keys(context, input, per->keys);
  const bool is_all = window && window->is_all;
  if (keys && window && !is_all && !input.is_broken)
    keys->push_back({window->node.column, Expr::column(window->node.column, Type::window(), window->span)});
  const std::string window_name = keys ? window_column(*keys) : std::string();
  Flow next = input;
  next.rows.is_table = window_name.empty() && !is_all;
  next.rows.key.clear();
  if (as != nullptr) {
    node.rank_column = as->path.parts.back().text;
    if (next.schema.find(node.rank_column) != nullptr) {
      context.diagnostics()
          .report(diag::E0208, as->path.span, node.rank_column)
          .with_label("give the rank another name: `as place`");
      return input;
    }
    next.schema.fields.push_back({node.rank_column, Type(TypeKind::Int)});
    next.origins[node.rank_column] = as->path.span;
  }
  if (!count || !orders || !keys) return input.is_broken ? input : next;
  node.limit = *count;
  node.order = std::move(*orders);
  node.keys = std::move(*keys);
  next = context.add(step, std::move(node), {input.node}, std::move(next));
  return window_name.empty() ? without_time(context, step, next) : timed_by_window(context, step, next, window_name);
}

}  // namespace sluice
