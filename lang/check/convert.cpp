#include "lang/check/convert.h"

#include <algorithm>

#include "lang/check/decimals.h"
#include "lang/operators/narrowing.h"
#include "lang/support/civil_time.h"

namespace sluice {

namespace {

bool is_int_literal(const Expr& expr) {
  return expr.is_literal() && std::holds_alternative<int64_t>(expr.value) && expr.type.kind == TypeKind::Int;
}

// A literal int (or an `if` between such): it becomes a float where one is needed.
bool adapts_to_float(const Expr& expr) {
  if (expr.kind == ExprKind::If)
    return std::ranges::all_of(expr.args.begin() + 1, expr.args.end(), [](const Expr& arm) {
      return arm.type.kind == TypeKind::Float || adapts_to_float(arm);
    });
  if (expr.is_op(ExprOp::Some)) return adapts_to_float(expr.args[0]);
  return is_int_literal(expr) || is_null_type(expr.type);
}

// @2024-01-31 is a date where one is needed.
std::optional<Expr> literal_as_date(const Expr& value) {
  const auto* time = value.is_literal() ? std::get_if<int64_t>(&value.value) : nullptr;
  if (time == nullptr || floor_mod(*time, kMicrosPerDay) != 0) return std::nullopt;
  return Expr::literal(floor_div(*time, kMicrosPerDay), Type(TypeKind::Date), value.span);
}

std::optional<Expr> convert_record(Session& session, Expr value, const Type& type, Widening widening) {
  if (value.type.fields.size() != type.fields.size()) return std::nullopt;
  bool is_ok = true;
  auto convert_fields = [&](const Expr& record) {
    std::vector<Expr> fields;
    for (const auto& field : type.fields) {
      const auto it = std::ranges::find(record.type.fields, field.name, &Field::name);
      if (it == record.type.fields.end()) {
        is_ok = false;
        break;
      }
      const auto index = static_cast<size_t>(it - record.type.fields.begin());
      const Expr part =
          record.kind == ExprKind::Record ? record.args[index] : Expr::field(record, field.name, it->type, record.span);
      auto converted = convert(session, part, field.type, widening);
      is_ok = is_ok && converted;
      if (converted) fields.push_back(std::move(*converted));
    }
    return Expr::record(std::move(fields), type.as_nullable(false), record.span);
  };
  Expr result =
      value.kind == ExprKind::Record ? convert_fields(value) : with_value(session, std::move(value), convert_fields);
  if (!is_ok) return std::nullopt;
  return result;
}

std::optional<Expr> convert_list(Session& session, Expr value, const Type& type, Widening widening) {
  if (value.kind != ExprKind::List) return std::nullopt;
  std::vector<Expr> elements;
  for (auto& element : value.args) {
    auto converted = convert(session, std::move(element), type.element(), widening);
    if (!converted) return std::nullopt;
    elements.push_back(std::move(*converted));
  }
  return Expr::list(std::move(elements), type.as_nullable(false), value.span);
}

std::optional<Expr> convert_if(Session& session, Expr value, const Type& type, Widening widening) {
  auto then_value = convert(session, std::move(value.args[1]), type, widening);
  auto else_value = convert(session, std::move(value.args[2]), type, widening);
  if (!then_value || !else_value) return std::nullopt;
  return Expr::if_else(std::move(value.args[0]), std::move(*then_value), std::move(*else_value), value.span);
}

}  // namespace

bool is_null_type(const Type& type) { return type.kind == TypeKind::Null; }

Expr error_expr(const Span& span) { return Expr::literal(std::monostate(), Type(TypeKind::Error), span); }

Expr op1(ExprOp op, Expr arg, Type type, const Span& span) {
  std::vector<Expr> args;
  args.push_back(std::move(arg));
  return Expr::make_op(op, std::move(args), std::move(type), span);
}

Expr op2(ExprOp op, Expr left, Expr right, Type type, const Span& span) {
  std::vector<Expr> args;
  args.reserve(2);
  args.push_back(std::move(left));
  args.push_back(std::move(right));
  return Expr::make_op(op, std::move(args), std::move(type), span);
}

Expr is_null(Expr value, const Span& span) { return op1(ExprOp::IsNull, std::move(value), Type(TypeKind::Bool), span); }
Expr bool_literal(bool value, const Span& span) { return Expr::literal(value, Type(TypeKind::Bool), span); }
Expr int_literal(int64_t value, const Span& span) { return Expr::literal(value, Type(TypeKind::Int), span); }

Expr some(Expr value) {
  if (value.type.nullable || value.type.is_error()) return value;
  Type type = value.type.as_nullable();
  const Span span = value.span;
  return op1(ExprOp::Some, std::move(value), std::move(type), span);
}

Expr required(Expr value) {
  if (!value.type.nullable) return value;
  if (value.is_op(ExprOp::Some)) {
    Expr inner = std::move(value.args[0]);
    return inner;
  }
  Type type = value.type.as_nullable(false);
  const Span span = value.span;
  return op1(ExprOp::Require, std::move(value), std::move(type), span);
}

std::optional<Expr> convert(Session& session, Expr value, const Type& type, Widening widening) {
  if (value.type.is_error() || type.is_error() || value.type == type) return value;
  if (is_null_type(value.type)) {
    if (!type.nullable) return std::nullopt;
    return Expr::null_literal(type, value.span);
  }
  if (type.nullable && !value.type.nullable) {
    auto inner = convert(session, std::move(value), type.as_nullable(false), widening);
    if (!inner) return std::nullopt;
    return some(std::move(*inner));
  }
  if (value.type.nullable && !type.nullable) return std::nullopt;
  if (value.is_op(ExprOp::Some)) {
    auto inner = convert(session, std::move(value.args[0]), type.as_nullable(false), widening);
    if (!inner) return std::nullopt;
    return some(std::move(*inner));
  }
  if (type.kind == TypeKind::Decimal) {
    if (auto literal = literal_as_decimal(value, type)) return literal;
    if (value.kind == ExprKind::If && !widens_to(value.type, type))
      return convert_if(session, std::move(value), type, widening);
    if (!widens_to(value.type, type)) return std::nullopt;
    return to_decimal(value, type, value.span);
  }
  if (type.kind == TypeKind::Date && value.type.kind == TypeKind::Timestamp) return literal_as_date(value);
  if (type.kind == TypeKind::Timestamp && value.type.kind == TypeKind::Date && widening != Widening::Refuse) {
    const Span span = value.span;
    return op1(ExprOp::ToTimestamp, std::move(value), type, span);
  }
  if (type.kind == TypeKind::Float && value.type.kind == TypeKind::Int) {
    if (is_int_literal(value))
      return Expr::literal(static_cast<double>(std::get<int64_t>(value.value)), Type(TypeKind::Float), value.span);
    if (value.kind == ExprKind::If && adapts_to_float(value))
      return convert_if(session, std::move(value), type, widening);
    if (widening == Widening::Refuse) return std::nullopt;
    const Span span = value.span;
    return op1(ExprOp::ToFloat, std::move(value), type, span);
  }
  if (value.kind == ExprKind::If && value.type.kind == type.kind)
    return convert_if(session, std::move(value), type, widening);
  if (value.type.kind != type.kind) return std::nullopt;
  if (type.kind == TypeKind::Record && !value.type.nullable)
    return convert_record(session, std::move(value), type, widening);
  if (type.kind == TypeKind::List && !value.type.nullable)
    return convert_list(session, std::move(value), type, widening);
  return std::nullopt;
}

namespace {

// A decimal among numbers: they are decimals. A literal counts with the digits that it shows.
std::optional<Type> common_number(const Type& type, const Expr& value) {
  if (!type.is_number() || !value.type.is_number()) return std::nullopt;
  // Holds when the floats in front are literals; conversion will tell.
  if (type.kind == TypeKind::Float && value.type.kind == TypeKind::Decimal) return value.type.as_nullable(false);
  Expr other = value.type.kind == TypeKind::Decimal ? value : Expr::column("", type.as_nullable(false), value.span);
  const auto pair =
      aligned_decimals(other, value.type.kind == TypeKind::Decimal ? Expr::column("", type, value.span) : value);
  return pair ? std::optional(pair->first.type.as_nullable(false)) : std::nullopt;
}

}  // namespace

std::optional<Type> common_type(std::span<const Expr> values) {
  Type type(TypeKind::Null);
  bool is_nullable = false;
  for (const auto& value : values) {
    if (value.type.is_error()) return value.type;
    is_nullable = is_nullable || value.type.nullable || is_null_type(value.type);
    if (is_null_type(value.type)) continue;
    const Type present = value.type.as_nullable(false);
    const bool has_no_type = type.kind == TypeKind::List && is_null_type(type.element());
    const auto number = type == present ? std::nullopt : common_number(type, value);
    if (number) {
      type = *number;
    } else if (is_null_type(type) || (present.kind == TypeKind::List && has_no_type)) {
      type = present;
    } else if (type.kind == TypeKind::Int && present.kind == TypeKind::Float) {
      type = present;  // holds when all ints among them are literals; conversion will tell
    }
  }
  if (is_null_type(type)) return type;
  return type.as_nullable(is_nullable);
}

bool is_trivial(const Expr& expr) {
  // Without a place, nothing could be proved about it.
  if (expr.type.nullable && !place_of(expr)) return false;
  if (expr.is_literal() || expr.kind == ExprKind::Column || expr.kind == ExprKind::Local) return true;
  const bool looks_through = expr.kind == ExprKind::Field || expr.is_op(ExprOp::Some) || expr.is_op(ExprOp::Require);
  return looks_through && is_trivial(expr.args[0]);
}

Expr with_value(Session& session, Expr value, const std::function<Expr(const Expr&)>& body) {
  if (is_trivial(value)) return body(value);
  std::string name = session.fresh("v");
  const Expr local = Expr::local(name, value.type, value.span);
  Expr result = body(local);
  return Expr::let(std::move(name), std::move(value), std::move(result));
}

Expr if_present(Session& session, Expr value, const std::function<Expr(const Expr&)>& body) {
  const Span span = value.span;
  return with_value(session, std::move(value), [&](const Expr& bound) {
    Expr result = some(body(required(bound)));
    if (result.type.is_error()) return result;
    Expr absent = Expr::null_literal(result.type, span);
    return Expr::if_else(is_null(bound, span), std::move(absent), std::move(result), span);
  });
}

}  // namespace sluice
