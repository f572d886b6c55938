// aggregate COLUMNS [per KEYS]: one row per group, the keys first. A column may be any expression over aggregate calls
// and keys; what is more than a plain call is computed by a project node behind the aggregate. `over` adds the window
// as the last key. With `keep` a group is over when no row has come for so long: a session whose window nobody sees.
#include <algorithm>

#include "lang/operators/emit.h"
#include "lang/operators/keep.h"
#include "lang/operators/operator_util.h"
#include "lang/operators/operators.h"
#include "lang/operators/windows.h"

namespace sluice {

namespace {

// What the columns of the step may read besides aggregate calls: the keys, as they come out of the step.
Flow keys_flow(const Flow& input, const std::vector<NamedExpr>& keys, const ast::Step& step) {
  Flow flow = projected(input, keys, step);
  flow.is_timed = false;
  flow.rows.is_table = true;
  flow.rows.key.clear();
  for (const auto& key : keys) flow.rows.key.push_back(key.name);
  return flow;
}

// A row can join two sessions to one, so their states must combine.
bool fits_sessions(OperatorContext& context, const AggregateNode& node) {
  const bool is_kept = node.session->column == kLifeColumn;
  for (const auto& call : node.calls) {
    if (call.is_distinct) {
      context.diagnostics().report(diag::E0901, call.span,
                                   fmt::format("`{}` {}", call.function, is_kept ? "with `keep`" : "over sessions"));
      return false;
    }
    if (call.can_merge()) continue;
    context.diagnostics()
        .report(diag::E0501, call.span, call.function)
        .with_help(fmt::format("a late row can join two {}, so states must combine; add to `agg {}`: merge o {{ ... }}",
                               is_kept ? "groups of a key" : "sessions", call.function));
    return false;
  }
  return true;
}

bool can_be_counted_off(OperatorContext& context, const AggregateNode& node, const Span& window) {
  if (window_key(node.keys)) {
    context.diagnostics().report(diag::E0901, window, "`count` per window");
    return false;
  }
  const auto distinct = std::ranges::find_if(node.calls, &AggregateCall::is_distinct);
  if (distinct == node.calls.end()) return true;
  context.diagnostics().report(diag::E0901, distinct->span, fmt::format("`{}` over `count`", distinct->function));
  return false;
}

bool is_plain_call(const NamedExpr& column) {
  return column.expr.kind == ExprKind::Column && column.expr.name == column.name;
}

}  // namespace

Flow check_aggregate(OperatorContext& context, const ast::Step& step, Flow input) {
  using enum ast::ClauseKind;
  check_clauses(context, step, {Per, Over, Keep, Emit});
  const auto emit = check_emit(context, step);
  std::optional<WindowClause> window;
  if (const auto* clause = find_clause(step, Keep)) {
    const auto keep = check_keep(context, step, *clause, input);
    if (!keep) return Flow::broken();
    window = window_of_keep(*keep, clause->span);
  } else if (const auto* over = find_clause(step, Over)) {
    window = check_window(context, step, *over, input);
    if (!window) return Flow::broken();
    if (window->session)
      input = timed_for(context, step, *window, std::move(input));
    else if (window->rows == 0 && !window->is_all)
      input = assign_windows(context, step, *window, std::move(input));
  }
  AggregateNode node;
  if (const auto* per = find_clause(step, Per)) {
    auto keys = check_keys(context, input, per->keys);
    if (!keys) return Flow::broken();
    node.keys = std::move(*keys);
  }
  // Results of windows as they change, instead of the last one.
  const bool is_of_time = (window && !window->session && window->rows == 0 && !window->is_all) || window_key(node.keys);
  const bool shows_changes = emit == Emit::Changes && is_of_time;
  if (!emit || (!shows_changes && !add_end(context, step, *emit, window.has_value(), input, node.keys)))
    return Flow::broken();
  if (window) node.window_rows = window->rows;
  const bool has_bounds = window && window->rows == 0 && !window->is_all;
  if (has_bounds && !input.is_broken) {
    if (window->session && !fits_session(context, step, *window, node.keys, {})) return Flow::broken();
    const std::string& column = window->node.column;
    if (!window->session && std::ranges::find(node.keys, column, &NamedExpr::name) != node.keys.end()) {
      context.diagnostics().report(diag::E0208, step.span, column).with_label("`over` makes it a key by itself");
      return Flow::broken();
    }
    if (!window->session) node.keys.push_back({column, Expr::column(column, Type::window(), window->span)});
    node.session = window->session;
  }
  // Groups of a window are final when it ends: a stream.
  const std::string window_name = node.session ? node.session->column : window_column(node.keys);
  std::vector<NamedExpr> outputs = node.keys;
  if (node.session)
    outputs.push_back({node.session->column, Expr::column(node.session->column, Type::window(), window->span)});
  Flow keys = keys_flow(input, outputs, step);
  keys.rows.is_table = (window_name.empty() && !window) || shows_changes;
  ColumnList columns(context);
  for (const auto& key : outputs)
    columns.add(key.name, Expr::column(key.name, key.expr.type, key.expr.span), key.expr.span);
  for (const auto& column : step.columns) {
    if (column.is_spread) {
      context.diagnostics().report(diag::E0507, column.span, "...").with_label("name the aggregates");
      continue;
    }
    const auto name = name_or_report(context, column.name, *column.expr);
    if (!name) continue;
    Expr value = context.check_aggregate_column(column, *name, input, keys, node.calls);
    columns.add(*name, std::move(value), column.name ? column.name->span : column.span);
  }
  Flow next = keys;
  for (const auto& column : columns.columns()) {
    if (next.schema.find(column.name) != nullptr) continue;
    next.schema.fields.push_back({column.name, column.expr.type});
    next.origins[column.name] = column.expr.span;
    std::erase_if(next.gone, [&](const GoneColumn& gone) { return gone.name == column.name; });
  }
  if (node.session && !fits_sessions(context, node)) return Flow::broken();
  if (node.window_rows != 0 && !can_be_counted_off(context, node, window->span)) return Flow::broken();
  const size_t key_count = outputs.size();
  const auto begin =
      columns.columns().begin() + static_cast<std::ptrdiff_t>(std::min(key_count, columns.columns().size()));
  const bool is_plain = std::all_of(begin, columns.columns().end(), is_plain_call) &&
                        columns.columns().size() == key_count + node.calls.size();
  const auto timed = [&](Flow flow) {
    if (window_name.empty() || shows_changes) return flow;
    flow = timed_by_window(context, step, flow, window_name);
    return window_name.starts_with('@') ? without_column(context, step, flow, window_name) : flow;
  };
  const auto session = node.session;
  Flow grouped = is_plain ? next : keys;
  if (!is_plain)
    for (const auto& call : node.calls) grouped.schema.fields.push_back({call.name, call.finish.type});
  grouped = context.add(step, std::move(node), {input.node}, std::move(grouped));
  if (session && grouped.late == nullptr && !grouped.is_broken)
    grouped.late = late_rows_of_moments(input, session->late, grouped.node);
  if (is_plain) return timed(std::move(grouped));
  next.late = grouped.late;
  return timed(context.add(step, ProjectNode{std::move(columns.columns())}, {grouped.node}, std::move(next)));
}

}  // namespace sluice
