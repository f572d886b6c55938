// sort by KEYS: all rows in order; ties are broken by the remaining columns. Endless rows can be sorted by their event
// time alone: each waits until the watermark has passed it, which is what a frame without columns of its own does.
#include <fmt/format.h>

#include "lang/operators/frames.h"
#include "lang/operators/kinds.h"
#include "lang/operators/operator_util.h"
#include "lang/operators/operators.h"

namespace sluice {

namespace {

bool is_hidden_time(const NamedExpr& column) { return column.name == kRowTime; }

// Has this column of the rows their event time, under this name? Looks up the graph to where they got it.
bool is_event_time(const FlowGraph& graph, NodeId at, std::string name) {
  while (true) {
    const Node& node = graph.nodes[at];
    if (const auto* time = node.as<TimeNode>())
      return time->time && time->time->kind == ExprKind::Column && time->time->name == name;
    if (const auto* project = node.as<ProjectNode>()) {
      const auto time = std::ranges::find_if(project->columns, is_hidden_time);
      const bool passes_time =
          time != project->columns.end() && time->expr.kind == ExprKind::Column && time->expr.name == kRowTime;
      const auto column = std::ranges::find(project->columns, name, &NamedExpr::name);
      if (!passes_time || column == project->columns.end() || column->expr.kind != ExprKind::Column) return false;
      name = column->expr.name;
    } else if (node.kind() != NodeKind::Filter && node.kind() != NodeKind::Limit) {
      return false;
    }
    at = node.inputs[0];
  }
}

// The name of the column that has the event time of the rows; empty when there is none.
std::string time_column(OperatorContext& context, const Flow& input) {
  if (!input.is_timed) return {};
  for (const auto& field : input.schema.fields)
    if (field.type == Type(TypeKind::Timestamp) && is_event_time(context.graph(), input.node, field.name))
      return field.name;
  return {};
}

void report_endless(OperatorContext& context, const ast::Step& step, const Flow& input, const std::string& time) {
  const std::string order = text_of(context.sources(), find_clause(step, ast::ClauseKind::By)->span);
  const std::string by_time = time.empty() ? std::string() : fmt::format("; by time only: `sort by {}`", time);
  auto& report = context.diagnostics().report(diag::E0405, step.op.span);
  if (input.rows.is_table)
    report.with_label(
        fmt::format("`top 100 {} per window`, behind a window for {}", order, table_maker_text(context, input)));
  else
    report.with_label(fmt::format("per window: `top 100 {} over tumble(1min)`{}", order, by_time));
}

}  // namespace

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
  if (!orders || input.is_broken) return input;
  if (!is_endless(context, input)) return context.add(step, SortNode{std::move(*orders)}, {input.node}, input);
  const std::string time = time_column(context, input);
  const OrderKey& first = orders->front();
  const bool is_by_time =
      orders->size() == 1 && !first.descending && first.expr.kind == ExprKind::Column && first.expr.name == time;
  if (is_by_time) return sorted_by_time(context, step, input);
  report_endless(context, step, input, time);
  return Flow::broken();
}

}  // namespace sluice
