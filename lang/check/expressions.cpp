// Names, fields, conditions, `if` and `match`.
#include <algorithm>

#include "lang/check/expr_checker.h"
#include "lang/check/items.h"
#include "lang/check/modules.h"
#include "lang/operators/operator_util.h"

namespace sluice {

Env row_env(const Flow& row, const std::vector<Local>& locals) {
  Env env;
  env.row = &row;
  env.locals = locals;
  env.present = row.present;
  return env;
}

const ast::Expr& without_parens(const ast::Expr& expr) {
  const auto* paren = std::get_if<ast::Paren>(&expr.node);
  return paren == nullptr ? expr : without_parens(*paren->inner);
}

Expr ExprChecker::check(const ast::Expr& expr) {
  return std::visit([&](const auto& part) { return this->node(part, expr.span); }, expr.node);
}

Expr ExprChecker::node(const ast::Paren& paren, const Span&) { return check(*paren.inner); }

Expr ExprChecker::node(const ast::NameExpr& name, const Span& span) {
  const std::string& text = name.name.text;
  for (auto local = env_.locals.rbegin(); local != env_.locals.rend(); ++local) {
    if (local->name != text) continue;
    Expr value = local->value;
    value.span = span;
    return narrowed(std::move(value), env_.present);
  }
  if (env_.row != nullptr) {
    if (const Field* column = env_.row->schema.find(text))
      return narrowed(Expr::column(text, column->type, span), env_.present);
  }
  if (auto* definition = session_.definitions.find(text)) return value_of(*definition, span);
  report_unknown_name(name.name);
  return error_expr(span);
}

Expr ExprChecker::value_of(Definition& definition, const Span& span) {
  if (const Expr* value = value_of_item(session_, definition, span)) {
    Expr copy = *value;
    copy.span = span;
    return copy;
  }
  if (definition.as<ast::LetItem>() != nullptr || definition.as<ast::ParamItem>() != nullptr) {
    if (definition.value || definition.state != CheckState::Done || !definition.flow) return error_expr(span);
  }
  if (env_.row != nullptr && env_.row->is_broken) return error_expr(span);
  const std::string& name = definition.name.text;
  auto& report = session_.report(diag::E0212, span, name, kind_of(definition), "a value");
  if (definition.as<ast::FnItem>() != nullptr) report.with_label(fmt::format("to call it: `{}(...)`", name));
  return error_expr(span);
}

std::optional<Definition*> ExprChecker::module_member(const ast::Member& member) {
  const auto* name = std::get_if<ast::NameExpr>(&member.object->node);
  if (name == nullptr) return std::nullopt;
  const std::string& text = name->name.text;
  const bool is_local = std::ranges::find(env_.locals, text, &Local::name) != env_.locals.end();
  if (is_local || (env_.row != nullptr && env_.row->schema.find(text) != nullptr)) return std::nullopt;
  const auto module = session_.definitions.find_module(text);
  if (!module) return std::nullopt;
  return find_in_module(session_, *module, member.name);
}

void ExprChecker::report_unknown_name(const ast::Name& name) {
  if (env_.aggregates != nullptr && !env_.aggregates->input->is_broken) {
    if (env_.aggregates->input->schema.find(name.text) != nullptr) {
      session_.report(diag::E0507, name.span, name.text)
          .with_label(fmt::format("put it into an aggregate, for example max({0}), or write `per {0}`", name.text));
      return;
    }
    report_no_column(*session_.diagnostics, *env_.aggregates->input, name.text, name.span);
    return;
  }
  if (env_.row != nullptr) {
    report_no_column(*session_.diagnostics, *env_.row, name.text, name.span);
    return;
  }
  std::vector<std::string> names;
  for (const auto& local : env_.locals) names.push_back(local.name);
  for (const auto* definition : session_.definitions.visible()) {
    const auto* let = definition->as<ast::LetItem>();
    if (definition->as<ast::ParamItem>() != nullptr || (let != nullptr && let->value != nullptr))
      names.push_back(definition->name.text);
  }
  auto& report = session_.report(diag::E0204, name.span, name.text, did_you_mean(name.text, names));
  if (!env_.locals.empty()) report.with_label("here you have: " + list_names(names));
}

Expr ExprChecker::node(const ast::Member& member, const Span& span) {
  if (const auto definition = module_member(member))
    return *definition == nullptr ? error_expr(span) : value_of(**definition, span);
  Expr object = check(*member.object);
  if (object.type.is_error()) return object;
  if (object.type.kind != TypeKind::Record) {
    session_.report(diag::E0310, member.name.span, object.type.to_string(), member.name.text)
        .with_label(fmt::format("to call a function: `.{}(...)`", member.name.text));
    return error_expr(span);
  }
  if (!object.type.nullable) {
    if (member.is_safe && !object.is_op(ExprOp::Require))
      session_.report(diag::W0307, member.object->span, "?.").with_label("write `.`");
    return field_of(std::move(object), member, span);
  }
  if (!member.is_safe) {
    session_.report(diag::E0309, member.object->span, text_of(session_.sources, member.object->span), member.name.text)
        .with_label(fmt::format("write `{}?.{}`, which is null then", text_of(session_.sources, member.object->span),
                                member.name.text));
    return error_expr(span);
  }
  return if_present(session_, std::move(object), [&](const Expr& record) { return field_of(record, member, span); });
}

Expr ExprChecker::field_of(Expr record, const ast::Member& member, const Span& span) {
  const auto& fields = record.type.fields;
  const auto it = std::ranges::find(fields, member.name.text, &Field::name);
  if (it == fields.end()) {
    std::vector<std::string> names;
    for (const auto& field : fields) names.push_back(field.name);
    session_.report(diag::E0210, member.name.span, member.name.text, did_you_mean(member.name.text, names))
        .with_label("it has: " + list_names(names));
    return error_expr(span);
  }
  if (record.kind == ExprKind::Record) {
    Expr value = record.args[static_cast<size_t>(it - fields.begin())];
    value.span = span;
    return value;
  }
  const Type type = it->type;
  return narrowed(Expr::field(std::move(record), member.name.text, type, span), env_.present);
}

Expr ExprChecker::node(const ast::Index& index, const Span& span) {
  Expr list = check(*index.object);
  Expr position = check(*index.index);
  if (list.type.is_error() || position.type.is_error()) return error_expr(span);
  if (list.type.kind != TypeKind::List) {
    session_.report(diag::E0306, index.object->span, "[...]", "lists", list.type.to_string())
        .with_label("only a list has elements");
    return error_expr(span);
  }
  if (position.type.kind != TypeKind::Int) {
    session_.report(diag::E0304, index.index->span, "the position in a list", "an int", position.type.to_string())
        .with_label("0 is the first element");
    return error_expr(span);
  }
  Type type = list.type.element().as_nullable();
  return op2(ExprOp::Index, std::move(list), std::move(position), std::move(type), span);
}

Expr ExprChecker::condition(const ast::Expr& expr, std::string_view who) {
  Expr value = check(expr);
  if (value.type.is_error()) return value;
  if (value.type.kind != TypeKind::Bool) {
    auto& report =
        session_.report(diag::E0304, expr.span, fmt::format("`{}`", who), "yes or no", value.type.to_string());
    if (is_null_type(value.type))
      report.with_label("write `x is null` to ask for null");
    else
      report.with_label("compare it with something, for example with `==` or `>`");
    return error_expr(expr.span);
  }
  if (value.type.nullable) {
    report_nullable(value, expr.span, who);
    return error_expr(expr.span);
  }
  return value;
}

std::string ExprChecker::origin_of(const Expr& value) const {
  const auto place = place_of(value);
  const Flow* row = env_.aggregates != nullptr ? env_.aggregates->input : env_.row;
  if (!place || row == nullptr || value.kind != ExprKind::Column) return {};
  const auto it = row->origins.find(value.name);
  if (it == row->origins.end() || !it->second.is_valid()) return {};
  return location_text(it->second, session_.sources);
}

void ExprChecker::report_nullable(const Expr& value, const Span& span, std::string_view who) {
  // The smallest part that may be null: the column or field it comes from.
  const Expr* cause = nullptr;
  for_each(value, [&](const Expr& part) {
    if (cause == nullptr && part.type.nullable && place_of(part) && part.span.is_valid()) cause = &part;
  });
  auto& report = session_.report(diag::E0302, cause == nullptr ? span : cause->span, who);
  const std::string whole = text_of(session_.sources, span);
  if (cause == nullptr) {
    report.with_label(value.type.to_string()).with_help(fmt::format("choose a value for null: ({}) ?? false", whole));
    return;
  }
  const std::string name = text_of(session_.sources, cause->span);
  const std::string origin = origin_of(*cause);
  report.with_label(cause->type.to_string() + (origin.empty() ? "" : fmt::format(", from {}", origin)));
  if (cause == &value) {
    report.with_help(fmt::format("choose a value for null: {} ?? false", name));
    return;
  }
  if (who == "where") report.with_help(fmt::format("drop such rows first: |> where {} is not null", name));
  report.with_help(fmt::format("choose a value for null: ({}) ?? false", whole));
}

Expr ExprChecker::check_as(const ast::Expr& expr, const Type& type, std::string_view what) {
  const Expr value = check(expr);
  auto converted = convert(session_, value, type);
  if (converted) return std::move(*converted);
  auto& report = session_.report(diag::E0304, expr.span, what, type.to_string(), value.type.to_string());
  if (type.kind == TypeKind::Float && value.type.kind == TypeKind::Int)
    report.with_label(fmt::format("write float({})", text_of(session_.sources, expr.span)));
  else if (value.type.nullable && !type.nullable && value.type.kind == type.kind)
    report.with_label(fmt::format("choose a value for null: {} ?? ...", text_of(session_.sources, expr.span)));
  return error_expr(expr.span);
}

Expr ExprChecker::node(const ast::If& value, const Span& span) {
  Expr test = condition(*value.condition, "if");
  const Places before = env_.present;
  add_present(test, true, env_.present);
  std::vector<Expr> arms;
  arms.push_back(check(*value.then_value));
  env_.present = before;
  add_present(test, false, env_.present);
  arms.push_back(check(*value.else_value));
  env_.present = before;
  if (test.type.is_error()) return error_expr(span);
  const auto type = common_type(arms);
  if (!type || type->is_error()) return error_expr(span);
  const Type types[] = {arms[0].type, arms[1].type};
  auto then_value = convert(session_, std::move(arms[0]), *type);
  auto else_value = convert(session_, std::move(arms[1]), *type);
  if (!then_value || !else_value) {
    session_
        .report(diag::E0308, value.else_value->span, "the two sides of this `if`", types[0].to_string(),
                types[1].to_string())
        .with_label(types[1].to_string());
    return error_expr(span);
  }
  return Expr::if_else(std::move(test), std::move(*then_value), std::move(*else_value), span);
}

Expr ExprChecker::node(const ast::IsNull& test, const Span& span) {
  Expr value = check(*test.operand);
  if (value.type.is_error()) return value;
  if (!value.type.nullable && !is_null_type(value.type)) {
    if (env_.present.empty())
      session_
          .report(diag::W0308, test.operand->span, text_of(session_.sources, test.operand->span),
                  test.negated ? "true" : "false")
          .with_label(value.type.to_string() + ", without `?`");
    return bool_literal(test.negated, span);
  }
  Expr result = is_null_type(value.type) ? bool_literal(true, span) : is_null(std::move(value), span);
  return test.negated ? op1(ExprOp::Not, std::move(result), Type(TypeKind::Bool), span) : result;
}

Expr ExprChecker::node(const ast::IsVariant&, const Span& span) {
  session_.refuse(span, "`is` with a variant of an enum");
  return error_expr(span);
}

Expr ExprChecker::node(const ast::Lambda&, const Span& span) {
  session_.refuse(span, "a function written with `=>`");
  return error_expr(span);
}

Expr ExprChecker::match_condition(const ast::MatchArm& arm, const Expr& subject) {
  const ast::Expr& pattern = without_parens(*arm.pattern);
  const auto* binary = std::get_if<ast::Binary>(&pattern.node);
  const auto* unary = std::get_if<ast::Unary>(&pattern.node);
  Expr test;
  if (binary != nullptr && (binary->op == ast::BinaryOp::Range || binary->op == ast::BinaryOp::RangeBelow)) {
    test = in_range(subject, *binary, pattern.span);
  } else if (std::holds_alternative<ast::Literal>(pattern.node) ||
             (unary != nullptr && unary->op == ast::UnaryOp::Neg)) {
    test = compare(ast::BinaryOp::Eq, subject, check(pattern), pattern.span);
  } else {
    session_.report(diag::E0312, pattern.span).with_label("for other conditions use `if ... then ... else`");
    return error_expr(pattern.span);
  }
  // A range does not hold for null.
  if (test.type.nullable)
    test =
        op2(ExprOp::Coalesce, std::move(test), bool_literal(false, pattern.span), Type(TypeKind::Bool), pattern.span);
  return test;
}

// The arms from `first` on as nested ifs; each sees what the failed ones before it have proved.
Expr ExprChecker::match_arms(const ast::Match& match, const Expr& subject, size_t first, const Span& span) {
  const ast::MatchArm& arm = match.arms[first];
  if (arm.pattern == nullptr) return check(*arm.value);
  Expr test = match_condition(arm, subject);
  const Places before = env_.present;
  add_present(test, true, env_.present);
  std::vector<Expr> arms;
  arms.push_back(check(*arm.value));
  env_.present = before;
  if (first + 1 == match.arms.size()) return arms[0];
  add_present(test, false, env_.present);
  arms.push_back(match_arms(match, subject, first + 1, span));
  env_.present = before;
  const auto type = common_type(arms);
  if (test.type.is_error() || !type || type->is_error()) return error_expr(span);
  const Type types[] = {arms[0].type, arms[1].type};
  auto value = convert(session_, std::move(arms[0]), *type);
  auto rest = convert(session_, std::move(arms[1]), *type);
  if (!value || !rest) {
    session_
        .report(diag::E0308, match.arms[first + 1].value->span, "the results of this `match`", types[0].to_string(),
                types[1].to_string())
        .with_label(types[1].to_string());
    return error_expr(span);
  }
  return Expr::if_else(std::move(test), std::move(*value), std::move(*rest), arm.span);
}

namespace {

// true and false both stand there, which is all of bool.
bool covers_bool(const ast::Match& match, const Type& subject) {
  if (subject.kind != TypeKind::Bool || subject.nullable) return false;
  bool seen[2] = {false, false};
  for (const auto& arm : match.arms) {
    const auto* literal =
        arm.pattern == nullptr ? nullptr : std::get_if<ast::Literal>(&without_parens(*arm.pattern).node);
    if (literal != nullptr && literal->kind == ast::LiteralKind::Bool) seen[literal->integer != 0 ? 1 : 0] = true;
  }
  return seen[0] && seen[1] && match.arms.size() == 2;
}

}  // namespace

Expr ExprChecker::node(const ast::Match& match, const Span& span) {
  Expr subject = check(*match.subject);
  if (subject.type.is_error()) return subject;
  for (size_t i = 0; i + 1 < match.arms.size(); ++i) {
    if (match.arms[i].pattern != nullptr) continue;
    session_.report(diag::E0311, match.arms[i + 1].span, "the arms after `else` are never reached")
        .with_label("put `else` last");
    return error_expr(span);
  }
  const bool has_else = !match.arms.empty() && match.arms.back().pattern == nullptr;
  if (!has_else && !covers_bool(match, subject.type)) {
    session_.report(diag::E0311, span, "this `match` does not say what happens otherwise")
        .with_label("add a last arm: else -> ...");
    return error_expr(span);
  }
  return with_value(session_, std::move(subject), [&](const Expr& value) { return match_arms(match, value, 0, span); });
}

}  // namespace sluice
