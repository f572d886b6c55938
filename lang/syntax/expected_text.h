// expected_text: what could stand at a place, as a person would list it.
#pragma once

#include <string>
#include <vector>

#include "lang/syntax/token.h"

namespace sluice::syntax {

// The symbols (Parser::symbol_kind) that the parser could go on with, as words: "a value", "`,` or `)`".
[[nodiscard]] std::string expected_text(const std::vector<int>& expected);

// The token itself: "`limit`", "the end of the file".
[[nodiscard]] std::string found_text(const Token& token);

}  // namespace sluice::syntax
