// parse: source text to AST; the only face of Flex and Bison. Syntax errors are reported with what could stand there
// and parsing resynchronises (at `|>`, then at an item word in column 1) to report the rest.
#pragma once

#include <string>
#include <vector>

#include "lang/source/diagnostics.h"
#include "lang/syntax/ast.h"

namespace sluice {

// Parses file `file` of `sources`. Whether the program is usable: !diagnostics.has_errors().
[[nodiscard]] ast::Program parse(const SourceMap& sources, uint32_t file, Diagnostics& diagnostics);

// One token as the grammar sees it, for `sluice show --stage tokens`.
struct TokenText {
  Span span;
  std::string kind;
  std::string text;
};
[[nodiscard]] std::vector<TokenText> tokenize(const SourceMap& sources, uint32_t file, Diagnostics& diagnostics);

}  // namespace sluice
