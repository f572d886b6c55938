#include "lang/syntax/token_stream.h"

#include <unordered_map>

#include "lang/syntax/operator_words.h"

namespace sluice::syntax {

namespace {

using TokenKind = Parser::token_kind_type;

enum class WordClass : uint8_t { Reserved, Soft };
enum class WordStart : uint8_t { None, Item, Name, Brace, Text, Value };

struct Keyword {
  TokenKind kind;
  WordClass word_class;
  WordStart start;
};

const std::unordered_map<std::string_view, Keyword>& keywords() {
  static const std::unordered_map<std::string_view, Keyword> table = {
#define KEYWORD(text, token, word_class, start) {text, {Kind::token, WordClass::word_class, WordStart::start}},
#include "lang/syntax/keywords.def"
#undef KEYWORD
  };
  return table;
}

const Keyword* find_keyword(const Token& token) {
  if (token.is_quoted) return nullptr;
  const auto found = keywords().find(token.text);
  return found == keywords().end() ? nullptr : &found->second;
}

TokenKind kind_of_shape(OperatorShape shape) {
  switch (shape) {
    case OperatorShape::Condition:
      return Kind::OP_CONDITION;
    case OperatorShape::Columns:
      return Kind::OP_COLUMNS;
    case OperatorShape::Names:
      return Kind::OP_NAMES;
    case OperatorShape::Binding:
      return Kind::OP_BINDING;
    case OperatorShape::Clauses:
      return Kind::OP_CLAUSES;
    case OperatorShape::Value:
      return Kind::OP_VALUE;
    case OperatorShape::Input:
      return Kind::OP_INPUT;
    case OperatorShape::Inputs:
      return Kind::OP_INPUTS;
    case OperatorShape::Pattern:
      return Kind::OP_PATTERN;
    case OperatorShape::Process:
      return Kind::OP_PROCESS;
    case OperatorShape::Block:
      return Kind::OP_BLOCK;
  }
  return Kind::OP_USER;
}

// Whether `next` stands right behind `token`.
bool touches(const Token& token, const Token& next) { return token.span.end == next.span.begin; }

}  // namespace

TokenKind operator_kind(std::string_view name) {
  const auto shape = operator_shape(name);
  return shape ? kind_of_shape(*shape) : Kind::OP_USER;
}

std::string kind_name(TokenKind kind) {
  return Parser::symbol_name(static_cast<Parser::symbol_kind_type>(Parser::by_kind(kind).kind()));
}

bool ends_operand(TokenKind kind) {
  switch (kind) {
    case Kind::NAME:
    case Kind::INT:
    case Kind::FLOAT:
    case Kind::DECIMAL:
    case Kind::STRING:
    case Kind::DURATION:
    case Kind::INSTANT:
    case Kind::TRUE:
    case Kind::FALSE:
    case Kind::NULL_:
    case Kind::FSTR_END:
    case Kind::RPAREN:
    case Kind::RBRACK:
    case Kind::RBRACE:
    case Kind::QUESTION:
    case Kind::QPLUS:
    case Kind::QSTAR:
    case Kind::QOPT:
    case Kind::ROW_END:
    case Kind::OP_CLAUSES:
    case Kind::OP_USER:
    case Kind::ASC:
    case Kind::DESC:
    case Kind::ANNOT:
    case Kind::NONE:
    case Kind::CHANGES:
      return true;
    default:
      return false;  // Bison's token kinds are no closed set of ours
  }
}

Token TokenStream::next() {
  if (has_inserted_pipe_) {
    has_inserted_pipe_ = false;
    Token pipe = tokens_[at_];
    pipe.kind = Kind::PIPE;
    pipe.text = {};
    pipe.span.end = pipe.span.begin;
    previous_ = {Kind::PIPE, previous_[0], previous_[1]};
    is_in_match_ = false;
    return pipe;
  }
  is_adjacent_ = at_ > 0 && touches(tokens_[at_ - 1], tokens_[at_]);
  Token token = classify(tokens_[at_]);
  follow_pattern(token.kind);
  previous_ = {token.kind, previous_[0], previous_[1]};
  if (at_ + 1 < tokens_.size()) ++at_;
  return token;
}

void TokenStream::go_to(size_t position) {
  at_ = position;
  previous_ = {Kind::RBRACE, Kind::END, Kind::END};
  is_in_match_ = false;
  row_line_ = 0;
}

void TokenStream::insert_pipe() { has_inserted_pipe_ = true; }

bool TokenStream::looks_like_item(size_t position) const {
  const Token& token = tokens_[position];
  const Keyword* keyword = token.kind == Kind::NAME ? find_keyword(token) : nullptr;
  if (keyword == nullptr) return false;
  const Token& after = tokens_[std::min(position + 1, tokens_.size() - 1)];
  if (keyword->start == WordStart::Item)
    return after.kind == Kind::NAME ||
           (keyword->kind == Kind::FROM && (after.kind == Kind::LBRACK || after.kind == Kind::LPAREN));
  if (keyword->kind == Kind::CONFIG) return after.kind == Kind::LBRACE;
  return keyword->kind == Kind::TEST && after.kind == Kind::STRING;
}

Token TokenStream::classify(Token token) {
  if (row_line_ != token.span.begin.line) row_line_ = 0;
  if (token.kind == Kind::BAR)
    token.kind = bar(token);
  else if (token.kind == Kind::NAME) {
    token.kind = word(token);
    // `not in` and `is not` are one token each.
    const Keyword* after = peek().kind == Kind::NAME ? find_keyword(peek()) : nullptr;
    const bool is_not_in = token.kind == Kind::NOT && after && after->kind == Kind::IN && ends_operand(previous_[0]);
    if (is_not_in || (token.kind == Kind::IS && after && after->kind == Kind::NOT)) {
      token.kind = is_not_in ? Kind::NOT_IN : Kind::IS_NOT;
      token.span.end = peek().span.end;
      ++at_;
    }
  } else if (in_pattern()) {
    if (token.kind == Kind::PLUS)
      token.kind = Kind::QPLUS;
    else if (token.kind == Kind::STAR)
      token.kind = Kind::QSTAR;
    else if (token.kind == Kind::QUESTION)
      token.kind = Kind::QOPT;
  }
  return token;
}

TokenKind TokenStream::word(const Token& token) const {
  if (previous_[0] == Kind::PIPE) return after_pipe(token);
  if (token.is_quoted) return Kind::NAME;
  if (previous_[0] == Kind::JOIN_KIND) return operator_kind(token.text);
  if (token.text == "stream" || token.text == "table") {
    if (!starts_type(token)) return Kind::NAME;
    return token.text == "stream" ? Kind::STREAM : Kind::TABLE;
  }
  const Keyword* keyword = find_keyword(token);
  if (keyword == nullptr) return Kind::NAME;
  if (keyword->word_class == WordClass::Reserved) return keyword->kind;
  // `else ->`, an arm of `match`, is the one keyword that follows a comma.
  if (keyword->kind == Kind::ELSE && peek().kind == Kind::ARROW) return Kind::ELSE;
  // `...` may have an operand, but then nothing stands between the two.
  if (ends_operand(previous_[0]) || (previous_[0] == Kind::ELLIPSIS && !is_adjacent_)) return keyword->kind;
  const bool is_at_start = previous_[0] == Kind::END || previous_[0] == Kind::LBRACE;
  return is_at_start && can_start(token) ? keyword->kind : Kind::NAME;
}

TokenKind TokenStream::after_pipe(const Token& token) const {
  if (token.is_quoted) return Kind::OP_USER;
  if (is_join_kind(token.text) && peek().kind == Kind::NAME && peek().text == "join") return Kind::JOIN_KIND;
  const TokenKind kind = operator_kind(token.text);
  if (kind != Kind::OP_USER) return kind;
  const Keyword* keyword = find_keyword(token);
  return keyword && keyword->word_class == WordClass::Reserved ? keyword->kind : Kind::OP_USER;
}

// Whether the word, which could start an item or a statement, is followed by what then has to follow.
bool TokenStream::can_start(const Token& token) const {
  const Token& after = peek();
  switch (keywords().at(token.text).start) {
    case WordStart::None:
      return false;
    case WordStart::Item:
    case WordStart::Name:
      return after.kind == Kind::NAME;
    case WordStart::Brace:
      return after.kind == Kind::LBRACE;
    case WordStart::Text:
      return after.kind == Kind::STRING;
    case WordStart::Value:
      break;
  }
  switch (after.kind) {
    case Kind::ASSIGN:
    case Kind::COMMA:
    case Kind::DOT:
    case Kind::COLON:
    case Kind::RPAREN:
    case Kind::RBRACE:
    case Kind::RBRACK:
    case Kind::ARROW:
    case Kind::END:
      return false;
    default:
      return true;
  }
}

// Whether `stream` or `table` stands where a type begins and has a row type behind it.
bool TokenStream::starts_type(const Token& token) const {
  const Token& after = peek();
  const bool has_row =
      after.kind == Kind::NAME || after.kind == Kind::LBRACE || (after.kind == Kind::LBRACK && !touches(token, after));
  if (!has_row) return false;
  if (previous_[0] == Kind::COLON || previous_[0] == Kind::ARROW) return true;
  if (previous_[0] == Kind::STREAM || previous_[0] == Kind::TABLE) return true;
  return previous_[0] == Kind::ASSIGN && previous_[1] == Kind::NAME && previous_[2] == Kind::TYPE;
}

// A `|` that is first on its line begins a row; the last one of that line ends it.
TokenKind TokenStream::bar(const Token& token) {
  if (token.is_first_on_line) {
    row_line_ = token.span.begin.line;
    return Kind::ROW_BEGIN;
  }
  if (row_line_ == 0) return Kind::BAR;
  const Token& after = peek();
  if (after.kind != Kind::END && after.span.begin.line == row_line_) return Kind::BAR;
  row_line_ = 0;
  return Kind::ROW_END;
}

// Whether `+ * ?` here would be a quantifier of a `match` pattern.
bool TokenStream::in_pattern() const {
  return is_in_match_ && (pattern_parens_.empty() || pattern_parens_.back() == PatternParen::Group);
}

// Keeps track of where the pattern of `match` ends: at its first clause, or where something else begins.
void TokenStream::follow_pattern(TokenKind kind) {
  if (kind == Kind::OP_PATTERN) {
    is_in_match_ = true;
    pattern_parens_.clear();
    return;
  }
  if (!is_in_match_) return;
  switch (kind) {
    case Kind::LPAREN:
      // Behind a variable's name stands its condition; everything in it is an expression.
      pattern_parens_.push_back(previous_[0] == Kind::NAME || !in_pattern() ? PatternParen::Condition
                                                                            : PatternParen::Group);
      return;
    case Kind::RPAREN:
      if (!pattern_parens_.empty()) pattern_parens_.pop_back();
      return;
    case Kind::NAME:
    case Kind::THEN:
    case Kind::NEXT:
    case Kind::OR:
    case Kind::NOT:
    case Kind::QPLUS:
    case Kind::QSTAR:
    case Kind::QOPT:
    case Kind::LBRACE:
    case Kind::RBRACE:
    case Kind::INT:
    case Kind::COMMA:
      return;
    default:
      if (in_pattern()) is_in_match_ = false;
  }
}

}  // namespace sluice::syntax
