// literals: from the text of a literal token to its value. What cannot be a value is reported here.
#pragma once

#include <string>
#include <string_view>

#include "lang/syntax/token.h"

namespace sluice::syntax {

// INT, FLOAT, DECIMAL or DURATION, by the letters that follow the digits (an unknown unit is a DURATION).
[[nodiscard]] Parser::token_kind_type number_kind(std::string_view text);

// The value of an INT, FLOAT, DECIMAL, DURATION, INSTANT or STRING token. On an error, which is reported, the literal
// still has its kind and text. `is_negated`: a unary minus stands in front of it; then 9223372036854775808, which is no
// int itself, is the smallest one.
[[nodiscard]] ast::Literal decode_literal(const Token& token, bool is_negated, Diagnostics& diagnostics);

// The contents of an FSTR_TEXT token.
[[nodiscard]] std::string decode_fstring_text(const Token& token, Diagnostics& diagnostics);

}  // namespace sluice::syntax
