// rename NEW = OLD, ...: gives columns other names, in place.
#include <map>

#include "lang/operators/columns.h"
#include "lang/operators/operator_util.h"
#include "lang/operators/operators.h"

namespace sluice {

Flow check_rename(OperatorContext& context, const ast::Step& step, Flow input) {
  check_clauses(context, step, {});
  std::vector<NamedExpr> columns = all_columns(input, step.op.span);
  const std::vector<NamedExpr> before = columns;
  std::map<std::string, Span> new_names;
  for (const auto& column : step.columns) {
    refuse_filter(context, step, column);
    const auto* old_name = column.expr == nullptr ? nullptr : std::get_if<ast::NameExpr>(&column.expr->node);
    if (!column.name || old_name == nullptr) {
      context.diagnostics().report(diag::E0209, column.span).with_label("`rename` needs `new_name = old_name`");
      continue;
    }
    const auto it = std::ranges::find(before, old_name->name.text, &NamedExpr::name);
    if (it == before.end()) {
      report_no_column(context.diagnostics(), input, old_name->name.text, old_name->name.span);
    } else {
      columns[static_cast<size_t>(it - before.begin())].name = column.name->text;
      new_names[column.name->text] = column.name->span;
    }
  }
  ColumnList renamed(context);
  for (auto& column : columns) renamed.add(column.name, std::move(column.expr), new_names[column.name]);
  return add_project(context, step, input, std::move(renamed.columns()));
}

}  // namespace sluice
