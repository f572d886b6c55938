// syntax_errors: what is wrong where the parser could not go on, and the edit to make.
#pragma once

#include <vector>

#include "lang/syntax/token.h"

namespace sluice::syntax {

// Where the parser stopped: at the last token of `history`, which stands at `position` of the scanner's tokens.
struct ErrorPlace {
  const std::vector<Token>& tokens;
  const std::vector<Token>& history;
  size_t item_begin;                 // in history
  size_t position;                   // in tokens
  const std::vector<int>& expected;  // symbol kinds that could stand there
};

// Reports one diagnostic. Returns whether a `|>` is missing in front of the token, so that parsing can go on with it.
bool explain_syntax_error(const ErrorPlace& place, Diagnostics& diagnostics);

}  // namespace sluice::syntax
