// token_gaps: the white space between two tokens of formatted source, and where a long line may break.
#pragma once

#include <cstdint>
#include <optional>

#include "lang/syntax/token.h"

namespace sluice::syntax {

struct TokenGap {
  bool is_space = false;
  // Set where a line may break; a lower level breaks first: 0 clauses, 1 commas, 2 logic, 3 sums, 4 products.
  std::optional<uint8_t> level = {};
};

// Between `left` and `right`, where `before` is the kind of token in front of `left` (END at the start).
[[nodiscard]] TokenGap gap_between(Parser::token_kind_type before, const Token& left, const Token& right);

}  // namespace sluice::syntax
