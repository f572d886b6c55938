// Decimals in expressions: which precision and scale a result has, and the conversions that make operands fit.
#pragma once

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "lang/check/convert.h"
#include "lang/support/decimal.h"
#include "lang/types/decimal_types.h"

namespace sluice {

[[nodiscard]] Expr decimal_literal(const Decimal& value, const Span& span);
// The value with exactly this decimal type. Never fails where the value is known to fit.
[[nodiscard]] Expr to_decimal(Expr value, const Type& type, const Span& span);
// A literal number as that decimal, when no digit is lost.
[[nodiscard]] std::optional<Expr> literal_as_decimal(const Expr& literal, const Type& type);

using DecimalPair = std::pair<Expr, Expr>;
// Both sides as decimals, when one is a decimal and the other one too, an int or a literal.
[[nodiscard]] std::optional<DecimalPair> decimal_operands(const Expr& left, const Expr& right);
// The same with one scale, for comparing and adding.
[[nodiscard]] std::optional<DecimalPair> aligned_decimals(const Expr& left, const Expr& right);
[[nodiscard]] Expr decimal_operation(ExprOp op, const DecimalPair& operands, const Span& span);

// abs, floor, ceil and round of a decimal, which stay decimals; nothing when the call is none of these.
[[nodiscard]] std::optional<Expr> decimal_function(Session& session, std::string_view name,
                                                   const std::vector<Expr>& args, const Span& span);

}  // namespace sluice
