// explain_diff: how the explanations of two programs differ, line by line.
#pragma once

#include <string>
#include <string_view>

namespace sluice {

// Lines of `before` alone with `- `, of `after` alone with `+ `, and those of both around them with two blanks; empty
// when there is no difference. Ids, line numbers and the width of columns are none: they move with every line that is
// added above them.
[[nodiscard]] std::string explain_diff(std::string_view before, std::string_view after);

}  // namespace sluice
