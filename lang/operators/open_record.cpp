#include "lang/operators/open_record.h"

#include <utility>

namespace sluice {

namespace {

void put_opened(Expr& expr, const std::string& record, const std::function<Expr(const std::string&)>& field) {
  if (expr.kind == ExprKind::Field && expr.args[0].kind == ExprKind::Column && expr.args[0].name == record) {
    const Span span = expr.span;
    expr = field(std::string(expr.name));
    expr.span = span;
    return;
  }
  if (expr.kind == ExprKind::Column && expr.name == record) {
    std::vector<Expr> fields;
    for (const auto& each : expr.type.fields) fields.push_back(field(each.name));
    expr = Expr::record(std::move(fields), Type(expr.type), expr.span);
    return;
  }
  for (auto& arg : expr.args) put_opened(arg, record, field);
}

}  // namespace

Expr open_record(Expr expr, const std::string& record, const std::function<Expr(const std::string&)>& field) {
  put_opened(expr, record, field);
  return expr;
}

}  // namespace sluice
