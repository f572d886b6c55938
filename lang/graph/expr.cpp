#include "lang/graph/expr.h"

#include <algorithm>
#include <array>
#include <bit>

#include "lang/types/decimal_types.h"

namespace sluice {

namespace {

constexpr auto kExprOpRows = std::to_array<ExprOpRow>({
#define EXPR_OP(op, name, arity, is_strict, can_fail) {name, arity, is_strict, can_fail},
#include "lang/graph/expr_ops.def"
#undef EXPR_OP
});

// Floats by their bits: a NaN equals itself, and 0.0 is not -0.0, which a program can tell apart.
bool same_value(const LiteralValue& a, const LiteralValue& b) {
  const auto* x = std::get_if<double>(&a);
  const auto* y = std::get_if<double>(&b);
  if (x != nullptr && y != nullptr) return std::bit_cast<uint64_t>(*x) == std::bit_cast<uint64_t>(*y);
  return a == b;
}

Expr make(ExprKind kind, Type type, Span span) {
  Expr expr;
  expr.kind = kind;
  expr.type = std::move(type);
  expr.span = span;
  return expr;
}

Expr make_named(ExprKind kind, std::string name, Type type, Span span) {
  Expr expr = make(kind, std::move(type), span);
  expr.name = std::move(name);
  return expr;
}

}  // namespace

const ExprOpRow& row_of(ExprOp op) { return kExprOpRows[static_cast<size_t>(op)]; }

bool Expr::operator==(const Expr& other) const {
  if (kind != other.kind || type != other.type || name != other.name || overload != other.overload) return false;
  if (kind == ExprKind::Op && op != other.op) return false;
  if (kind == ExprKind::Call && may_fail != other.may_fail) return false;
  return same_value(value, other.value) && args == other.args;
}

Expr Expr::literal(LiteralValue value, Type type, Span span) {
  Expr expr = make(ExprKind::Literal, std::move(type), span);
  expr.value = std::move(value);
  return expr;
}

Expr Expr::null_literal(Type type, Span span) { return make(ExprKind::Literal, type.as_nullable(), span); }

Expr Expr::column(std::string name, Type type, Span span) {
  return make_named(ExprKind::Column, std::move(name), std::move(type), span);
}

Expr Expr::local(std::string name, Type type, Span span) {
  return make_named(ExprKind::Local, std::move(name), std::move(type), span);
}

Expr Expr::let(std::string name, Expr value, Expr body) {
  Expr expr = make_named(ExprKind::Let, std::move(name), body.type, body.span);
  expr.args.reserve(2);
  expr.args.push_back(std::move(value));
  expr.args.push_back(std::move(body));
  return expr;
}

Expr Expr::if_else(Expr condition, Expr then_value, Expr else_value, Span span) {
  Expr expr = make(ExprKind::If, then_value.type, span);
  expr.args.reserve(3);
  expr.args.push_back(std::move(condition));
  expr.args.push_back(std::move(then_value));
  expr.args.push_back(std::move(else_value));
  return expr;
}

Expr Expr::make_op(ExprOp op, ExprList args, Type type, Span span) {
  Expr expr = make(ExprKind::Op, std::move(type), span);
  expr.op = op;
  expr.args = std::move(args).take();
  return expr;
}

Expr Expr::call(std::string name, std::string overload, ExprList args, Type type, Span span, bool may_fail) {
  Expr expr = make_named(ExprKind::Call, std::move(name), std::move(type), span);
  expr.overload = std::move(overload);
  expr.may_fail = may_fail;
  expr.args = std::move(args).take();
  return expr;
}

Expr Expr::field(Expr record, std::string name, Type type, Span span) {
  Expr expr = make_named(ExprKind::Field, std::move(name), std::move(type), span);
  expr.args.push_back(std::move(record));
  return expr;
}

Expr Expr::record(ExprList args, Type type, Span span) {
  Expr expr = make(ExprKind::Record, std::move(type), span);
  expr.args = std::move(args).take();
  return expr;
}

Expr Expr::list(ExprList elements, Type type, Span span) {
  Expr expr = make(ExprKind::List, std::move(type), span);
  expr.args = std::move(elements).take();
  return expr;
}

void collect_columns(const Expr& expr, std::vector<std::string>& columns) {
  for_each(expr, [&](const Expr& part) {
    if (part.kind == ExprKind::Column && std::ranges::find(columns, part.name) == columns.end())
      columns.push_back(part.name);
  });
}

bool reads_column(const Expr& expr, std::string_view name) {
  if (expr.kind == ExprKind::Column && expr.name == name) return true;
  return std::ranges::any_of(expr.args, [&](const Expr& arg) { return reads_column(arg, name); });
}

namespace {

// `n % 3` has no zero to divide by, and only by -1 a quotient can overflow.
bool divides_by_safe_literal(const Expr& expr) {
  if (!expr.is_op(ExprOp::IntDiv) && !expr.is_op(ExprOp::Mod)) return false;
  const auto* divisor = expr.args[1].is_literal() ? std::get_if<int64_t>(&expr.args[1].value) : nullptr;
  return divisor != nullptr && *divisor != 0 && *divisor != -1;
}

// Where precision and scale of the result have room for every result there can be, nothing is tested.
bool decimal_can_fail(const Expr& expr) {
  const Type& a = expr.args[0].type;
  if (expr.op == ExprOp::Add || expr.op == ExprOp::Sub)
    return std::max(a.precision, expr.args[1].type.precision) >= expr.type.precision;
  if (expr.op == ExprOp::Mul) return a.precision + expr.args[1].type.precision > expr.type.precision;
  if (expr.op == ExprOp::ToDecimal) return !widens_to(a, expr.type);
  return expr.op != ExprOp::Neg;
}

}  // namespace

bool can_fail_itself(const Expr& expr) {
  if (expr.kind == ExprKind::Call) return expr.may_fail;
  if (expr.kind != ExprKind::Op || !row_of(expr.op).can_fail || divides_by_safe_literal(expr)) return false;
  if (expr.type.kind == TypeKind::Decimal) return decimal_can_fail(expr);
  // Float arithmetic follows IEEE 754 and never fails.
  return expr.op == ExprOp::ToInt || expr.type.kind != TypeKind::Float;
}

bool can_fail(const Expr& expr) {
  return can_fail_itself(expr) || std::ranges::any_of(expr.args, [](const Expr& arg) { return can_fail(arg); });
}

bool is_volatile(const Expr& expr) { return expr.kind == ExprKind::Call && expr.name == "now"; }

size_t expr_size(const Expr& expr) {
  size_t size = 1;
  for (const auto& arg : expr.args) size += expr_size(arg);
  return size;
}

namespace {

// In place: a copy per level would take the square of the depth.
void substitute(Expr& expr, const std::vector<NamedExpr>& replacements) {
  for (auto& arg : expr.args) substitute(arg, replacements);
  if (expr.kind != ExprKind::Column) return;
  const auto it = std::ranges::find(replacements, expr.name, &NamedExpr::name);
  if (it != replacements.end()) expr = it->expr;
}

}  // namespace

Expr substitute_columns(const Expr& expr, const std::vector<NamedExpr>& replacements) {
  Expr result = expr;
  substitute(result, replacements);
  return result;
}

}  // namespace sluice
