// flow_text: expressions as a person writes them. What checking added (conversions, `some`, `require`) is left out
// where Flow does not need it.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <string_view>

#include "lang/graph/graph_text.h"
#include "lang/support/time_text.h"
#include "lang/types/decimal_types.h"

namespace sluice {

namespace {

// Of the grammar, low to high.
enum Precedence : int {
  kAny,
  kIf,
  kCoalesce,
  kOr,
  kAnd,
  kNot,
  kCompare,
  kSum,
  kProduct,
  kUnary,
  kPostfix,
};

struct Piece {
  std::string text;
  Precedence precedence;
};

Piece piece_of(const Expr& expr);

std::string within(const Expr& expr, Precedence wanted) {
  Piece piece = piece_of(expr);
  return piece.precedence >= wanted ? std::move(piece.text) : "(" + piece.text + ")";
}

std::string name_text(const std::string& name) {
  static constexpr auto kReserved =
      std::to_array<std::string_view>({"from", "let", "fn", "if", "match", "true", "not", "false", "null"});
  const bool is_plain = !name.empty() && (name[0] < '0' || name[0] > '9') &&
                        std::ranges::all_of(name, [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; });
  return is_plain && std::ranges::find(kReserved, name) == kReserved.end() ? name : "`" + name + "`";
}

std::string escaped(std::string_view text, bool in_fstring) {
  std::string result;
  for (const char c : text) {
    if (c == '\n') {
      result += "\\n";
    } else if (c == '\t') {
      result += "\\t";
    } else if (c == '\r') {
      result += "\\r";
    } else if (c == '"' || c == '\\' || (in_fstring && (c == '{' || c == '}'))) {
      result += '\\';
      result += c;
    } else {
      result += c;
    }
  }
  return result;
}

std::string float_text(double value) {
  std::string text = fmt::format("{}", value);
  return std::isfinite(value) && text.find_first_of(".e") == std::string::npos ? text + ".0" : text;
}

Piece literal_piece(const Expr& expr) {
  if (const auto* flag = std::get_if<bool>(&expr.value)) return {*flag ? "true" : "false", kPostfix};
  if (const auto* text = std::get_if<std::string>(&expr.value)) return {"\"" + escaped(*text, false) + "\"", kPostfix};
  if (const auto* number = std::get_if<double>(&expr.value))
    return {float_text(*number), std::signbit(*number) ? kUnary : kPostfix};
  if (const auto* decimal = std::get_if<Decimal>(&expr.value))
    return {decimal_text(*decimal) + "dec", decimal->unscaled < 0 ? kUnary : kPostfix};
  const auto* number = std::get_if<int64_t>(&expr.value);
  if (number == nullptr) return {"null", kPostfix};
  if (expr.type.kind == TypeKind::Date) return {"@" + date_text(*number), kPostfix};
  if (expr.type.kind == TypeKind::Timestamp) return {"@" + timestamp_text(*number), kPostfix};
  const Precedence precedence = *number < 0 ? kUnary : kPostfix;
  return {expr.type.kind == TypeKind::Duration ? duration_text(*number) : fmt::format("{}", *number), precedence};
}

std::string listed(const std::vector<Expr>& args) {
  std::string text;
  for (const auto& arg : args) text += (text.empty() ? "" : ", ") + within(arg, kAny);
  return text;
}

const Expr& without_conversion(const Expr& expr, ExprOp conversion) {
  return expr.is_op(conversion) ? expr.args[0] : expr;
}

// An int beside a float becomes a float by itself; so do both sides of `/`.
std::string operand(const Expr& expr, size_t side, Precedence wanted) {
  const Expr& arg = expr.args[side];
  const bool is_implicit = expr.op == ExprOp::Div || !expr.args[1 - side].is_op(ExprOp::ToFloat);
  return within(is_implicit ? without_conversion(arg, ExprOp::ToFloat) : arg, wanted);
}

Piece binary(const Expr& expr, std::string_view symbol, Precedence precedence) {
  const auto next = static_cast<Precedence>(precedence + 1);
  // Comparisons do not associate, `??` associates to the right, everything else to the left.
  const Precedence left = precedence == kCompare || precedence == kCoalesce ? next : precedence;
  const Precedence right = precedence == kCoalesce ? precedence : next;
  return {fmt::format("{} {} {}", operand(expr, 0, left), symbol, operand(expr, 1, right)), precedence};
}

Piece not_piece(const Expr& expr) {
  const Expr& arg = expr.args[0];
  if (arg.is_op(ExprOp::IsNull)) return {within(arg.args[0], kSum) + " is not null", kCompare};
  if (arg.is_op(ExprOp::Contains)) return binary(arg, "not in", kCompare);
  return {"not " + within(arg, kNot), kNot};
}

// A concatenation is what an f-string became.
Piece concat_piece(const Expr& expr) {
  std::string text = "f\"";
  for (const auto& arg : expr.args) {
    const auto* literal = arg.is_literal() ? std::get_if<std::string>(&arg.value) : nullptr;
    text += literal != nullptr ? escaped(*literal, true)
                               : "{" + within(without_conversion(arg, ExprOp::ToText), kAny) + "}";
  }
  return {text + "\"", kPostfix};
}

// What fits by itself was not written as a conversion.
Piece decimal_piece(const Expr& expr) {
  if (widens_to(expr.args[0].type, expr.type)) return piece_of(expr.args[0]);
  return {fmt::format("decimal({}, {}, {})", within(expr.args[0], kAny), expr.type.precision, expr.type.scale),
          kPostfix};
}

Piece op_piece(const Expr& expr) {
  switch (expr.op) {
    case ExprOp::Add:
      return binary(expr, "+", kSum);
    case ExprOp::Sub:
      return binary(expr, "-", kSum);
    case ExprOp::Mul:
      return binary(expr, "*", kProduct);
    case ExprOp::Div:
      return binary(expr, "/", kProduct);
    case ExprOp::IntDiv:
      return binary(expr, "//", kProduct);
    case ExprOp::Mod:
      return binary(expr, "%", kProduct);
    case ExprOp::Neg:
      return {"-" + within(expr.args[0], kPostfix), kUnary};
    case ExprOp::Eq:
      return binary(expr, "==", kCompare);
    case ExprOp::Ne:
      return binary(expr, "!=", kCompare);
    case ExprOp::Lt:
      return binary(expr, "<", kCompare);
    case ExprOp::Le:
      return binary(expr, "<=", kCompare);
    case ExprOp::Gt:
      return binary(expr, ">", kCompare);
    case ExprOp::Ge:
      return binary(expr, ">=", kCompare);
    case ExprOp::And:
      return binary(expr, "and", kAnd);
    case ExprOp::Or:
      return binary(expr, "or", kOr);
    case ExprOp::Not:
      return not_piece(expr);
    case ExprOp::IsNull:
      return {within(expr.args[0], kSum) + " is null", kCompare};
    case ExprOp::Coalesce:
      return binary(expr, "??", kCoalesce);
    case ExprOp::Some:
    case ExprOp::Require:
      return piece_of(expr.args[0]);
    case ExprOp::Before:
      return {"before(" + within(expr.args[0], kAny) + ")", kPostfix};
    case ExprOp::ToFloat:
      return {"float(" + within(expr.args[0], kAny) + ")", kPostfix};
    case ExprOp::ToInt:
      return {"int(" + within(expr.args[0], kAny) + ")", kPostfix};
    case ExprOp::ToDecimal:
    case ExprOp::ParseDecimal:
      return decimal_piece(expr);
    case ExprOp::ToDate:
      return {"date(" + within(expr.args[0], kAny) + ")", kPostfix};
    case ExprOp::ToTimestamp:
      return {"timestamp(" + within(expr.args[0], kAny) + ")", kPostfix};
    case ExprOp::ToText:
      return {"string(" + within(expr.args[0], kAny) + ")", kPostfix};
    case ExprOp::Concat:
      return concat_piece(expr);
    case ExprOp::Index:
      return {within(expr.args[0], kPostfix) + "[" + within(expr.args[1], kAny) + "]", kPostfix};
    case ExprOp::Contains:
      return binary(expr, "in", kCompare);
  }
  return {};
}

Expr with_local(const Expr& expr, const std::string& name, const Expr& value) {
  if (expr.kind == ExprKind::Local && expr.name == name) return value;
  Expr result = expr;  // a small one
  const bool hides = expr.kind == ExprKind::Let && expr.name == name;
  for (size_t i = 0; i < result.args.size(); ++i)
    if (!hides || i == 0) result.args[i] = with_local(expr.args[i], name, value);
  return result;
}

// Lets come from functions that were put in place of their calls; small values read better where they are used.
Piece let_piece(const Expr& expr) {
  constexpr size_t kSmall = 12;
  if (expr_size(expr.args[0]) <= kSmall && expr_size(expr.args[1]) <= 8 * kSmall)
    return piece_of(with_local(expr.args[1], expr.name, expr.args[0]));
  return {fmt::format("let {} = {}; {}", name_text(expr.name), within(expr.args[0], kAny), within(expr.args[1], kAny)),
          kAny};
}

Piece record_piece(const Expr& expr) {
  std::string text;
  for (size_t i = 0; i < expr.args.size(); ++i) {
    const std::string name = i < expr.type.fields.size() ? name_text(expr.type.fields[i].name) : "?";
    text += fmt::format("{}{} = {}", i == 0 ? "" : ", ", name, within(expr.args[i], kAny));
  }
  return {"{" + text + "}", kPostfix};
}

Piece if_piece(const Expr& expr) {
  return {fmt::format("if {} then {} else {}", within(expr.args[0], kIf), within(expr.args[1], kIf),
                      within(expr.args[2], kIf)),
          kIf};
}

Piece piece_of(const Expr& expr) {
  switch (expr.kind) {
    case ExprKind::Literal:
      return literal_piece(expr);
    case ExprKind::Column:
    case ExprKind::Local:
      return {name_text(expr.name), kPostfix};
    case ExprKind::Let:
      return let_piece(expr);
    case ExprKind::If:
      return if_piece(expr);
    case ExprKind::Op:
      return op_piece(expr);
    case ExprKind::Call:
      return {name_text(expr.name) + "(" + listed(expr.args) + ")", kPostfix};
    case ExprKind::Field:
      return {fmt::format("{}{}{}", within(expr.args[0], kPostfix), expr.args[0].type.nullable ? "?." : ".",
                          name_text(expr.name)),
              kPostfix};
    case ExprKind::Record:
      return record_piece(expr);
    case ExprKind::List:
      return {"[" + listed(expr.args) + "]", kPostfix};
  }
  return {};
}

}  // namespace

std::string flow_text(const Expr& expr) { return piece_of(expr).text; }

}  // namespace sluice
