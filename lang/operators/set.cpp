// set COLUMN = VALUE, ...: replaces columns in place; all values are computed from the row before the step.
#include "lang/operators/columns.h"
#include "lang/operators/operator_util.h"
#include "lang/operators/operators.h"

namespace sluice {

Flow check_set(OperatorContext& context, const ast::Step& step, Flow input) {
  check_clauses(context, step, {});
  std::vector<NamedExpr> columns = all_columns(input, step.op.span);
  std::vector<std::string> done;
  for (const auto& column : step.columns) {
    refuse_filter(context, step, column);
    if (column.is_spread || !column.name) {
      context.diagnostics().report(diag::E0209, column.span).with_label("`set` needs `column = value`");
      continue;
    }
    const std::string& name = column.name->text;
    Expr value = context.check_expr(*column.expr, input);
    const auto target = std::ranges::find(columns, name, &NamedExpr::name);
    if (target == columns.end()) {
      if (!input.is_broken) {
        const auto names = input.schema.names();
        context.diagnostics()
            .report(diag::E0201, column.name->span, name, did_you_mean(name, names))
            .with_label(fmt::format("`set` changes a column; to add one: |> extend {} = ...", name))
            .with_note("here you have: " + list_names(names));
      }
    } else if (std::ranges::find(done, name) != done.end()) {
      context.diagnostics().report(diag::E0208, column.name->span, name).with_label("set it once");
    } else {
      done.push_back(name);
      if (value.type.kind == TypeKind::Null) {
        const auto typed = context.convert(value, target->expr.type.as_nullable());
        if (typed) value = *typed;
      }
      target->expr = std::move(value);
    }
  }
  return add_project(context, step, input, std::move(columns));
}

}  // namespace sluice
