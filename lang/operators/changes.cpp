// changes: the rows of a table as they come (1) and go (-1), as rows of a stream with the column `change`.
#include "lang/operators/operator_util.h"
#include "lang/operators/operators.h"
#include "lang/operators/windows.h"

namespace sluice {

Flow check_changes(OperatorContext& context, const ast::Step& step, Flow input) {
  if (!check_clauses(context, step, {}) || input.is_broken) return input;
  const std::string column = "change";
  if (!input.rows.is_table) {
    context.diagnostics().report(diag::E0417, step.op.span).with_label("leave it out");
    return input;
  }
  if (input.schema.find(column) != nullptr) {
    context.diagnostics()
        .report(diag::E0208, step.op.span, column)
        .with_label("`changes` adds a column of that name: rename yours above, |> rename other = change");
    return Flow::broken();
  }
  Flow next = without_time(context, step, input);
  const NodeId table = next.node;
  next.schema.fields.push_back({column, Type(TypeKind::Int)});
  next.origins[column] = step.op.span;
  std::erase_if(next.gone, [&](const GoneColumn& gone) { return gone.name == column; });
  next.rows = {};
  return context.add(step, ChangesNode{column}, {table}, std::move(next));
}

}  // namespace sluice
