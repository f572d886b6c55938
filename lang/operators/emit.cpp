#include "lang/operators/emit.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "lang/operators/missing_time.h"
#include "lang/operators/time_bounds.h"
#include "lang/operators/windows.h"
#include "lang/support/saturating.h"

namespace sluice {

namespace {

const Type kTimestamp(TypeKind::Timestamp);

// The key that says until when rows of its group come, and how much later than it they may be.
struct EndKey {
  const NamedExpr* key;
  int64_t distance;
};

std::optional<EndKey> find_end(const FlowGraph& graph, const Flow& input, const std::vector<NamedExpr>& keys) {
  if (!input.is_timed) return std::nullopt;
  const TimeBounds bounds = TimeBounds::of(graph, input.node);
  std::optional<EndKey> best;
  for (const auto& key : keys) {
    const auto name = key.expr.type == kTimestamp ? column_or_field(key.expr) : std::nullopt;
    const auto distance = name ? bounds.distance(std::string(kRowTime), *name) : std::nullopt;
    if (distance && (!best || *distance < best->distance)) best = {&key, *distance};
  }
  return best;
}

// From the key's time to the moment behind the last one at which a row may come; it ends with time itself.
Expr window_until(const EndKey& end, const Span& span) {
  const int64_t more = saturating_add(std::max<int64_t>(end.distance, 0), 1);
  const Expr& time = end.key->expr;
  constexpr int64_t kEnd = std::numeric_limits<int64_t>::max();
  Expr is_last =
      Expr::make_op(ExprOp::Ge, {time, Expr::literal(kEnd - more, kTimestamp, span)}, Type(TypeKind::Bool), span);
  Expr later =
      Expr::make_op(ExprOp::Add, {time, Expr::literal(more, Type(TypeKind::Duration), span)}, kTimestamp, span);
  Expr until = Expr::if_else(std::move(is_last), Expr::literal(kEnd, kTimestamp, span), std::move(later), span);
  std::vector<Expr> fields;
  fields.push_back(time);
  fields.push_back(std::move(until));
  return Expr::record(std::move(fields), Type::window(), span);
}

void report_endless_groups(OperatorContext& context, const ast::Step& step) {
  context.diagnostics()
      .report(diag::E0421, find_clause(step, ast::ClauseKind::Emit)->span)
      .with_label("rows of a group may come at any time")
      .with_help("results of windows are final: over tumble(1h)")
      .with_help(
          "or let a key say until when rows come: per id, expires behind |> where ts <= expires, or behind a join "
          "on b.ts in ts..expires");
}

// How far the watermark is behind the latest of these rows. Those of windows come in order.
int64_t delay_of(const FlowGraph& graph, NodeId id) {
  std::vector<int64_t> delays;  // inputs come before their users
  for (size_t i = 0; i <= id.value; ++i) {
    const Node& node = graph.nodes[NodeId(i)];
    const auto* time = node.as<TimeNode>();
    int64_t delay = time == nullptr ? 0 : time->delay;
    if (time == nullptr && !is_blocking(node))
      for (const NodeId input : node.inputs) delay = std::max(delay, delays[input.value]);
    delays.push_back(delay);
  }
  return delays.back();
}

}  // namespace

std::optional<Interval> interval_of(OperatorContext& context, const Emit& emit, const Flow& input) {
  if (input.is_broken) return std::nullopt;
  if (input.is_timed) return Interval{emit.length, delay_of(context.graph(), input.node)};
  report_no_time(context, emit.span, "every", input);
  return std::nullopt;
}

std::optional<Emit> check_emit(OperatorContext& context, const ast::Step& step) {
  const auto* clause = find_clause(step, ast::ClauseKind::Emit);
  if (clause == nullptr) return Emit{};
  const auto* name = std::get_if<ast::NameExpr>(&clause->expr->node);
  if (name != nullptr && name->name.text == "final") return Emit{Emit::When::Final, 0, clause->span};
  if (name != nullptr && name->name.text == "changes") return Emit{Emit::When::Changes, 0, clause->span};
  const auto* call = std::get_if<ast::Call>(&clause->expr->node);
  const auto* callee = call == nullptr ? nullptr : std::get_if<ast::NameExpr>(&call->callee->node);
  const bool is_every = callee != nullptr && callee->name.text == "every";
  if (is_every && call->args.size() == 1 && !call->args[0].name) {
    const auto length = context.check_duration(*call->args[0].value, "`every`", 1);
    return length ? std::optional(Emit{Emit::When::Every, *length, clause->span}) : std::nullopt;
  }
  context.diagnostics()
      .report(diag::E0420, clause->expr->span)
      .with_label(is_every ? "say how often: `emit every(10s)`"
                           : "write `emit final`: each result once, when it is complete");
  return std::nullopt;
}

bool add_end(OperatorContext& context, const ast::Step& step, const Emit& emit, bool is_windowed, Flow& input,
             std::vector<NamedExpr>& keys) {
  const bool is_final = is_windowed || window_key(keys);
  if (emit.when == Emit::When::Every) {
    context.diagnostics().report(diag::E0901, emit.span, fmt::format("`{}` with `emit every(...)`", step.op.text));
    return false;
  }
  if (emit.when == Emit::When::Changes && is_final) {
    context.diagnostics().report(diag::E0901, emit.span, "`emit changes` of results that are final by themselves");
    return false;
  }
  if (emit.when != Emit::When::Final || is_final) return true;
  if (input.is_broken) return false;
  const auto end = find_end(context.graph(), input, keys);
  if (!end) {
    report_endless_groups(context, step);
    return false;
  }
  const std::string column = "@end";
  Expr until = window_until(*end, step.span);
  input = without_late_rows(context, step, std::move(input));
  std::vector<NamedExpr> columns = all_columns(input, step.span);
  columns.push_back({column, std::move(until)});
  Flow next = projected(input, columns, step);
  next.gone = input.gone;
  input = context.add(added_at(step), ProjectNode{std::move(columns)}, {input.node}, std::move(next));
  keys.push_back({column, Expr::column(column, Type::window(), step.span)});
  return !input.is_broken;
}

}  // namespace sluice
