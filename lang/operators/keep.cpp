#include "lang/operators/keep.h"
#include "lang/operators/missing_time.h"

#include <algorithm>
#include <utility>

#include "lang/operators/frames.h"
#include "lang/operators/windows.h"
#include "lang/support/saturating.h"

namespace sluice {

std::optional<int64_t> check_keep(OperatorContext& context, const ast::Step& step, const ast::Clause& clause,
                                  const Flow& input) {
  const bool is_frame = step.op.text == "extend";
  if (find_clause(step, ast::ClauseKind::Over) != nullptr && !is_frame) {
    context.diagnostics()
        .report(diag::E0120, clause.keyword_span, step.op.text + " ... over", "keep")
        .with_label("leave it out: what is known of a window is forgotten when it is complete");
    return std::nullopt;
  }
  const auto keep = context.check_duration(*clause.expr, "`keep`", 1);
  if (!keep || input.is_broken) return std::nullopt;
  if (input.is_timed) return keep;
  report_no_time(context, clause.span, "keep", input);
  return std::nullopt;
}

WindowClause window_of_keep(int64_t keep, const Span& span) {
  WindowClause window;
  window.session = SessionWindow{};
  window.session->gap = saturating_add(keep, 1);
  window.session->column = kLifeColumn;
  window.span = span;
  return window;
}

bool fits_session(OperatorContext& context, const ast::Step& step, const WindowClause& window,
                  const std::vector<NamedExpr>& keys, const Schema& columns) {
  const std::string& column = window.session->column;
  if (keys.empty()) {
    const bool is_kept = column == kLifeColumn;
    context.diagnostics()
        .report(diag::E0121, step.op.span, is_kept ? "keep" : "session", "per")
        .with_label(is_kept ? "say what is forgotten: per user" : "say whose sessions: per user");
    return false;
  }
  const bool is_taken =
      std::ranges::find(keys, column, &NamedExpr::name) != keys.end() || columns.find(column) != nullptr;
  if (is_taken)
    context.diagnostics().report(diag::E0208, step.span, column).with_label("`over` makes it a key by itself");
  return !is_taken;
}

Flow first_of_keys(OperatorContext& context, const ast::Step& step, std::vector<NamedExpr> keys, int64_t keep,
                   Flow input) {
  const Span& span = step.span;
  const std::string number = "@number";
  FrameNode node;
  node.keys = std::move(keys);
  node.order = {{Expr::column(std::string(kRowTime), Type(TypeKind::Timestamp), span)}};
  node.keep = keep;
  node.number_column = number;
  input.rows = {};
  Flow numbered = add_frame(context, step, std::move(node), input);
  if (numbered.is_broken) return numbered;
  const Type integer(TypeKind::Int);
  Expr is_first =
      Expr::make_op(ExprOp::Eq, {Expr::column(number, integer, span), Expr::literal(int64_t{1}, integer, span)},
                    Type(TypeKind::Bool), span);
  Flow first = context.add(added_at(step), FilterNode{std::move(is_first)}, {numbered.node}, numbered);
  std::vector<NamedExpr> columns;
  for (const auto& field : input.schema.fields)
    columns.push_back({field.name, Expr::column(field.name, field.type, span)});
  Flow next = projected(first, columns, step);
  next.gone = input.gone;
  next.origins = input.origins;
  next.present = input.present;
  return context.add(added_at(step), ProjectNode{std::move(columns)}, {first.node}, std::move(next));
}

}  // namespace sluice
