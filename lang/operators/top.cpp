// top N [with ties] by ORDER [per KEYS] [as rank]: the first N rows of each group.
#include <fmt/format.h>

#include "lang/operators/emit.h"
#include "lang/operators/keep.h"
#include "lang/operators/missing_time.h"
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

// What `over`, `keep` and `per` say: the input with its windows, and the keys; nothing when something was reported.
struct Grouping {
  Flow input;
  std::optional<std::vector<NamedExpr>> keys = std::vector<NamedExpr>();
  std::optional<SessionWindow> session;
  bool is_all = false;         // one window for everything, which ends with the input
  bool shows_changes = false;  // results as they change, instead of the last one of a window
  std::optional<Interval> every;
  [[nodiscard]] bool is_windowed() const { return is_all || session.has_value(); }
};

std::optional<Grouping> check_grouping(OperatorContext& context, const ast::Step& step, Flow input) {
  std::optional<WindowClause> window;
  if (const auto* clause = find_clause(step, ast::ClauseKind::Keep)) {
    const auto keep = check_keep(context, step, *clause, input);
    if (!keep) return std::nullopt;
    window = window_of_keep(*keep, clause->span);
  } else if (const auto* over = find_clause(step, ast::ClauseKind::Over)) {
    window = check_window(context, step, *over, input);
    if (!window) return std::nullopt;
    if (window->session)
      input = timed_for(context, step, *window, std::move(input));
    else if (!window->is_all && refuse_own_window(context, *window, input))
      return std::nullopt;
    else if (!window->is_all)
      input = assign_windows(context, step, *window, std::move(input));
  }
  Grouping grouping;
  grouping.input = std::move(input);
  grouping.is_all = window && window->is_all;
  if (const auto* per = find_clause(step, ast::ClauseKind::Per))
    grouping.keys = check_keys(context, grouping.input, per->keys);
  if (window && window->session && grouping.keys && !grouping.input.is_broken) {
    if (!fits_session(context, step, *window, *grouping.keys, grouping.input.schema)) return std::nullopt;
    grouping.session = window->session;
  } else if (grouping.keys && window && !grouping.is_all && !grouping.input.is_broken) {
    const std::string& column = window->node.column;
    grouping.keys->push_back({column, Expr::column(column, Type::window(), window->span)});
  }
  return grouping;
}

// What `emit` says; false when something was reported.
bool check_results(OperatorContext& context, const ast::Step& step, const Emit& emit, Grouping& grouping) {
  grouping.shows_changes = emit.shows_changes() && !grouping.session;
  if (!grouping.shows_changes)
    return add_end(context, step, emit, grouping.is_windowed(), grouping.input, *grouping.keys);
  if (emit.when != Emit::When::Every) return true;
  grouping.every = interval_of(context, emit, grouping.input);
  return grouping.every.has_value();
}

// The rows that `node` chooses are those of the window's end, if there is one.
Flow add_top(OperatorContext& context, const ast::Step& step, TopNode node, const Grouping& grouping, Flow next) {
  const NodeId input = grouping.input.node;
  const std::string window_name = grouping.session ? grouping.session->column : window_column(node.keys);
  if ((grouping.session || window_name.starts_with('@')) && next.schema.find(window_name) == nullptr)
    next.schema.fields.push_back({window_name, Type::window()});
  if (next.late == nullptr) next.late = grouping.input.late;
  next.rows.is_table = grouping.shows_changes || (window_name.empty() && !grouping.is_all);
  next.windows.clear();
  if (!window_name.empty()) next.windows.insert(window_name);
  node.session = grouping.session;
  node.every = grouping.every;
  next = context.add(step, std::move(node), {input}, std::move(next));
  if (grouping.session && next.late == nullptr && !next.is_broken)
    next.late = late_rows_of_moments(grouping.input, grouping.session->late, next.node);
  if (window_name.empty() || grouping.shows_changes) return without_time(context, step, next);
  next = timed_by_window(context, step, next, window_name);
  return window_name.starts_with('@') ? without_column(context, step, next, window_name) : next;
}

// `first .. keep D` need not wait until its key is forgotten.
Flow check_first_kept(OperatorContext& context, const ast::Step& step, const ast::Clause& clause, const Emit& emit,
                      Flow input) {
  const auto keep = check_keep(context, step, clause, input);
  if (!keep) return Flow::broken();
  std::vector<NamedExpr> keys;
  if (const auto* per = find_clause(step, ast::ClauseKind::Per)) {
    auto checked = check_keys(context, input, per->keys);
    if (!checked) return Flow::broken();
    keys = std::move(*checked);
  }
  if (!add_end(context, step, emit, true, input, keys)) return Flow::broken();
  return first_of_keys(context, step, std::move(keys), *keep, std::move(input));
}

}  // namespace

Flow check_top(OperatorContext& context, const ast::Step& step, Flow input) {
  using enum ast::ClauseKind;
  check_clauses(context, step, {With, By, Per, As, Over, Keep, Emit});
  const auto emit = check_emit(context, step);
  auto grouping = check_grouping(context, step, std::move(input));
  if (!emit || !grouping) return Flow::broken();
  input = grouping->input;
  const auto count = context.check_count(*step.expr, "top");
  const auto* by = find_clause(step, By);
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
  Flow next = input;
  next.rows.is_table = true;
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
  if (!count || !orders || !grouping->keys) return input.is_broken ? input : next;
  node.limit = *count;
  node.order = std::move(*orders);
  if (!check_results(context, step, *emit, *grouping)) return Flow::broken();
  node.keys = std::move(*grouping->keys);
  return add_top(context, step, std::move(node), *grouping, std::move(next));
}

Flow check_by_time(OperatorContext& context, const ast::Step& step, Flow input, bool is_latest) {
  using enum ast::ClauseKind;
  const bool is_ok = check_clauses(context, step, {Per, Over, Keep, Emit}, {By});
  const auto emit = check_emit(context, step);
  if (!is_ok || !emit) return Flow::broken();
  if (input.is_broken) return input;
  if (!input.is_timed) {
    report_no_time(context, step.op.span, step.op.text, input,
                   fmt::format("or say what decides: top 1 by {}{}", time_column(input), is_latest ? " desc" : ""));
    return Flow::broken();
  }
  if (const auto* clause = find_clause(step, Keep); clause != nullptr && !is_latest)
    return check_first_kept(context, step, *clause, *emit, std::move(input));
  auto grouping = check_grouping(context, step, std::move(input));
  if (!grouping || !grouping->keys) return Flow::broken();
  if (!check_results(context, step, *emit, *grouping)) return Flow::broken();
  TopNode node;
  node.limit = 1;
  node.order = {{Expr::column(std::string(kRowTime), Type(TypeKind::Timestamp), step.op.span), is_latest}};
  node.keys = std::move(*grouping->keys);
  Flow next = grouping->input;
  next.rows.key.clear();
  // Several sessions of a key have a row each; a key that is computed is no column of the rows.
  const bool is_unique = !grouping->session && std::ranges::all_of(node.keys, [](const NamedExpr& key) {
    return key.expr.kind == ExprKind::Column;
  });
  if (is_unique)
    for (const auto& key : node.keys) next.rows.key.push_back(key.expr.name);
  return add_top(context, step, std::move(node), *grouping, std::move(next));
}

Flow check_first_rows(OperatorContext& context, const ast::Step& step, Flow input, uint64_t limit) {
  if (input.is_broken) return input;
  auto grouping = check_grouping(context, step, std::move(input));
  if (!grouping || !grouping->keys || grouping->input.is_broken) return Flow::broken();
  TopNode node;
  node.limit = limit;
  if (const auto* by = find_clause(step, ast::ClauseKind::By)) {
    auto orders = check_orders(context, grouping->input, by->orders);
    if (!orders) return Flow::broken();
    node.order = std::move(*orders);
  } else if (grouping->input.is_timed) {
    node.order = {{Expr::column(std::string(kRowTime), Type(TypeKind::Timestamp), step.op.span), false}};
  } else {
    const std::string order = " by " + time_column(grouping->input);
    report_no_time(context, step.op.span, step.op.text, grouping->input,
                   step.op.text == "take" ? fmt::format("or say what decides: top {}{}", limit, order)
                                          : "or say which of them is the first: distinct per ..." + order);
    return Flow::broken();
  }
  node.keys = std::move(*grouping->keys);
  Flow next = grouping->input;
  next.rows.key.clear();
  return add_top(context, step, std::move(node), *grouping, std::move(next));
}

}  // namespace sluice
