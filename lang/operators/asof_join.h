// asof join INPUT as NAME on KEYS [within D]: each row with the row of the other side that was in force at its time,
// the latest one with the same keys that is not later.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "lang/operators/windows.h"

namespace sluice {

// A checked join, as far as all joins are the same.
struct AsofJoin {
  Flow left;  // both have event time
  Flow right;
  std::vector<NamedExpr> left_keys;
  std::vector<NamedExpr> right_keys;
  std::vector<NamedExpr> right_columns;  // over right columns: what a pair has of its right row
  std::string name;                      // of the record of the other side
  Type record;
  std::map<std::string, std::string> flat;  // field of the record -> right column
  std::optional<int64_t> within;            // microseconds: older rows are not in force any more
  std::string right_time;                   // with `within`: the right column that is the time
};
[[nodiscard]] Flow add_asof_join(OperatorContext& context, const ast::Step& step, AsofJoin join);

}  // namespace sluice
