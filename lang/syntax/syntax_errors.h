// syntax_errors: what is wrong where the parser could not go on, and the edit to make.
#pragma once

#include <optional>
#include <vector>

#include "lang/syntax/token.h"
#include "lang/syntax/token_stream.h"

namespace sluice::syntax {

// Where the parser stopped: at the last token of `history`, which stands at `position` of the scanner's tokens.
struct ErrorPlace {
  const TokenStream& stream;
  const std::vector<Token>& tokens;
  const std::vector<Token>& history;
  size_t item_begin;                   // in history
  size_t position;                     // in tokens
  const std::vector<int>& expected;    // symbol kinds that could stand there
  std::optional<uint32_t> step_depth;  // brackets around the pipeline that the token stands in; nothing: in no pipeline
};

// Where parsing goes on.
struct ErrorAdvice {
  size_t position;          // in tokens: what comes before it is given up
  bool lacks_pipe = false;  // a `|>` is missing in front of it: go on as if it stood there
};

// Reports one diagnostic.
ErrorAdvice explain_syntax_error(const ErrorPlace& place, Diagnostics& diagnostics);

}  // namespace sluice::syntax
