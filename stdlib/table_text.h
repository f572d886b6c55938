// Reads the signatures in functions.def and connectors.def: "(text: string, n: int = 3) -> [string]?".
// The tables are ours, so a text that does not parse is a broken invariant, not an error.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lang/graph/expr.h"
#include "lang/types/type.h"

namespace sluice {

struct TableParam {
  std::string name;
  Type type;
  std::optional<LiteralValue> default_value;
};
struct TableSignature {
  std::vector<TableParam> params;
  Type result;
};

[[nodiscard]] TableSignature parse_table_signature(std::string_view text);
[[nodiscard]] std::vector<TableParam> parse_table_params(std::string_view text);  // without parentheses
[[nodiscard]] Type parse_table_type(std::string_view text);

}  // namespace sluice
