// extend COLUMNS [per KEYS] [by ORDER] [over rows(n) | over last(d)]: the columns may be any expressions over the row,
// aggregates of its frame, and looks at the rows before and behind it. The order is that of `by`, and everything waits
// for the end of the input; without it that of event time, and a row waits until the watermark has passed its time.
#include "lang/operators/frames.h"

#include <limits>

#include "lang/operators/keep.h"
#include "lang/operators/kinds.h"
#include "lang/operators/missing_time.h"
#include "lang/operators/operator_util.h"
#include "lang/operators/windows.h"

namespace sluice {

namespace {

const Type kTimestamp(TypeKind::Timestamp);

// The order of the rows; nothing when it was reported.
std::optional<std::vector<OrderKey>> order_of(OperatorContext& context, const ast::Step& step, const Flow& input) {
  if (const auto* by = find_clause(step, ast::ClauseKind::By)) {
    const std::string help = input.is_timed ? "leave it out: rows are looked at in the order of event time"
                                            : "give the rows event time, whose order is known as they come";
    if (refuse_waiting(context, input, by->span, fmt::format("{} by", step.op.text), help)) return std::nullopt;
    return check_orders(context, input, by->orders);
  }
  if (input.is_timed) return std::vector<OrderKey>{{Expr::column(std::string(kRowTime), kTimestamp, step.op.span)}};
  report_no_time(context, step.op.span, step.op.text, input, "or say which row comes first: by " + time_column(input))
      .with_note("what is computed over the rows before a row depends on their order");
  return std::nullopt;
}

bool fits_order(OperatorContext& context, const FrameNode& node, const Span& span) {
  if (node.last == 0) return true;
  if (node.order.size() == 1 && !node.order[0].descending && node.order[0].expr.type == kTimestamp) return true;
  context.diagnostics()
      .report(diag::E0304, span, "`last`", "rows in the order of one timestamp",
              node.order.size() == 1 ? node.order[0].expr.type.to_string() + (node.order[0].descending ? " desc" : "")
                                     : "of several values")
      .with_label("write `by ts`, or count the rows: over rows(10)");
  return false;
}

// Keys, order and frame; false when something was reported.
bool check_frame_of(OperatorContext& context, const ast::Step& step, const Flow& input, FrameNode& node) {
  if (const auto* per = find_clause(step, ast::ClauseKind::Per)) {
    auto keys = check_keys(context, input, per->keys);
    if (!keys) return false;
    node.keys = std::move(*keys);
  }
  auto order = order_of(context, step, input);
  if (!order) return false;
  node.order = std::move(*order);
  const auto* over = find_clause(step, ast::ClauseKind::Over);
  if (over == nullptr) return true;
  const auto frame = check_frame(context, step, *over);
  if (!frame) return false;
  node.rows = frame->rows;
  node.last = frame->last;
  return fits_order(context, node, frame->span);
}

// All columns of the step's rows: those of the input and the new ones; nothing when something was reported.
std::optional<std::vector<NamedExpr>> check_frame_columns(OperatorContext& context, const ast::Step& step,
                                                          const Flow& input, FrameNode& node) {
  ColumnList columns(context);
  for (auto& column : all_columns(input, step.op.span)) columns.add(column.name, std::move(column.expr), step.op.span);
  bool is_fine = true;
  for (const auto& column : step.columns) {
    if (column.is_spread) {
      context.diagnostics().report(diag::E0901, column.span, "`...` among columns that look at other rows");
      return std::nullopt;
    }
    const auto name = name_or_report(context, column.name, *column.expr);
    if (!name) return std::nullopt;
    Expr value = columns.has(*name) ? Expr() : context.check_frame_column(column, *name, input, node);
    is_fine = is_fine && !value.type.is_error();
    is_fine = columns.add(*name, std::move(value), column.name ? column.name->span : column.span) && is_fine;
  }
  if (!is_fine) return std::nullopt;
  return std::move(columns.columns());
}

bool looks_at_rows(OperatorContext& context, const ast::Step& step, const FrameNode& node) {
  if (!made_columns(node).empty()) return true;
  const auto& clause = step.clauses.front();
  context.diagnostics()
      .report(diag::E0120, clause.span, step.op.text, clause_word(clause.kind))
      .with_label("only columns that look at other rows need it, such as sum(x) or lag(x)");
  return false;
}

// The time of a row stays; it comes in the order of time now, and is late nowhere below.
void add_time(std::vector<NamedExpr>& columns, const Span& span) {
  columns.push_back({std::string(kRowTime), Expr::column(std::string(kRowTime), kTimestamp, span)});
  columns.push_back({std::string(kRowMark), Expr::literal(std::numeric_limits<int64_t>::min(), kTimestamp, span)});
}

}  // namespace

Flow add_frame(OperatorContext& context, const ast::Step& step, FrameNode node, const Flow& input) {
  const bool stays_timed = follows_time(node) && node.leads.empty();
  const bool may_be_late = follows_time(node);
  Flow framed = input;
  framed.is_timed = false;
  for (auto& field : made_columns(node)) framed.schema.fields.push_back(std::move(field));
  const Flow visible = framed;
  if (stays_timed) framed.schema.fields.push_back({std::string(kRowTime), kTimestamp});
  framed = context.add(step, std::move(node), {input.node}, std::move(framed));
  if (framed.is_broken) return framed;
  if (may_be_late && framed.late == nullptr) framed.late = late_rows_of_moments(input, 0, framed.node);
  if (!stays_timed) return framed;
  std::vector<NamedExpr> columns;  // as they are: what is known not to be null is used by the step's own columns
  for (const auto& field : visible.schema.fields)
    columns.push_back({field.name, Expr::column(field.name, field.type, step.span)});
  add_time(columns, step.span);
  Flow timed = visible;
  timed.is_timed = true;
  timed.late = framed.late;
  return context.add(added_at(step), ProjectNode{std::move(columns)}, {framed.node}, std::move(timed));
}

namespace {

bool check_keep_of(OperatorContext& context, const ast::Step& step, const Flow& input, FrameNode& node) {
  const auto* clause = find_clause(step, ast::ClauseKind::Keep);
  if (clause == nullptr) return true;
  if (find_clause(step, ast::ClauseKind::By) != nullptr) {
    context.diagnostics()
        .report(diag::E0120, clause->keyword_span, step.op.text + " ... by", "keep")
        .with_label("with `by` all rows wait for the end of the input; without it they come in the order of time");
    return false;
  }
  const auto keep = check_keep(context, step, *clause, input);
  node.keep = keep.value_or(0);
  return keep.has_value();
}

// What looks at the rows behind a row, as a node of its own.
FrameNode split_leads(FrameNode& node) {
  FrameNode behind;
  behind.keys = node.keys;
  behind.order = node.order;
  behind.leads = std::move(node.leads);
  node.leads.clear();
  return behind;
}

}  // namespace

Flow check_frames(OperatorContext& context, const ast::Step& step, Flow input) {
  using enum ast::ClauseKind;
  if (!check_clauses(context, step, {Per, By, Over, Keep}) || input.is_broken) return Flow::broken();
  FrameNode node;
  if (!check_keep_of(context, step, input, node) || !check_frame_of(context, step, input, node)) return Flow::broken();
  auto columns = check_frame_columns(context, step, input, node);
  if (!columns || !looks_at_rows(context, step, node)) return Flow::broken();
  Flow next = projected(input, *columns, step);
  FrameNode behind = split_leads(node);
  // A row with `lead` waits for the next one of its key, however far event time has come.
  if (!behind.leads.empty() && follows_time(behind)) next.windows.clear();
  if (!behind.leads.empty() && node.keep != 0) {
    context.diagnostics().report(diag::E0901, find_clause(step, Keep)->span, "`lead` with `keep`");
    return Flow::broken();
  }
  Flow framed = input;
  if (!made_columns(node).empty()) framed = add_frame(context, step, std::move(node), framed);
  if (!behind.leads.empty() && !framed.is_broken) framed = add_frame(context, step, std::move(behind), framed);
  if (framed.is_broken) return framed;
  next.is_timed = framed.is_timed;
  next.late = framed.late;
  return context.add(added_at(step), ProjectNode{std::move(*columns)}, {framed.node}, std::move(next));
}

Flow sorted_by_time(OperatorContext& context, const ast::Step& step, const Flow& input) {
  FrameNode node;
  node.order.push_back({Expr::column(std::string(kRowTime), kTimestamp, step.op.span)});
  return add_frame(context, step, std::move(node), input);
}

}  // namespace sluice
