#include "lang/check/decimals.h"

#include <algorithm>

#include "lang/check/connectors.h"

namespace sluice {

namespace {

// What a literal number says by its digits.
std::optional<Decimal> decimal_value(const Expr& literal) {
  if (!literal.is_literal()) return std::nullopt;
  if (const auto* decimal = std::get_if<Decimal>(&literal.value)) return *decimal;
  if (const auto* number = std::get_if<double>(&literal.value)) return read_decimal(fmt::format("{}", *number));
  const auto* integer = std::get_if<int64_t>(&literal.value);
  if (integer == nullptr || literal.type.kind != TypeKind::Int) return std::nullopt;
  return Decimal{*integer, 0};
}

// A number as a decimal: an int has 19 digits, a literal those it shows.
std::optional<Expr> as_decimal(const Expr& value) {
  if (value.type.kind == TypeKind::Decimal) return value;
  if (const auto decimal = decimal_value(value)) return decimal_literal(*decimal, value.span);
  if (value.type.kind != TypeKind::Int) return std::nullopt;
  return to_decimal(value, decimal_of_int().as_nullable(value.type.nullable), value.span);
}

Expr with_scale(const Expr& value, uint32_t scale) {
  if (value.type.scale == scale) return value;
  const uint32_t precision = value.type.precision + scale - value.type.scale;
  const Type type = decimal_type(precision, scale, value.type.nullable);
  if (auto literal = literal_as_decimal(value, type)) return std::move(*literal);
  return to_decimal(value, type, value.span);
}

DecimalPair aligned(const DecimalPair& pair) {
  const uint32_t scale = std::max(pair.first.type.scale, pair.second.type.scale);
  return {with_scale(pair.first, scale), with_scale(pair.second, scale)};
}

Type result_type(ExprOp op, const Type& a, const Type& b) {
  if (op == ExprOp::Mul) return product_type(a, b);
  if (op == ExprOp::Div) return quotient_type(a, b);
  if (op == ExprOp::IntDiv) return whole_quotient_type(a, b);
  if (op == ExprOp::Mod) return remainder_type(a, b);
  return sum_type(a, b);
}

Expr negated(Expr value, const Span& span) {
  Type type = value.type;
  return op1(ExprOp::Neg, std::move(value), std::move(type), span);
}

Expr is_negative(const Expr& value, const Span& span) {
  Expr zero = Expr::literal(Decimal{0, value.type.scale}, value.type, span);
  return op2(ExprOp::Lt, value, std::move(zero), Type(TypeKind::Bool), span);
}

Expr floor_of(Session& session, const Expr& value, const Span& span) {
  // Without digits in front of the point there is no 1 to divide by.
  if (value.type.precision != value.type.scale)
    return decimal_operation(ExprOp::IntDiv, {value, decimal_literal({1, 0}, span)}, span);
  const auto body = [&](const Expr& present) {
    return Expr::if_else(is_negative(present, span), decimal_literal({-1, 0}, span), decimal_literal({0, 0}, span),
                         span);
  };
  return value.type.nullable ? if_present(session, value, body) : with_value(session, value, body);
}

Expr absolute(Session& session, const Expr& value, const Span& span) {
  const auto body = [&](const Expr& present) {
    return Expr::if_else(is_negative(present, span), negated(present, span), present, span);
  };
  return value.type.nullable ? if_present(session, value, body) : with_value(session, value, body);
}

// As many digits behind the point as asked for; one more in front, because 9.99 becomes 10.0.
Expr rounded(const Expr& value, uint32_t digits, const Span& span) {
  const Type& type = value.type;
  if (digits >= type.scale) return value;
  return to_decimal(value, decimal_type(type.precision - type.scale + digits + 1u, digits, type.nullable), span);
}

}  // namespace

Expr decimal_literal(const Decimal& value, const Span& span) {
  const uint32_t precision = std::max<uint32_t>({digits_of(value.unscaled), value.scale, 1});
  return Expr::literal(value, decimal_type(precision, value.scale), span);
}

Expr to_decimal(Expr value, const Type& type, const Span& span) {
  if (value.type == type) return value;
  return op1(ExprOp::ToDecimal, std::move(value), type, span);
}

std::optional<Expr> literal_as_decimal(const Expr& literal, const Type& type) {
  const auto value = decimal_value(literal);
  const auto unscaled = value ? rescaled_exactly(*value, type.scale, type.precision) : std::nullopt;
  if (!unscaled) return std::nullopt;
  return Expr::literal(Decimal{*unscaled, type.scale}, type.as_nullable(false), literal.span);
}

std::optional<DecimalPair> decimal_operands(const Expr& left, const Expr& right) {
  if (left.type.kind != TypeKind::Decimal && right.type.kind != TypeKind::Decimal) return std::nullopt;
  auto a = as_decimal(left);
  auto b = as_decimal(right);
  if (!a || !b) return std::nullopt;
  return DecimalPair{std::move(*a), std::move(*b)};
}

std::optional<DecimalPair> aligned_decimals(const Expr& left, const Expr& right) {
  const auto operands = decimal_operands(left, right);
  if (!operands) return std::nullopt;
  DecimalPair pair = aligned(*operands);
  const Type common = common_decimal(pair.first.type, pair.second.type);
  for (auto* side : {&pair.first, &pair.second}) {
    const Type type = common.as_nullable(side->type.nullable);
    auto literal = literal_as_decimal(*side, type);
    *side = literal ? std::move(*literal) : to_decimal(*side, type, side->span);
  }
  return pair;
}

Expr decimal_operation(ExprOp op, const DecimalPair& operands, const Span& span) {
  const bool is_nullable = operands.first.type.nullable || operands.second.type.nullable;
  const Type type = result_type(op, operands.first.type, operands.second.type).as_nullable(is_nullable);
  if (op == ExprOp::Mul || op == ExprOp::Div) return op2(op, operands.first, operands.second, type, span);
  DecimalPair pair = aligned(operands);
  return op2(op, std::move(pair.first), std::move(pair.second), type, span);
}

std::optional<Expr> decimal_function(Session& session, std::string_view name, const std::vector<Expr>& args,
                                     const Span& span) {
  if (args.empty() || args[0].type.kind != TypeKind::Decimal) return std::nullopt;
  if (name == "round" && args.size() == 2 && args[1].type.kind == TypeKind::Int) {
    const auto digits = constant_value(args[1]);
    const auto* count = digits ? std::get_if<int64_t>(&*digits) : nullptr;
    if (count != nullptr && *count >= 0)
      return rounded(args[0], static_cast<uint32_t>(std::min<int64_t>(*count, kMaxDecimalDigits)), span);
    if (count != nullptr)
      session.report(diag::E0304, args[1].span, "`round`", "0 or more digits", "less")
          .with_label("for example round(x, 2)");
    else
      session.report(diag::E0314, args[1].span, "the number of digits of `round`")
          .with_label("it decides the type of the result");
    return error_expr(span);
  }
  if (args.size() != 1) return std::nullopt;
  if (name == "round") return rounded(args[0], 0, span);
  if (name == "abs") return absolute(session, args[0], span);
  if (name == "floor") return floor_of(session, args[0], span);
  if (name == "ceil") return negated(floor_of(session, negated(args[0], span), span), span);
  return std::nullopt;
}

}  // namespace sluice
