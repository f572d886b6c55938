// Narrowing: which nullable values a condition proves to be there. A place is a column or a local, or a field of one,
// written as one text that no two places share.
#pragma once

#include <optional>
#include <set>
#include <string>

#include "lang/graph/expr.h"

namespace sluice {

using Places = std::set<std::string>;

// The place an expression reads, looking through Require and Some; nothing for a computed value.
[[nodiscard]] std::optional<std::string> place_of(const Expr& expr);
[[nodiscard]] std::string column_place(const std::string& column);
// Is `place` the column itself or a field below it?
[[nodiscard]] bool is_below_column(const std::string& place, const std::string& column);

// Adds the places that are not null whenever `condition` has come out as `outcome`.
void add_present(const Expr& condition, bool outcome, Places& places);
// Adds the places that are not null whenever `value` is not null.
void add_present_in(const Expr& value, Places& places);

// The expression as T when its place is known to be present, otherwise unchanged.
[[nodiscard]] Expr narrowed(Expr expr, const Places& places);

}  // namespace sluice
