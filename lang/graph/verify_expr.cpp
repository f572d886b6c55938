#include "lang/graph/verify_expr.h"

#include <fmt/format.h>

#include <algorithm>
#include <ranges>

#include "lang/graph/graph_text.h"

namespace sluice {

namespace {

using Kind = TypeKind;

std::unexpected<Error> wrong(const Expr& expr, std::string_view what) {
  constexpr size_t kShown = 200;
  std::string text = write_expr(expr, false);
  if (text.size() > kShown) text = text.substr(0, kShown) + "...";
  return internal_error(fmt::format("{} in {}", what, text));
}

bool same_apart_from_null(const Type& a, const Type& b) { return a.as_nullable(false) == b.as_nullable(false); }

bool fits(const LiteralValue& value, const Type& type) {
  if (std::holds_alternative<std::monostate>(value)) return type.nullable || type.kind == Kind::Null;
  if (type.nullable) return false;  // `some` makes a value nullable
  if (std::holds_alternative<bool>(value)) return type.kind == Kind::Bool;
  if (std::holds_alternative<int64_t>(value))
    return type.kind == Kind::Int || type.kind == Kind::Timestamp || type.kind == Kind::Duration ||
           type.kind == Kind::Date;
  if (std::holds_alternative<double>(value)) return type.kind == Kind::Float;
  if (const auto* decimal = std::get_if<Decimal>(&value))
    return type.kind == Kind::Decimal && decimal->scale == type.scale && has_digits(decimal->unscaled, type.precision);
  return type.kind == Kind::String;
}

bool is_one_of(TypeKind kind, std::initializer_list<TypeKind> kinds) {
  return std::ranges::find(kinds, kind) != kinds.end();
}

bool arithmetic_fits(ExprOp op, TypeKind a, TypeKind b, TypeKind result) {
  const auto are = [&](TypeKind x, TypeKind y, TypeKind z) { return a == x && b == y && result == z; };
  if (op == ExprOp::Div) return are(Kind::Float, Kind::Float, Kind::Float);
  if (a == b && b == result && is_one_of(a, {Kind::Int, Kind::Float})) return true;
  if (op == ExprOp::Mul)
    return are(Kind::Duration, Kind::Int, Kind::Duration) || are(Kind::Int, Kind::Duration, Kind::Duration);
  if (a == b && b == result && a == Kind::Duration) return true;
  if (op == ExprOp::Add)
    return are(Kind::Timestamp, Kind::Duration, Kind::Timestamp) ||
           are(Kind::Duration, Kind::Timestamp, Kind::Timestamp);
  if (op == ExprOp::Sub)
    return are(Kind::Timestamp, Kind::Timestamp, Kind::Duration) ||
           are(Kind::Timestamp, Kind::Duration, Kind::Timestamp);
  return are(Kind::Duration, Kind::Int, Kind::Duration) || are(Kind::Duration, Kind::Duration, Kind::Int);
}

// Sums and remainders have one scale on both sides; `//` has a whole result.
bool decimal_arithmetic_fits(ExprOp op, const Type& a, const Type& b, const Type& result) {
  if (a.kind != Kind::Decimal || b.kind != Kind::Decimal || result.kind != Kind::Decimal) return false;
  if (op == ExprOp::Mul) return a.scale + b.scale >= result.scale;
  if (op == ExprOp::Div) return true;
  return a.scale == b.scale && result.scale == (op == ExprOp::IntDiv ? 0 : a.scale);
}

bool is_ordered(const Type& type) {
  return is_one_of(type.kind, {Kind::Int, Kind::Float, Kind::String, Kind::Timestamp, Kind::Duration, Kind::Bool,
                               Kind::Decimal, Kind::Date});
}

// Do the kinds of the arguments and the result fit the operation? Nullability is checked apart.
bool kinds_fit(const Expr& expr) {
  const auto arg = [&](size_t i) -> const Type& { return expr.args[i].type; };
  const Type& result = expr.type;
  switch (expr.op) {
    case ExprOp::Add:
    case ExprOp::Sub:
    case ExprOp::Mul:
    case ExprOp::Div:
    case ExprOp::IntDiv:
    case ExprOp::Mod:
      return arithmetic_fits(expr.op, arg(0).kind, arg(1).kind, result.kind) ||
             decimal_arithmetic_fits(expr.op, arg(0), arg(1), result);
    case ExprOp::Neg:
      return same_apart_from_null(arg(0), result) && (arg(0).is_number() || arg(0).kind == Kind::Duration);
    case ExprOp::Eq:
    case ExprOp::Ne:
      return result.kind == Kind::Bool && same_apart_from_null(arg(0), arg(1));
    case ExprOp::Lt:
    case ExprOp::Le:
    case ExprOp::Gt:
    case ExprOp::Ge:
      return result.kind == Kind::Bool && same_apart_from_null(arg(0), arg(1)) && is_ordered(arg(0));
    case ExprOp::And:
    case ExprOp::Or:
      return arg(0) == Type(Kind::Bool) && arg(1) == Type(Kind::Bool) && result.kind == Kind::Bool;
    case ExprOp::Not:
      return arg(0).kind == Kind::Bool && result.kind == Kind::Bool;
    case ExprOp::IsNull:
      return result.kind == Kind::Bool;
    case ExprOp::Coalesce:
      return arg(0).nullable && arg(1) == result && same_apart_from_null(arg(0), result);
    case ExprOp::Some:
      return !arg(0).nullable && arg(0).as_nullable() == result;
    case ExprOp::Require:
      return arg(0).nullable && arg(0).as_nullable(false) == result;
    case ExprOp::Before:
      return arg(0).kind == Kind::Timestamp && arg(0) == result;
    case ExprOp::ToFloat:
      return is_one_of(arg(0).kind, {Kind::Int, Kind::Decimal}) && result.kind == Kind::Float;
    case ExprOp::ToInt:
      return is_one_of(arg(0).kind, {Kind::Float, Kind::Decimal}) && result.kind == Kind::Int;
    case ExprOp::ToDecimal:
      return arg(0).is_number() && result.kind == Kind::Decimal;
    case ExprOp::ParseDecimal:
      return arg(0).kind == Kind::String && result.kind == Kind::Decimal && result.nullable;
    case ExprOp::ToDate:
      return arg(0).kind == Kind::Timestamp && result.kind == Kind::Date;
    case ExprOp::ToTimestamp:
      return arg(0).kind == Kind::Date && result.kind == Kind::Timestamp;
    case ExprOp::ToText:
      return result.kind == Kind::String && arg(0).kind != Kind::String && is_ordered(arg(0));
    case ExprOp::Concat:
      return result.kind == Kind::String &&
             std::ranges::all_of(expr.args, [](const Expr& a) { return a.type.kind == Kind::String; });
    case ExprOp::Index:
      return arg(0).kind == Kind::List && arg(1).kind == Kind::Int && result == arg(0).element().as_nullable();
    case ExprOp::Contains:
      return arg(1).kind == Kind::List && same_apart_from_null(arg(0), arg(1).element()) && result.kind == Kind::Bool;
  }
  return false;
}

bool nullability_fits(const Expr& expr) {
  if (expr.op == ExprOp::Coalesce || expr.op == ExprOp::Some || expr.op == ExprOp::Require ||
      expr.op == ExprOp::Index || expr.op == ExprOp::ParseDecimal)
    return true;  // part of kinds_fit
  if (!row_of(expr.op).is_strict) return !expr.type.nullable;
  return expr.type.nullable == std::ranges::any_of(expr.args, [](const Expr& a) { return a.type.nullable; });
}

class Verifier {
 public:
  explicit Verifier(const ExprScope& scope)
      : columns_(scope.columns), locals_(scope.locals), any_local_(scope.any_local) {}

  Status check(const Expr& expr) {
    for (size_t i = 0; i < expr.args.size(); ++i) {
      const bool binds = expr.kind == ExprKind::Let && i == 1;
      if (binds) locals_.push_back({expr.name, expr.args[0].type});
      const Status status = check(expr.args[i]);
      if (binds) locals_.pop_back();
      if (!status) return status;
    }
    if (expr.type.is_error()) return wrong(expr, "an expression without a type");
    if (!is_compiled(expr.type)) return wrong(expr, fmt::format("values of type {}", expr.type.to_string()));
    return check_node(expr);
  }

 private:
  Status check_node(const Expr& expr) const {
    switch (expr.kind) {
      case ExprKind::Literal:
        return fits(expr.value, expr.type) ? Status() : wrong(expr, "a literal whose value is not of its type");
      case ExprKind::Column:
        return check_column(expr);
      case ExprKind::Local:
        return check_local(expr);
      case ExprKind::Let:
        if (expr.args.size() != 2) return wrong(expr, "wrong number of arguments");
        return expr.type == expr.args[1].type ? Status() : wrong(expr, "a let whose type is not that of its body");
      case ExprKind::If:
        return check_if(expr);
      case ExprKind::Op:
        return check_op(expr);
      case ExprKind::Call:
        if (is_volatile(expr)) return wrong(expr, "a value that differs each time, and is no column of its own");
        return expr.overload.empty() ? Status(wrong(expr, "a call without a kernel")) : Status();
      case ExprKind::Field:
        return check_field(expr);
      case ExprKind::Record:
        return check_record(expr);
      case ExprKind::List:
        return check_list(expr);
    }
    return {};
  }

  Status check_column(const Expr& expr) const {
    const Field* field = columns_ == nullptr ? nullptr : columns_->find(expr.name);
    if (field == nullptr) return wrong(expr, fmt::format("no column `{}`", expr.name));
    if (field->type == expr.type) return {};
    return wrong(expr,
                 fmt::format("column `{}` is {}, not {}", expr.name, field->type.to_string(), expr.type.to_string()));
  }

  Status check_local(const Expr& expr) const {
    for (const auto& local : locals_ | std::views::reverse) {  // the innermost
      if (local.name != expr.name) continue;
      if (local.type == expr.type) return {};
      return wrong(expr, fmt::format("`${}` is {}, not {}", expr.name, local.type.to_string(), expr.type.to_string()));
    }
    return any_local_ ? Status() : wrong(expr, fmt::format("no `${}`", expr.name));
  }

  static Status check_if(const Expr& expr) {
    if (expr.args.size() != 3) return wrong(expr, "wrong number of arguments");
    if (expr.args[0].type != Type(Kind::Bool)) return wrong(expr, "a condition that is not bool");
    if (expr.args[1].type != expr.type || expr.args[2].type != expr.type)
      return wrong(expr, "an `if` whose branches differ from it in type");
    return {};
  }

  static Status check_op(const Expr& expr) {
    const auto& row = sluice::row_of(expr.op);
    if (row.arity >= 0 && expr.args.size() != static_cast<size_t>(row.arity))
      return wrong(expr, "wrong number of arguments");
    if (!kinds_fit(expr)) return wrong(expr, fmt::format("`{}` does not take arguments of these types", row.name));
    if (!nullability_fits(expr)) return wrong(expr, fmt::format("`{}` with wrong nullability", row.name));
    return {};
  }

  static Status check_field(const Expr& expr) {
    if (expr.args.size() != 1) return wrong(expr, "wrong number of arguments");
    const Type& record = expr.args[0].type;
    const auto it = std::ranges::find(record.fields, expr.name, &Field::name);
    if (record.kind != TypeKind::Record || it == record.fields.end())
      return wrong(expr, fmt::format("no field `{}`", expr.name));
    const bool is_nullable = record.nullable || it->type.nullable;
    return it->type.as_nullable(is_nullable) == expr.type ? Status() : wrong(expr, "a field of another type");
  }

  static Status check_record(const Expr& expr) {
    if (expr.type.kind != TypeKind::Record || expr.type.fields.size() != expr.args.size())
      return wrong(expr, "a record that does not have its type's fields");
    for (size_t i = 0; i < expr.args.size(); ++i)
      if (expr.args[i].type != expr.type.fields[i].type)
        return wrong(expr, fmt::format("field `{}` of another type", expr.type.fields[i].name));
    return {};
  }

  static Status check_list(const Expr& expr) {
    if (expr.type.kind != TypeKind::List) return wrong(expr, "a list that is not of list type");
    for (const auto& arg : expr.args)
      if (arg.type != expr.type.element()) return wrong(expr, "an element of another type");
    return {};
  }

  const Schema* columns_;
  std::vector<Field> locals_;
  bool any_local_;
};

}  // namespace

Status verify_expr(const Expr& expr, const ExprScope& scope) { return Verifier(scope).check(expr); }

}  // namespace sluice
