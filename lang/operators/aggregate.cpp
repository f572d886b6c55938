// aggregate COLUMNS [per KEYS]: one row per group, the keys first. A column may be any expression over aggregate calls
// and keys; what is more than a plain call is computed by a project node behind the aggregate. `over` adds the window
// as the last key. With `keep` a group is over when no row has come for so long: a session whose window nobody sees.
// Sets of keys (key_sets.h) are an aggregate each.
#include <algorithm>

#include "lang/operators/emit.h"
#include "lang/operators/keep.h"
#include "lang/operators/key_sets.h"
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
    if (call.is_distinct || call.can_merge()) continue;  // distinct values are counted anew
    context.diagnostics()
        .report(diag::E0501, call.span, call.function, is_kept ? "with `keep`" : "in a session window")
        .with_help(fmt::format("a late row can join two {}, so states must combine; add to `agg {}`: merge o {{ ... }}",
                               is_kept ? "groups of a key" : "sessions", call.function));
    return false;
  }
  return true;
}

bool is_plain_call(const NamedExpr& column) {
  return column.expr.kind == ExprKind::Column && column.expr.name == column.name;
}

bool has_bounds(const WindowClause& window) { return window.rows == 0 && !window.is_all; }

// What `over` and `per` say, and the rows that are grouped.
struct Grouping {
  std::optional<WindowClause> window;
  Flow input;
  Flow before;  // the rows before they were put into windows
  KeySets keys;
  std::optional<SessionWindow> session;
  bool replaces_window = false;  // the rows had a column `window` of their own
  bool shows_changes = false;    // results as they change, instead of the last one of a window
  std::optional<Interval> every;
};

bool add_window_key(OperatorContext& context, const ast::Step& step, Grouping& grouping) {
  const WindowClause& window = *grouping.window;
  grouping.session = window.session;
  if (window.session && !grouping.keys.is_one()) {
    const bool is_kept = window.session->column == kLifeColumn;
    context.diagnostics().report(diag::E0901, window.span,
                                 fmt::format("{} of several sets of keys", is_kept ? "`keep`" : "sessions"));
    return false;
  }
  if (window.session) return fits_session(context, step, window, grouping.keys.keys, {});
  const std::string& column = window.node.column;
  if (std::ranges::find(grouping.keys.keys, column, &NamedExpr::name) != grouping.keys.keys.end()) {
    context.diagnostics().report(diag::E0208, step.span, column).with_label("`over` makes it a key by itself");
    return false;
  }
  grouping.keys.add_to_all({column, Expr::column(column, Type::window(), window.span)});
  return true;
}

// The rows in their windows, if `over` or `keep` says so; false when something was reported.
bool check_windows(OperatorContext& context, const ast::Step& step, Grouping& grouping) {
  if (const auto* clause = find_clause(step, ast::ClauseKind::Keep)) {
    const auto keep = check_keep(context, step, *clause, grouping.input);
    if (keep) grouping.window = window_of_keep(*keep, clause->span);
    return keep.has_value();
  }
  const auto* over = find_clause(step, ast::ClauseKind::Over);
  if (over == nullptr) return true;
  grouping.window = check_window(context, step, *over, grouping.input);
  if (!grouping.window) return false;
  WindowClause& window = *grouping.window;
  if (has_bounds(window)) grouping.input = timed_for(context, step, window, std::move(grouping.input));
  window.is_wall = false;  // which the rows know now
  grouping.before = grouping.input;
  if (!has_bounds(window) || window.session) return true;
  // The rows' own windows may go, as all columns do that nothing is made of; anything else by that name is lost.
  const Field* own = grouping.input.schema.find(window.node.column);
  if (own != nullptr && !own->type.is_window && refuse_own_window(context, window, grouping.input)) return false;
  grouping.replaces_window = own != nullptr;
  grouping.input = assign_windows(context, step, window, std::move(grouping.input));
  return true;
}

// Does a key or an argument read the column that `over` has put in the place of the rows' own? Then it is reported.
bool reads_replaced_window(OperatorContext& context, const Grouping& grouping,
                           const std::vector<AggregateCall>& calls) {
  if (!grouping.replaces_window) return false;
  const std::string& column = grouping.window->node.column;
  const auto is_read = [&](const Expr& expr) {
    std::vector<std::string> columns;
    collect_columns(expr, columns);
    return std::ranges::find(columns, column) != columns.end();
  };
  for (const auto& key : grouping.keys.keys) {
    if (key.name == column || !is_read(key.expr)) continue;
    report_own_window(context, key.expr.span, column);
    return true;
  }
  for (const auto& call : calls) {
    const bool is_argument = std::ranges::any_of(call.args, [&](const NamedExpr& arg) { return is_read(arg.expr); });
    const bool is_step =
        std::ranges::any_of(call.states, [&](const AggregateState& state) { return is_read(state.step); });
    if (!is_argument && !is_step && !(call.filter && is_read(*call.filter))) continue;
    report_own_window(context, call.span, column);
    return true;
  }
  return false;
}

// What `emit` says; false when something was reported.
bool check_results(OperatorContext& context, const ast::Step& step, Grouping& grouping) {
  const auto emit = check_emit(context, step);
  if (!emit) return false;
  std::vector<NamedExpr> keys = grouping.keys.keys;
  grouping.shows_changes = emit->shows_changes();
  if (grouping.shows_changes && grouping.window && grouping.window->session && grouping.window->session->max != 0) {
    context.diagnostics().report(diag::E0901, emit->span, "results before the end of sessions with `max`");
    return false;
  }
  const bool counts_off = grouping.window && grouping.window->rows != 0;
  if (grouping.shows_changes && counts_off && (emit->when == Emit::When::Every || grouping.input.rows.is_table)) {
    const std::string_view what =
        emit->when == Emit::When::Every ? "`emit every(...)` over `count`" : "`emit changes` over `count` of a table";
    context.diagnostics().report(diag::E0901, emit->span, what);
    return false;
  }
  if (grouping.shows_changes && emit->when == Emit::When::Every) {
    grouping.every = interval_of(context, *emit, grouping.input);
    if (!grouping.every) return false;
  }
  if (grouping.shows_changes) return true;
  if (!add_end(context, step, *emit, grouping.window.has_value(), grouping.input, keys)) return false;
  if (keys.size() == grouping.keys.keys.size()) return true;
  if (!grouping.keys.is_one()) {
    const Span& span = find_clause(step, ast::ClauseKind::Emit)->span;
    context.diagnostics().report(diag::E0901, span, "`emit final` of several sets of keys");
    return false;
  }
  grouping.keys.add_to_all(keys.back());
  return true;
}

std::optional<Grouping> check_grouping(OperatorContext& context, const ast::Step& step, Flow input) {
  Grouping grouping;
  grouping.input = std::move(input);
  if (!check_windows(context, step, grouping)) return std::nullopt;
  auto keys = check_key_sets(context, grouping.input, find_clause(step, ast::ClauseKind::Per));
  if (!keys) return std::nullopt;
  grouping.keys = std::move(*keys);
  if (!check_results(context, step, grouping)) return std::nullopt;
  if (grouping.window && has_bounds(*grouping.window) && !grouping.input.is_broken &&
      !add_window_key(context, step, grouping))
    return std::nullopt;
  return grouping;
}

// The rows for each set of keys. Windows that overlap are shared by panes only where one step reads them; late rows
// count once.
std::vector<Flow> inputs_of_sets(OperatorContext& context, const ast::Step& step, const Grouping& grouping) {
  std::vector<Flow> inputs(grouping.keys.sets.size(), grouping.input);
  const bool overlaps =
      grouping.window && has_bounds(*grouping.window) && grouping.window->node.kind != WindowKind::Tumble;
  if (!overlaps) return inputs;
  WindowClause window = *grouping.window;
  window.node.counts_late = false;
  for (size_t i = 1; i < inputs.size(); ++i) inputs[i] = assign_windows(context, step, window, grouping.before);
  return inputs;
}

// The rows of the groups: keys and calls, as `grouped` describes them.
Flow add_groups(OperatorContext& context, const ast::Step& step, AggregateNode node, const Grouping& grouping,
                Flow grouped) {
  if (!grouping.keys.is_one())
    return add_key_sets(context, step, node, grouping.keys, inputs_of_sets(context, step, grouping),
                        std::move(grouped));
  node.keys = grouping.keys.keys;
  grouped = context.add(step, std::move(node), {grouping.input.node}, std::move(grouped));
  if (grouping.session && grouped.late == nullptr && !grouped.is_broken)
    grouped.late = late_rows_of_moments(grouping.input, grouping.session->late, grouped.node);
  return grouped;
}

bool can_be_counted_off(OperatorContext& context, const Grouping& grouping, const std::vector<AggregateCall>& calls) {
  if (window_key(grouping.keys.keys)) {
    context.diagnostics().report(diag::E0901, grouping.window->span, "`count` per window");
    return false;
  }
  const auto distinct = std::ranges::find_if(calls, &AggregateCall::is_distinct);
  if (distinct == calls.end()) return true;
  context.diagnostics().report(diag::E0901, distinct->span, fmt::format("`{}` over `count`", distinct->function));
  return false;
}

}  // namespace

Flow check_aggregate(OperatorContext& context, const ast::Step& step, Flow input) {
  using enum ast::ClauseKind;
  check_clauses(context, step, {Per, Over, Keep, Emit});
  auto checked = check_grouping(context, step, std::move(input));
  if (!checked) return Flow::broken();
  const Grouping& grouping = *checked;
  AggregateNode node;
  node.session = grouping.session;
  if (grouping.window) node.window_rows = grouping.window->rows;
  node.every = grouping.every;
  // Groups of a window are final when it ends: a stream.
  const std::string window_name = node.session ? node.session->column : window_column(grouping.keys.keys);
  std::vector<NamedExpr> outputs = grouping.keys.keys;
  if (node.session)
    outputs.push_back(
        {node.session->column, Expr::column(node.session->column, Type::window(), grouping.window->span)});
  Flow keys = with_missing_keys(grouping.keys, keys_flow(grouping.input, outputs, step));
  keys.rows.is_table = (window_name.empty() && !grouping.window) || grouping.shows_changes;
  keys.windows.clear();
  if (!window_name.empty()) keys.windows.insert(window_name);
  if (node.window_rows != 0) keys.rows.key.clear();  // a row for each so many of a key
  ColumnList columns(context);
  for (const auto& key : outputs)
    columns.add(key.name, Expr::column(key.name, keys.schema.find(key.name)->type, key.expr.span), key.expr.span);
  for (const auto& column : step.columns) {
    if (column.is_spread) {
      context.diagnostics().report(diag::E0507, column.span, "...").with_label("name the aggregates");
      continue;
    }
    const auto name = name_or_report(context, column.name, *column.expr);
    if (!name) continue;
    AggregateInput rows{&grouping.input, &keys, !grouping.keys.has_empty()};
    Expr value = context.check_aggregate_column(column, *name, rows, node.calls);
    columns.add(*name, std::move(value), column.name ? column.name->span : column.span);
  }
  Flow next = keys;
  for (const auto& column : columns.columns()) {
    if (next.schema.find(column.name) != nullptr) continue;
    next.schema.fields.push_back({column.name, column.expr.type});
    next.origins[column.name] = column.expr.span;
    std::erase_if(next.gone, [&](const GoneColumn& gone) { return gone.name == column.name; });
  }
  if (reads_replaced_window(context, grouping, node.calls)) return Flow::broken();
  if (node.session && !fits_sessions(context, node)) return Flow::broken();
  if (node.window_rows != 0 && !can_be_counted_off(context, grouping, node.calls)) return Flow::broken();
  const auto begin =
      columns.columns().begin() + static_cast<std::ptrdiff_t>(std::min(outputs.size(), columns.columns().size()));
  const bool is_plain = std::all_of(begin, columns.columns().end(), is_plain_call) &&
                        columns.columns().size() == outputs.size() + node.calls.size();
  const auto timed = [&](Flow flow) {
    if (window_name.empty()) return flow;
    if (!grouping.shows_changes) flow = timed_by_window(context, step, flow, window_name);
    return window_name.starts_with('@') ? without_column(context, step, flow, window_name) : flow;
  };
  Flow grouped = is_plain ? next : keys;
  if (!is_plain)
    for (const auto& call : node.calls) grouped.schema.fields.push_back({call.name, call.finish.type});
  grouped = add_groups(context, step, std::move(node), grouping, std::move(grouped));
  if (is_plain) return timed(std::move(grouped));
  next.late = grouped.late;
  return timed(context.add(step, ProjectNode{std::move(columns.columns())}, {grouped.node}, std::move(next)));
}

}  // namespace sluice
