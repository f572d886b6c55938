// Functions written in Flow: a call is replaced by the body, with parameters standing for the arguments.
#include "lang/check/blocks.h"
#include "lang/check/expr_checker.h"
#include "lang/check/items.h"
#include "lang/check/types.h"
#include "lang/operators/operator_util.h"

namespace sluice {

Expr ExprChecker::block(const ast::Block& block) { return run_value_block(session_, block, env_); }

Expr ExprChecker::body(const ast::FnItem& fn) { return fn.expr != nullptr ? check(*fn.expr) : block(*fn.block); }

namespace {

// Arguments bound to the parameters of one call.
struct BoundCall {
  std::vector<Local> locals;
  std::vector<std::pair<std::string, Expr>> lets;  // around the result
  std::vector<Expr> guards;                        // null here makes the result null
  bool has_error = false;
};

void bind_param(Session& session, const ast::FnItem& fn, const ast::Param& param, const Type& type, Expr arg,
                BoundCall& call) {
  auto converted = convert(session, arg, type, Widening::IntToFloat);
  // Null flows through a function whose parameter is never null.
  const bool is_guarded = !converted && arg.type.nullable && !type.nullable && !is_null_type(arg.type);
  if (is_guarded) converted = convert(session, required(arg), type, Widening::IntToFloat);
  if (!converted || arg.type.is_error()) {
    call.has_error = true;
    if (!converted)
      session.report(diag::E0304, arg.span, fmt::format("`{}`", fn.name.text), type.to_string(), arg.type.to_string())
          .with_label(fmt::format("`{}` is {}", param.name.text, type.to_string()));
    return;
  }
  Expr value = std::move(*converted);
  if (is_guarded) {
    Expr guard = arg;
    if (!is_trivial(arg)) {
      guard = Expr::local(session.fresh(param.name.text), arg.type, arg.span);
      call.lets.emplace_back(guard.name, arg);
    }
    value = convert(session, required(guard), type, Widening::IntToFloat).value_or(error_expr(arg.span));
    call.guards.push_back(std::move(guard));
  }
  if (!is_trivial(value)) {
    const Expr local = Expr::local(session.fresh(param.name.text), value.type, value.span);
    // Inside the guards, which the value may need; lets without guards stand outside just as well.
    call.lets.emplace_back(local.name, std::move(value));
    value = local;
  }
  call.locals.push_back({param.name.text, std::move(value)});
}

// The body's value as the declared result.
Expr as_result(Session& session, const ast::FnItem& fn, Expr value) {
  const Type type = resolve_type(session, *fn.result);
  auto converted = convert(session, value, type);
  if (converted) return std::move(*converted);
  const Span& span = fn.expr != nullptr ? fn.expr->span : fn.block->span;
  session
      .report(diag::E0304, span, fmt::format("the result of `{}`", fn.name.text), type.to_string(),
              value.type.to_string())
      .with_label(value.type.to_string());
  return error_expr(span);
}

}  // namespace

Expr ExprChecker::function_call(Definition& definition, const std::vector<ast::Arg>& args, const Span& span) {
  const auto& fn = *definition.as<ast::FnItem>();
  if (fn.pipeline != nullptr) {
    session_.report(diag::E0515, span, fn.name.text)
        .with_label(fmt::format("use it as a step: |> {}(...)", fn.name.text));
    return error_expr(span);
  }
  std::vector<ParamSlot> slots;
  for (const auto& param : fn.params) slots.push_back({param.name.text, param.default_value != nullptr});
  const auto bound = bind_args(session_, fn.name.text, span, slots, args);
  if (!bound) return error_expr(span);
  BoundCall call;
  for (size_t i = 0; i < fn.params.size(); ++i) {
    const auto& param = fn.params[i];
    const bool is_given = (*bound)[i] != nullptr;
    Expr arg = is_given ? check(*(*bound)[i]->value) : error_expr(span);
    const InScopeOf scope(session_, definition);
    const Type type = resolve_type(session_, *param.type);
    if (!is_given) arg = ExprChecker(session_, Env()).check(*param.default_value);
    if (type.is_error())
      call.has_error = true;
    else
      bind_param(session_, fn, param, type, std::move(arg), call);
  }
  const Expansion expansion(session_, definition, span);
  if (expansion.is_recursive() || !session_.may_expand(span)) return error_expr(span);
  if (call.has_error) return error_expr(span);
  const InScopeOf scope(session_, definition);
  Env env;
  env.locals = std::move(call.locals);
  env.present = env_.present;
  Expr result = ExprChecker(session_, std::move(env)).body(fn);
  if (fn.result != nullptr) result = as_result(session_, fn, std::move(result));
  if (result.type.is_error()) return error_expr(span);
  for (auto guard = call.guards.rbegin(); guard != call.guards.rend(); ++guard) {
    result = some(std::move(result));
    Expr absent = Expr::null_literal(result.type, span);
    result = Expr::if_else(is_null(*guard, span), std::move(absent), std::move(result), span);
  }
  for (auto let = call.lets.rbegin(); let != call.lets.rend(); ++let)
    result = Expr::let(let->first, std::move(let->second), std::move(result));
  return result;
}

}  // namespace sluice
