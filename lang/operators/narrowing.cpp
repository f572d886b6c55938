#include "lang/operators/narrowing.h"

#include <algorithm>

namespace sluice {

namespace {

constexpr char kFieldMark = '\x1f';  // between a record and its field
constexpr char kLocalMark = '\x1e';  // in front of a local: columns and locals may have the same name

bool is_null_literal(const Expr& expr) {
  return expr.is_literal() && std::holds_alternative<std::monostate>(expr.value);
}

}  // namespace

std::string column_place(const std::string& column) { return column; }

bool is_below_column(const std::string& place, const std::string& column) {
  return place == column || place.starts_with(column + kFieldMark);
}

std::optional<std::string> place_of(const Expr& expr) {
  if (expr.kind == ExprKind::Column) return column_place(expr.name);
  if (expr.kind == ExprKind::Local) return kLocalMark + expr.name;
  if (expr.is_op(ExprOp::Require) || expr.is_op(ExprOp::Some)) return place_of(expr.args[0]);
  if (expr.kind == ExprKind::Field) {
    auto record = place_of(expr.args[0]);
    if (record) *record += kFieldMark + expr.name;
    return record;
  }
  return std::nullopt;
}

void add_present_in(const Expr& value, Places& places) {
  if (const auto place = place_of(value)) {
    places.insert(*place);
    return;
  }
  // `a?.b` and calls of functions with a nullable argument: null when the condition holds.
  if (value.kind == ExprKind::If && value.args[0].is_op(ExprOp::IsNull) && is_null_literal(value.args[1])) {
    add_present_in(value.args[0].args[0], places);
    add_present_in(value.args[2], places);
    return;
  }
  const bool passes_null_on = value.is_op(ExprOp::Some) || value.kind == ExprKind::Call ||
                              (value.kind == ExprKind::Op && row_of(value.op).is_strict);
  if (passes_null_on)
    for (const auto& arg : value.args) add_present_in(arg, places);
}

void add_present(const Expr& condition, bool outcome, Places& places) {
  if (condition.kind == ExprKind::Let) return add_present(condition.args[1], outcome, places);
  if (condition.kind != ExprKind::Op) return;
  const bool is_equal = condition.op == ExprOp::Eq;
  if (condition.op == ExprOp::Not) {
    add_present(condition.args[0], !outcome, places);
  } else if ((condition.op == ExprOp::And && outcome) || (condition.op == ExprOp::Or && !outcome)) {
    for (const auto& arg : condition.args) add_present(arg, outcome, places);
  } else if (condition.op == ExprOp::IsNull && !outcome) {
    add_present_in(condition.args[0], places);
  } else if ((is_equal && outcome) || (condition.op == ExprOp::Ne && !outcome)) {
    // Equal to something that is there.
    if (!condition.args[1].type.nullable) add_present_in(condition.args[0], places);
    if (!condition.args[0].type.nullable) add_present_in(condition.args[1], places);
  }
}

Expr narrowed(Expr expr, const Places& places) {
  if (!expr.type.nullable) return expr;
  const auto place = place_of(expr);
  if (!place || !places.contains(*place)) return expr;
  if (expr.is_op(ExprOp::Some)) return expr.args[0];
  Type type = expr.type.as_nullable(false);
  const Span span = expr.span;
  std::vector<Expr> args;
  args.push_back(std::move(expr));
  return Expr::make_op(ExprOp::Require, std::move(args), std::move(type), span);
}

}  // namespace sluice
