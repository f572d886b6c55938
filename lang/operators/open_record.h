// open_record: takes a record apart in an expression, so that its fields can be columns. For joins, whose other side is
// one record to the program and columns to the graph.
#pragma once

#include <functional>
#include <string>

#include "lang/graph/expr.h"

namespace sluice {

// The expression with `record`, a column, and its fields replaced by what `field` gives for them by name.
[[nodiscard]] Expr open_record(Expr expr, const std::string& record,
                               const std::function<Expr(const std::string&)>& field);

}  // namespace sluice
