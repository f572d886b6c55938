// The column list of select and extend.
#pragma once

#include "lang/operators/operator_util.h"

namespace sluice {

// Checks the columns of `step` over `input` and adds them to `columns`, spreads as their parts.
void add_columns(OperatorContext& context, const ast::Step& step, const Flow& input, ColumnList& columns);

// Reports the `where` of a column: only aggregates take one.
void refuse_filter(OperatorContext& context, const ast::Step& step, const ast::Column& column);

}  // namespace sluice
