// drop NAMES: takes columns away.
#include "lang/operators/operator_util.h"
#include "lang/operators/operators.h"

namespace sluice {

Flow check_drop(OperatorContext& context, const ast::Step& step, Flow input) {
  check_clauses(context, step, {});
  std::vector<NamedExpr> columns = all_columns(input, step.op.span);
  for (const auto& name : step.names) {
    if (std::erase_if(columns, [&](const NamedExpr& column) { return column.name == name.text; }) == 0)
      report_no_column(context.diagnostics(), input, name.text, name.span);
  }
  if (columns.empty() && !input.is_broken && !input.schema.fields.empty()) {
    context.diagnostics().report(diag::E0215, step.span).with_label("keep at least one");
    return Flow::broken();
  }
  return add_project(context, step, input, std::move(columns));
}

}  // namespace sluice
