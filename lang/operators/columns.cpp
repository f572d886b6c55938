#include "lang/operators/columns.h"

namespace sluice {

namespace {

void add_spread(OperatorContext& context, const ast::Column& column, const Flow& input, ColumnList& columns) {
  if (column.expr == nullptr) {
    for (auto& each : all_columns(input, column.span)) columns.add(each.name, std::move(each.expr), column.span);
    return;
  }
  const Expr record = context.check_expr(*column.expr, input);
  if (record.type.is_error()) return;
  if (record.type.kind != TypeKind::Record || record.type.nullable) {
    context.diagnostics()
        .report(diag::E0306, column.expr->span, "...", "records", record.type.to_string())
        .with_label("only a record has fields to spread");
    return;
  }
  for (const auto& field : record.type.fields)
    columns.add(field.name, Expr::field(record, field.name, field.type, column.span), column.span);
}

}  // namespace

void refuse_filter(OperatorContext& context, const ast::Step& step, const ast::Column& column) {
  if (column.where == nullptr) return;
  context.diagnostics()
      .report(diag::E0120, column.where->span, step.op.text, "where")
      .with_label("only aggregates are computed over some of the rows; filter in a step of its own: |> where ...");
}

void add_columns(OperatorContext& context, const ast::Step& step, const Flow& input, ColumnList& columns) {
  for (const auto& column : step.columns) {
    refuse_filter(context, step, column);
    if (column.is_spread) {
      add_spread(context, column, input, columns);
      continue;
    }
    Expr value = context.check_expr(*column.expr, input);
    const auto name = name_or_report(context, column.name, *column.expr);
    if (!name) continue;
    if (value.type.kind == TypeKind::Null) {
      context.diagnostics().report(diag::E0316, column.expr->span).with_label("for example `if true then null else 0`");
      value.type = Type(TypeKind::Error);
    }
    columns.add(*name, std::move(value), column.name ? column.name->span : column.span);
  }
}

}  // namespace sluice
