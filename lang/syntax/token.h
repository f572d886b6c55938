// Token: what the scanner finds and the token stream classifies. Kinds are Bison's (grammar.yy).
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "lang/source/diagnostics.h"
#include "lang/source/source_file.h"
#include "lang/syntax/ast.h"
#include "lang/syntax/grammar.h"

namespace sluice::syntax {

using Kind = Parser::token;

struct Token {
  Parser::token_kind_type kind = Kind::END;
  Span span;
  std::string_view text;          // as written, in the source file's buffer; empty for tokens that nobody wrote
  uint32_t depth = 0;             // brackets open before it (an opening and its closing bracket have the same depth)
  bool is_quoted = false;         // a name in backquotes
  bool is_first_on_line = false;  // nothing but blanks stands before it on its line
};

struct ScanResult {
  std::vector<Token> tokens;  // words are all NAME, `|` is all BAR; ends in END
  std::vector<ast::Comment> comments;
  std::vector<Span> errors;  // where something was reported, in source order
  bool is_too_deep = false;  // brackets beyond kMaxDepth; the tokens end there
};

// Splits a file into tokens without looking at their context; reports what cannot be a token.
[[nodiscard]] ScanResult scan(const SourceFile& source, uint32_t file, Diagnostics& diagnostics);

}  // namespace sluice::syntax
