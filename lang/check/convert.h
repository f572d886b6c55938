// The conversions that Flow makes by itself: T to T?, null to T?, literals to what the context needs, int to float for
// arguments, records by field name. Each becomes an explicit operation of the graph.
#pragma once

#include <functional>
#include <optional>
#include <span>

#include "lang/check/session.h"

namespace sluice {

// IntToFloat: int to float and date to timestamp too, as for arguments.
enum class Widening : uint8_t { Refuse, IntToFloat };

// `value` as exactly `type`; nothing when Flow does not convert it implicitly. Expressions and types that are Error
// convert to anything.
[[nodiscard]] std::optional<Expr> convert(Session& session, Expr value, const Type& type,
                                          Widening widening = Widening::Refuse);
// The type that all values convert to; nothing when there is none.
[[nodiscard]] std::optional<Type> common_type(std::span<const Expr> values);

[[nodiscard]] Expr error_expr(const Span& span);
[[nodiscard]] Expr op1(ExprOp op, Expr arg, Type type, const Span& span);
[[nodiscard]] Expr op2(ExprOp op, Expr left, Expr right, Type type, const Span& span);
[[nodiscard]] Expr is_null(Expr value, const Span& span);
[[nodiscard]] Expr bool_literal(bool value, const Span& span);
[[nodiscard]] Expr int_literal(int64_t value, const Span& span);
// T to T?, left alone when it is T? already.
[[nodiscard]] Expr some(Expr value);
// T? to T where it is known to be there.
[[nodiscard]] Expr required(Expr value);

// Cheap enough, and free of effects, to be written twice.
[[nodiscard]] bool is_trivial(const Expr& expr);
// body(value), with the value bound to a local when it is not trivial.
[[nodiscard]] Expr with_value(Session& session, Expr value, const std::function<Expr(const Expr&)>& body);
// null when `value` is null, otherwise body(value as T) as a nullable value.
[[nodiscard]] Expr if_present(Session& session, Expr value, const std::function<Expr(const Expr&)>& body);

[[nodiscard]] bool is_null_type(const Type& type);

}  // namespace sluice
