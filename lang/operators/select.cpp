// select COLUMNS: the row becomes exactly these columns. `...` stands for all columns, `...r` for the fields of r.
#include "lang/operators/columns.h"
#include "lang/operators/operator_util.h"
#include "lang/operators/operators.h"

namespace sluice {

Flow check_select(OperatorContext& context, const ast::Step& step, Flow input) {
  check_clauses(context, step, {}, {ast::ClauseKind::Per, ast::ClauseKind::Over});
  ColumnList columns(context);
  add_columns(context, step, input, columns);
  return add_project(context, step, input, std::move(columns.columns()));
}

}  // namespace sluice
