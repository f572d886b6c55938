#include "compiler/passes/fold_values.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace sluice::passes {

namespace {

using Value = std::optional<LiteralValue>;

Value int_value(bool overflows, int64_t result) { return overflows ? Value() : Value(result); }

// Rounds towards minus infinity, as `//` does.
Value floor_division(int64_t a, int64_t b, bool wants_remainder) {
  if (b == 0 || (b == -1 && a == std::numeric_limits<int64_t>::min())) return std::nullopt;
  int64_t quotient = a / b;
  int64_t remainder = a % b;
  if (remainder != 0 && (remainder < 0) != (b < 0)) {
    --quotient;
    remainder += b;
  }
  return wants_remainder ? remainder : quotient;
}

Value fold_ints(ExprOp op, int64_t a, int64_t b) {
  int64_t result = 0;
  if (op == ExprOp::Add) return int_value(__builtin_add_overflow(a, b, &result), result);
  if (op == ExprOp::Sub) return int_value(__builtin_sub_overflow(a, b, &result), result);
  if (op == ExprOp::Mul) return int_value(__builtin_mul_overflow(a, b, &result), result);
  if (op == ExprOp::IntDiv) return floor_division(a, b, false);
  if (op == ExprOp::Mod) return floor_division(a, b, true);
  return std::nullopt;
}

Value fold_floats(ExprOp op, double a, double b) {
  if (op == ExprOp::Add) return a + b;
  if (op == ExprOp::Sub) return a - b;
  if (op == ExprOp::Mul) return a * b;
  if (op == ExprOp::Div) return a / b;
  return std::nullopt;
}

template <class T>
Value fold_comparison(ExprOp op, const T& a, const T& b) {
  if (op == ExprOp::Eq) return a == b;
  if (op == ExprOp::Ne) return a != b;
  if (op == ExprOp::Lt) return a < b;
  if (op == ExprOp::Le) return a <= b;
  if (op == ExprOp::Gt) return a > b;
  if (op == ExprOp::Ge) return a >= b;
  return std::nullopt;
}

Value fold_two(ExprOp op, const LiteralValue& a, const LiteralValue& b) {
  if (a.index() != b.index()) return std::nullopt;
  if (const auto* x = std::get_if<int64_t>(&a)) {
    if (auto value = fold_comparison(op, *x, std::get<int64_t>(b))) return value;
    return fold_ints(op, *x, std::get<int64_t>(b));
  }
  if (const auto* x = std::get_if<double>(&a)) {
    const double y = std::get<double>(b);
    if (std::isnan(*x) || std::isnan(y)) return std::nullopt;
    if (auto value = fold_comparison(op, *x, y)) return value;
    return fold_floats(op, *x, y);
  }
  if (const auto* x = std::get_if<std::string>(&a)) return fold_comparison(op, *x, std::get<std::string>(b));
  if (const auto* x = std::get_if<bool>(&a)) return fold_comparison(op, *x, std::get<bool>(b));
  return std::nullopt;
}

Value fold_to_int(double value) {
  // Both bounds are exact as doubles; the upper one is the first value that does not fit.
  if (!(value >= -0x1p63 && value < 0x1p63)) return std::nullopt;
  return static_cast<int64_t>(value);
}

Value fold_one(const Expr& expr, const LiteralValue& a) {
  const auto* number = std::get_if<int64_t>(&a);
  const auto* real = std::get_if<double>(&a);
  const auto* flag = std::get_if<bool>(&a);
  if (expr.op == ExprOp::Neg && number != nullptr) return fold_ints(ExprOp::Sub, 0, *number);
  if (expr.op == ExprOp::Neg && real != nullptr) return -*real;
  if (expr.op == ExprOp::Not && flag != nullptr) return !*flag;
  if (expr.op == ExprOp::ToFloat && number != nullptr) return static_cast<double>(*number);
  if (expr.op == ExprOp::ToInt && real != nullptr) return fold_to_int(*real);
  if (expr.op != ExprOp::ToText) return std::nullopt;
  if (number != nullptr && expr.args[0].type.kind == TypeKind::Int) return fmt::format("{}", *number);
  if (const auto* text = std::get_if<std::string>(&a)) return *text;
  return std::nullopt;
}

bool is_value(const Expr& expr) { return expr.is_literal() && !std::holds_alternative<std::monostate>(expr.value); }

Value fold_contains(const Expr& expr) {
  const Expr& list = expr.args[1];
  if (!is_value(expr.args[0]) || list.kind != ExprKind::List || !std::ranges::all_of(list.args, is_value))
    return std::nullopt;
  for (const auto& element : list.args) {
    const Value same = fold_two(ExprOp::Eq, expr.args[0].value, element.value);
    if (!same) return std::nullopt;
    if (std::get<bool>(*same)) return true;
  }
  return false;
}

}  // namespace

std::optional<LiteralValue> fold_literals(const Expr& expr) {
  if (expr.op == ExprOp::Contains) return fold_contains(expr);
  if (!std::ranges::all_of(expr.args, is_value)) return std::nullopt;
  if (expr.args.size() == 1) return fold_one(expr, expr.args[0].value);
  if (expr.args.size() == 2) return fold_two(expr.op, expr.args[0].value, expr.args[1].value);
  return std::nullopt;
}

}  // namespace sluice::passes
