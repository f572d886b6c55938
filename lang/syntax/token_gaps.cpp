#include "lang/syntax/token_gaps.h"

#include "lang/syntax/token_stream.h"

namespace sluice::syntax {

namespace {

using TokenKind = Parser::token_kind_type;

// Tokens that stand right behind what is before them.
bool sticks_to_left(TokenKind kind) {
  switch (kind) {
    case Kind::RPAREN:
    case Kind::RBRACK:
    case Kind::RBRACE:
    case Kind::COMMA:
    case Kind::DOT:
    case Kind::SAFE_DOT:
    case Kind::COLON:
    case Kind::QUESTION:
    case Kind::QPLUS:
    case Kind::QSTAR:
    case Kind::QOPT:
    case Kind::RANGE:
    case Kind::RANGE_BELOW:
      return true;
    default:
      return false;
  }
}

// Tokens that what is behind them stands right at.
bool sticks_to_right(TokenKind kind) {
  switch (kind) {
    case Kind::LPAREN:
    case Kind::LBRACK:
    case Kind::LBRACE:
    case Kind::DOT:
    case Kind::SAFE_DOT:
    case Kind::ELLIPSIS:
    case Kind::RANGE:
    case Kind::RANGE_BELOW:
      return true;
    default:
      return false;
  }
}

// How readily a line breaks in front of a token.
std::optional<uint8_t> level_in_front_of(TokenKind kind) {
  switch (kind) {
    case Kind::PER:
    case Kind::BY:
    case Kind::OVER:
    case Kind::ON:
    case Kind::WITHIN:
    case Kind::KEEP:
    case Kind::EMIT:
    case Kind::UNTIL:
    case Kind::MAX:
    case Kind::WITH:
    case Kind::KEY:
    case Kind::TIME:
    case Kind::DELAY:
    case Kind::IDLE:
    case Kind::ANNOT:
      return 0;
    case Kind::ELSE:
      return 1;
    case Kind::THEN:
    case Kind::NEXT:
    case Kind::AND:
    case Kind::OR:
    case Kind::COALESCE:
    case Kind::WHERE:
      return 2;
    case Kind::PLUS:
    case Kind::MINUS:
      return 3;
    case Kind::STAR:
    case Kind::SLASH:
    case Kind::INT_DIV:
    case Kind::PERCENT:
      return 4;
    default:
      return std::nullopt;
  }
}

// Whether `kind` is in front of its operand, given what stands before it.
bool is_unary_minus(TokenKind before, TokenKind kind) { return kind == Kind::MINUS && !ends_operand(before); }

bool opens_argument_list(TokenKind left) {
  return left == Kind::NAME || left == Kind::RPAREN || left == Kind::RBRACK || left == Kind::ANNOT ||
         left == Kind::OP_USER || left == Kind::STRING;
}

}  // namespace

TokenGap gap_between(TokenKind before, const Token& left, const Token& right) {
  const TokenKind a = left.kind, b = right.kind;
  if (a == Kind::COMMA) {
    // A quantifier's numbers, `{2,5}`, stand together.
    if (b == Kind::RBRACE) return {};
    return {true, uint8_t{1}};
  }
  if (a == Kind::ELLIPSIS && (b == Kind::NAME || b == Kind::LPAREN || b == Kind::LBRACE || b == Kind::LBRACK))
    return {};
  if (a == Kind::ELLIPSIS) return {!sticks_to_left(b), level_in_front_of(b)};
  if (sticks_to_right(a) || sticks_to_left(b)) return {};
  if (is_unary_minus(before, a)) return {};
  if (b == Kind::LPAREN && opens_argument_list(a)) return {};
  // An index; but `given readings [...]` is a name and a list.
  if (b == Kind::LBRACK && (opens_argument_list(a) || a == Kind::RBRACE) && left.span.end == right.span.begin)
    return {};
  if (is_unary_minus(a, b) || (a == Kind::RBRACE && b == Kind::ELSE)) return {true, {}};
  return {true, level_in_front_of(b)};
}

}  // namespace sluice::syntax
