// extend COLUMNS: adds columns behind those of the row. A name that exists is refused: `set` replaces. With `per`,
// `by`, `over` or `keep` the columns may look at other rows: frames.cpp.
#include "lang/operators/columns.h"
#include "lang/operators/frames.h"
#include "lang/operators/operator_util.h"
#include "lang/operators/operators.h"

namespace sluice {

Flow check_extend(OperatorContext& context, const ast::Step& step, Flow input) {
  using enum ast::ClauseKind;
  for (const auto kind : {Per, By, Over, Keep})
    if (find_clause(step, kind) != nullptr) return check_frames(context, step, std::move(input));
  if (!check_clauses(context, step, {})) return Flow::broken();
  ColumnList columns(context);
  for (auto& column : all_columns(input, step.op.span)) columns.add(column.name, std::move(column.expr), step.op.span);
  add_columns(context, step, input, columns);
  return add_project(context, step, input, std::move(columns.columns()));
}

}  // namespace sluice
