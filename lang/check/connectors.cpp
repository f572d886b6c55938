#include "lang/check/connectors.h"

#include <algorithm>

#include "lang/operators/operator_util.h"

namespace sluice {

namespace {

std::vector<std::string> connectors_for(const ConnectorCatalog& catalog, Direction direction) {
  std::vector<std::string> names;
  for (const auto& entry : catalog.entries())
    if (direction == Direction::Read ? entry.can_read : entry.can_write) names.push_back(entry.name);
  return names;
}

std::string list_options(const ConnectorEntry& entry) {
  std::string text;
  for (const auto& param : entry.params)
    text += fmt::format("{}{}: {}", text.empty() ? "" : ", ", param.name, param.type.to_string());
  return fmt::format("`{}({})`", entry.name, text);
}

std::optional<LiteralValue> fold_add(const Expr& expr, const LiteralValue& a, const LiteralValue& b) {
  const auto* x = std::get_if<int64_t>(&a);
  const auto* y = std::get_if<int64_t>(&b);
  if (x == nullptr || y == nullptr) return std::nullopt;
  int64_t result = 0;
  const bool overflows = expr.op == ExprOp::Add   ? __builtin_add_overflow(*x, *y, &result)
                         : expr.op == ExprOp::Sub ? __builtin_sub_overflow(*x, *y, &result)
                                                  : __builtin_mul_overflow(*x, *y, &result);
  if (overflows) return std::nullopt;
  return result;
}

std::optional<LiteralValue> fold_concat(const Expr& expr) {
  std::string text;
  for (const auto& arg : expr.args) {
    const auto part = constant_value(arg);
    if (!part || !std::holds_alternative<std::string>(*part)) return std::nullopt;
    text += std::get<std::string>(*part);
  }
  return text;
}

}  // namespace

std::optional<LiteralValue> constant_value(const Expr& expr) {
  if (expr.is_literal()) return expr.value;
  if (expr.kind != ExprKind::Op) return std::nullopt;
  if (expr.op == ExprOp::Concat) return fold_concat(expr);
  if (expr.op == ExprOp::Some) return constant_value(expr.args[0]);
  if (expr.op == ExprOp::ToText && expr.args[0].type.kind == TypeKind::Int) {
    const auto value = constant_value(expr.args[0]);
    if (value && std::holds_alternative<int64_t>(*value)) return std::to_string(std::get<int64_t>(*value));
    return std::nullopt;
  }
  if (expr.op != ExprOp::Add && expr.op != ExprOp::Sub && expr.op != ExprOp::Mul) return std::nullopt;
  const auto left = constant_value(expr.args[0]);
  const auto right = constant_value(expr.args[1]);
  if (!left || !right) return std::nullopt;
  return fold_add(expr, *left, *right);
}

namespace {

std::optional<LiteralValue> check_option(Session& session, const ConnectorEntry& entry, const ConnectorParam& param,
                                         const ast::Arg& arg, const std::vector<Local>& locals) {
  Env env;
  env.locals = locals;
  const Expr value = ExprChecker(session, std::move(env)).check(*arg.value);
  if (value.type.is_error()) return std::nullopt;
  const auto converted = convert(session, value, param.type);
  if (!converted) {
    session
        .report(diag::E0304, arg.value->span, fmt::format("`{}` of `{}`", param.name, entry.name),
                param.type.to_string(), value.type.to_string())
        .with_label(param.type.kind == TypeKind::String ? "write it in quotes" : "it is " + list_options(entry));
    return std::nullopt;
  }
  auto constant = constant_value(*converted);
  if (!constant)
    session.report(diag::E0314, arg.value->span, fmt::format("`{}` of `{}`", param.name, entry.name))
        .with_label("use literals and `param`s only");
  return constant;
}

}  // namespace

std::optional<ConnectorCall> check_connector(Session& session, const ast::Name& name, const std::vector<ast::Arg>& args,
                                             const Span& span, Direction direction, const std::vector<Local>& locals) {
  const auto* entry = session.connectors.find(name.text);
  const auto fitting = connectors_for(session.connectors, direction);
  if (entry == nullptr) {
    session.report(diag::E0701, name.span, name.text, did_you_mean(name.text, fitting))
        .with_label("there are: " + list_names(fitting));
    return std::nullopt;
  }
  if (direction == Direction::Read ? !entry->can_read : !entry->can_write) {
    session.report(diag::E0702, name.span, name.text, direction == Direction::Read ? "read" : "write")
        .with_label(fmt::format("{} with: {}", direction == Direction::Read ? "read" : "write", list_names(fitting)));
    return std::nullopt;
  }
  std::vector<ParamSlot> slots;
  for (const auto& param : entry->params) slots.push_back({param.name, param.default_value.has_value()});
  const auto bound = bind_args(session, name.text, span, slots, args);
  if (!bound) return std::nullopt;
  ConnectorCall call;
  call.connector = entry;
  bool is_ok = true;
  for (size_t i = 0; i < entry->params.size(); ++i) {
    const auto& param = entry->params[i];
    auto value =
        (*bound)[i] == nullptr ? param.default_value : check_option(session, *entry, param, *(*bound)[i], locals);
    is_ok = is_ok && value;
    if (value) call.options.push_back({param.name, std::move(*value)});
  }
  if (!is_ok) return std::nullopt;
  const auto fault = entry->check_options ? entry->check_options(call.options, direction) : std::nullopt;
  if (!fault) return call;
  const auto at = std::ranges::find(entry->params, fault->option, &ConnectorParam::name) - entry->params.begin();
  const auto* arg = (*bound)[static_cast<size_t>(at)];
  auto& report =
      session.report(diag::E0713, arg == nullptr ? span : arg->value->span, fault->option, entry->name, fault->text);
  const auto* text = std::get_if<std::string>(&call.options[static_cast<size_t>(at)].value);
  const bool is_visible = arg != nullptr && std::holds_alternative<ast::Literal>(arg->value->node);
  if (text != nullptr && !is_visible) report.with_label(fmt::format("it is `{}`", *text));
  return std::nullopt;
}

std::optional<ConnectorCall> rows_of_test(Session& session, const std::string& name) {
  const auto* json = session.connectors.find("json");
  if (json == nullptr) return std::nullopt;
  return ConnectorCall{json, {{"path", name}}};
}

std::optional<ConnectorCall> check_connector(Session& session, const ast::Expr& expr, Direction direction,
                                             const std::vector<Local>& locals) {
  if (const auto* name = std::get_if<ast::NameExpr>(&expr.node))
    return check_connector(session, name->name, {}, expr.span, direction, locals);
  if (const auto* call = std::get_if<ast::Call>(&expr.node)) {
    if (const auto* name = std::get_if<ast::NameExpr>(&call->callee->node))
      return check_connector(session, name->name, call->args, expr.span, direction, locals);
  }
  session.report(diag::E0703, expr.span, direction == Direction::Read ? "a source" : "a sink")
      .with_label(direction == Direction::Read ? "for example csv(\"in.csv\")"
                                               : "for example csv(\"out.csv\") or print()");
  return std::nullopt;
}

}  // namespace sluice
