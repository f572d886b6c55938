// Regular expressions as the functions of Flow understand them, while programs are checked and while they run.
#pragma once

#include <re2/re2.h>

#include <memory>
#include <optional>
#include <string_view>

#include "lang/check/function_catalog.h"

namespace sluice {

// ok() says whether it is one.
[[nodiscard]] std::unique_ptr<re2::RE2> compile_regex(std::string_view pattern);

// What is wrong with the arguments of a function that takes a `pattern`, and maybe a `group` of it or a `new` text with
// references to groups, as far as they are known.
[[nodiscard]] std::optional<ArgumentFault> check_regex(const FunctionOverload& overload, const ConstantArgs& args);

}  // namespace sluice
