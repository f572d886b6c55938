// TokenStream: gives every token its meaning by what stands before it: which words are keywords, which operator
// follows `|>`, which `+` is a quantifier, which `|` begins a row of a test table. See docs/language.md, "Lexical
// rules".
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lang/syntax/token.h"

namespace sluice::syntax {

// The kinds a token can have behind `|>`, by the operator's shape; OP_USER when there is no such operator.
[[nodiscard]] Parser::token_kind_type operator_kind(std::string_view name);

// How a kind of token is named in `show --stage tokens`: `name`, `int`, a keyword or a sign itself.
[[nodiscard]] std::string kind_name(Parser::token_kind_type kind);

// Whether nothing that could be an operand may follow, so that a soft word behind it is a keyword.
[[nodiscard]] bool ends_operand(Parser::token_kind_type kind);

class TokenStream {
 public:
  explicit TokenStream(const std::vector<Token>& tokens) : tokens_(tokens) {}

  // The next token with its final kind; END again and again at the end.
  [[nodiscard]] Token next();
  // Index of the token that next() looks at, in the scanner's list. One classified token may stand for two (`not in`).
  [[nodiscard]] size_t position() const { return at_; }
  // Goes (back or forth) to a token, as if something that ends an item stood before it.
  void go_to(size_t position);
  // Whether the token that next() gave last stands behind a unary minus.
  [[nodiscard]] bool is_negated() const { return previous_[1] == Kind::MINUS && !ends_operand(previous_[2]); }
  // Lets a `|>` that is missing in the source come next.
  void insert_pipe();
  // Whether the token at this index is a word that starts an item, as far as that can be seen without context.
  [[nodiscard]] bool looks_like_item(size_t position) const;

 private:
  // What stands in parentheses of a `match` pattern.
  enum class PatternParen : uint8_t { Group, Condition };

  Token classify(Token token);
  Parser::token_kind_type word(const Token& token) const;
  Parser::token_kind_type after_pipe(const Token& token) const;
  Parser::token_kind_type bar(const Token& token);
  bool can_start(const Token& token) const;
  bool starts_type(const Token& token) const;
  bool in_pattern() const;
  void follow_pattern(Parser::token_kind_type kind);
  const Token& peek(size_t distance = 1) const { return tokens_[std::min(at_ + distance, tokens_.size() - 1)]; }

  const std::vector<Token>& tokens_;
  size_t at_ = 0;
  bool has_inserted_pipe_ = false;
  // The kinds before the current token, nearest first; next() puts the token it gives in front.
  std::vector<Parser::token_kind_type> previous_ = {Kind::END, Kind::END, Kind::END};
  bool is_adjacent_ = false;  // nothing stands between the current token and the one before it
  uint32_t row_line_ = 0;     // the line of the test row that is open; 0: none
  bool is_in_match_ = false;
  std::vector<PatternParen> pattern_parens_;
};

}  // namespace sluice::syntax
