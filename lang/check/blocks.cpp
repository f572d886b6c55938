#include "lang/check/blocks.h"

#include <algorithm>

#include "lang/check/locals.h"
#include "lang/operators/operator_util.h"

namespace sluice {

namespace {

void refuse_statement(Session& session, const ast::Stmt& stmt) {
  if (std::holds_alternative<ast::ForStmt>(stmt.node)) return session.refuse(stmt.span, "`for`");
  session.report(diag::E0513, stmt.span).with_label("only a `process` emits rows and has timers");
}

Local* find_local(Env& env, const std::string& name) {
  const auto it = std::find_if(env.locals.rbegin(), env.locals.rend(), [&](const Local& l) { return l.name == name; });
  return it == env.locals.rend() ? nullptr : &*it;
}

// The value that `set` stores; an Error when it was reported.
Expr set_value(Session& session, const ast::SetStmt& set, Env& env) {
  ExprChecker checker(session, env);
  Expr value = checker.check(*set.value);
  const Span& span = set.value->span;
  if (!set.target.path.empty()) {
    session.refuse(set.target.span, "`set` of a part");
    return error_expr(span);
  }
  const Local* local = find_local(env, set.target.root.text);
  if (local == nullptr) {
    std::vector<std::string> names;
    for (const auto& each : env.locals) names.push_back(each.name);
    session.report(diag::E0204, set.target.span, set.target.root.text, did_you_mean(set.target.root.text, names))
        .with_label("`set` changes a `state` or a `let` of this block");
    return error_expr(span);
  }
  const Type type = local->value.type;
  if (set.op != ast::SetOp::Assign) {
    const auto op = set.op == ast::SetOp::Add   ? ast::BinaryOp::Add
                    : set.op == ast::SetOp::Sub ? ast::BinaryOp::Sub
                                                : ast::BinaryOp::Mul;
    Expr old = local->value;
    old.span = set.target.span;
    value = checker.arithmetic(op, std::move(old), std::move(value), set.target.span, cover(set.target.span, span));
  }
  auto converted = convert(session, value, type);
  if (converted) return std::move(*converted);
  session.report(diag::E0304, span, fmt::format("`{}`", set.target.root.text), type.to_string(), value.type.to_string())
      .with_label(type.kind == TypeKind::Float && value.type.kind == TypeKind::Int
                      ? fmt::format("write float({})", text_of(session.sources, span))
                      : std::string());
  return error_expr(span);
}

// ---- blocks with effects ----

class EffectRunner {
 public:
  explicit EffectRunner(Session& session) : session_(session) {}

  void run(const ast::Block& block, Env& env) {
    const std::vector<Local> before = env.locals;
    const Places present = env.present;
    std::vector<Binding> bindings;
    for (const auto* stmt : block.stmts) run(*stmt, env, bindings);
    env.locals.resize(before.size());
    env.present = present;
    // What this block bound is not known outside: the values take it along.
    for (size_t i = 0; i < before.size(); ++i) {
      if (env.locals[i].value == before[i].value) continue;
      for (auto binding = bindings.rbegin(); binding != bindings.rend(); ++binding)
        env.locals[i].value = wrap(std::move(env.locals[i].value), *binding);
    }
  }

  void run(const ast::Stmt& stmt, Env& env, std::vector<Binding>& bindings) {
    if (const auto* let = std::get_if<ast::LetStmt>(&stmt.node)) {
      Expr value = ExprChecker(session_, env).check(*let->value);
      env.locals.push_back({let->name.text, bind(let->name.text, std::move(value), bindings)});
    } else if (const auto* set = std::get_if<ast::SetStmt>(&stmt.node)) {
      Expr value = set_value(session_, *set, env);
      Local* target = find_local(env, set->target.root.text);
      if (target != nullptr && !value.type.is_error()) target->value = bind(target->name, std::move(value), bindings);
    } else if (const auto* test = std::get_if<ast::IfStmt>(&stmt.node)) {
      branch(*test, stmt.span, env, bindings);
    } else if (std::holds_alternative<ast::ReturnStmt>(stmt.node)) {
      session_.report(diag::E0514, stmt.span).with_label("the result is made in `finish`");
    } else {
      refuse_statement(session_, stmt);
    }
  }

 private:
  void branch(const ast::IfStmt& test, const Span& span, Env& env, std::vector<Binding>& bindings) {
    Expr condition = ExprChecker(session_, env).condition(*test.condition, "if");
    Env then_env = env;
    Env else_env = env;
    add_present(condition, true, then_env.present);
    add_present(condition, false, else_env.present);
    run(test.then_block, then_env);
    if (test.else_block) run(*test.else_block, else_env);
    if (test.else_if != nullptr) {
      std::vector<Binding> inner;
      const std::vector<Local> before = else_env.locals;
      run(*test.else_if, else_env, inner);
      for (auto& local : else_env.locals)
        for (auto binding = inner.rbegin(); binding != inner.rend(); ++binding)
          local.value = wrap(std::move(local.value), *binding);
    }
    if (condition.type.is_error()) return;
    condition = bind("if", std::move(condition), bindings);
    for (size_t i = 0; i < env.locals.size(); ++i) {
      const Expr& a = then_env.locals[i].value;
      const Expr& b = else_env.locals[i].value;
      if (a == env.locals[i].value && b == env.locals[i].value) continue;
      env.locals[i].value = Expr::if_else(condition, a, b, span);
    }
  }

  Expr bind(const std::string& name, Expr value, std::vector<Binding>& bindings) {
    if (is_trivial(value) || value.type.is_error()) return value;
    bindings.push_back({session_.fresh(name), std::move(value)});
    return Expr::local(bindings.back().name, bindings.back().value.type, bindings.back().value.span);
  }

  Session& session_;
};

void run_effect_statement(Session& session, const ast::Stmt& stmt, Env& env, std::vector<Binding>& bindings) {
  EffectRunner(session).run(stmt, env, bindings);
}

bool returns_somewhere(const ast::Stmt& stmt) {
  const auto in_block = [](const ast::Block& block) {
    return std::ranges::any_of(block.stmts, [](const ast::Stmt* inner) { return returns_somewhere(*inner); });
  };
  if (std::holds_alternative<ast::ReturnStmt>(stmt.node)) return true;
  const auto* test = std::get_if<ast::IfStmt>(&stmt.node);
  if (test == nullptr) return false;
  return in_block(test->then_block) || (test->else_block && in_block(*test->else_block)) ||
         (test->else_if != nullptr && returns_somewhere(*test->else_if));
}

// ---- blocks with a value ----

class ValueRunner {
 public:
  explicit ValueRunner(Session& session) : session_(session) {}

  // What is left to run: statements, and where a nested block ended (its lets go out of scope).
  struct Todo {
    const ast::Stmt* stmt = nullptr;
    size_t locals = 0;
  };
  using Todos = std::vector<Todo>;  // the next one last

  Expr run(Todos todo, Env env, const Span& end) {
    while (!todo.empty()) {
      const Todo next = todo.back();
      todo.pop_back();
      if (!session_.may_expand(end)) return error_expr(end);
      if (next.stmt == nullptr) {
        env.locals.resize(std::min(env.locals.size(), next.locals));
        continue;
      }
      if (const auto* result = std::get_if<ast::ReturnStmt>(&next.stmt->node))
        return ExprChecker(session_, std::move(env)).check(*result->value);
      if (const auto* let = std::get_if<ast::LetStmt>(&next.stmt->node)) {
        Expr value = ExprChecker(session_, env).check(*let->value);
        return with_binding(let->name.text, std::move(value), [&](const Expr& bound) {
          env.locals.push_back({let->name.text, bound});
          return run(std::move(todo), std::move(env), end);
        });
      }
      if (const auto* set = std::get_if<ast::SetStmt>(&next.stmt->node)) {
        Expr value = set_value(session_, *set, env);
        Local* target = find_local(env, set->target.root.text);
        if (target == nullptr) return error_expr(end);
        return with_binding(target->name, std::move(value), [&](const Expr& bound) {
          target->value = bound;
          return run(std::move(todo), std::move(env), end);
        });
      }
      if (const auto* test = std::get_if<ast::IfStmt>(&next.stmt->node)) {
        if (returns_somewhere(*next.stmt)) return branch(*test, next.stmt->span, std::move(todo), env, end);
        // What is behind it need not be run for both outcomes.
        std::vector<Binding> bindings;
        run_effect_statement(session_, *next.stmt, env, bindings);
        Expr rest = run(std::move(todo), std::move(env), end);
        for (auto binding = bindings.rbegin(); binding != bindings.rend(); ++binding)
          rest = wrap(std::move(rest), *binding);
        return rest;
      }
      refuse_statement(session_, *next.stmt);
      return error_expr(end);
    }
    session_.report(diag::E0508, end).with_label("say what the result is: return ...");
    return error_expr(end);
  }

  static Todos todo_of(const ast::Block& block) {
    Todos todo;
    for (auto it = block.stmts.rbegin(); it != block.stmts.rend(); ++it) todo.push_back({*it, 0});
    return todo;
  }

 private:
  Expr with_binding(const std::string& name, Expr value, const std::function<Expr(const Expr&)>& rest) {
    if (is_trivial(value) || value.type.is_error()) return rest(value);
    Binding binding{session_.fresh(name), std::move(value)};
    Expr body = rest(Expr::local(binding.name, binding.value.type, binding.value.span));
    return wrap(std::move(body), binding);
  }

  static Todos before(const ast::Block* block, const ast::Stmt* stmt, Todos rest, size_t locals) {
    rest.push_back({nullptr, locals});
    if (stmt != nullptr) rest.push_back({stmt, 0});
    if (block != nullptr)
      for (auto it = block->stmts.rbegin(); it != block->stmts.rend(); ++it) rest.push_back({*it, 0});
    return rest;
  }

  Expr branch(const ast::IfStmt& test, const Span& span, Todos todo, const Env& env, const Span& end) {
    Expr condition = ExprChecker(session_, env).condition(*test.condition, "if");
    Env then_env = env;
    Env else_env = env;
    add_present(condition, true, then_env.present);
    add_present(condition, false, else_env.present);
    const size_t locals = env.locals.size();
    const ast::Block* else_block = test.else_block ? &*test.else_block : nullptr;
    std::vector<Expr> arms;
    arms.push_back(run(before(&test.then_block, nullptr, todo, locals), std::move(then_env), end));
    arms.push_back(run(before(else_block, test.else_if, std::move(todo), locals), std::move(else_env), end));
    const auto type = common_type(arms);
    if (condition.type.is_error() || !type || type->is_error()) return error_expr(span);
    const Type types[] = {arms[0].type, arms[1].type};
    const Span else_span = arms[1].span;
    auto then_value = convert(session_, std::move(arms[0]), *type);
    auto else_value = convert(session_, std::move(arms[1]), *type);
    if (then_value && else_value)
      return Expr::if_else(std::move(condition), std::move(*then_value), std::move(*else_value), span);
    session_.report(diag::E0308, else_span, "the results of this block", types[0].to_string(), types[1].to_string())
        .with_label(types[1].to_string());
    return error_expr(span);
  }

  Session& session_;
};

}  // namespace

Expr run_value_block(Session& session, const ast::Block& block, Env env) {
  Span end = block.span;  // its last character, the `}`
  if (end.end.column > 1) end.begin = Position{end.end.line, end.end.column - 1};
  return ValueRunner(session).run(ValueRunner::todo_of(block), std::move(env), end);
}

void run_effect_block(Session& session, const ast::Block& block, Env& env) { EffectRunner(session).run(block, env); }

}  // namespace sluice
