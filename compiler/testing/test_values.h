// Values of tests in their two forms: JSON, as sources read and sinks write them, and the text of Flow.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "lang/graph/expr.h"

namespace sluice {

using Json = nlohmann::ordered_json;

// Of a constant: a literal, or lists and records of constants.
[[nodiscard]] Json json_of(const Expr& constant);
// As a program would write it: "hot" in quotes, @10:00:05, 5min, null.
[[nodiscard]] std::string flow_text(const Json& value, const Type& type);

}  // namespace sluice
