#include "lang/check/aggregate_definition.h"

#include <algorithm>

#include "lang/check/blocks.h"
#include "lang/operators/operator_util.h"
#include "lang/support/decimal.h"
#include "lang/types/decimal_types.h"

namespace sluice {

using ast::MemberKind;

namespace {

Expr local_of(const std::string& name, const Type& type, const Span& span) { return Expr::local(name, type, span); }

// Row errors inside the standard library belong to the call: people look at their own program.
void move_to(AggregateCall& call, const Span& span) {
  const auto move = [&](Expr& part) { part.span = span; };
  for (auto& state : call.states) {
    for_each(state.init, move);
    for_each(state.step, move);
    if (state.merge) for_each(*state.merge, move);
    if (state.retract) for_each(*state.retract, move);
  }
  for_each(call.finish, move);
}

// 0: exactly these types; 1: with a type variable or int as float; 2: not at all.
int misfit(Session& session, const ast::AggItem& agg, const std::vector<Expr>& args) {
  int worst = agg.params.size() == args.size() ? 0 : 2;
  for (size_t i = 0; worst < 2 && i < args.size(); ++i) {
    if (type_variable(session, *agg.params[i].type) != nullptr) {
      worst = std::max(worst, 1);
      continue;
    }
    if (is_any_decimal(*agg.params[i].type)) {
      if (args[i].type.kind != TypeKind::Decimal) worst = 2;
      continue;
    }
    const Type type = resolve_type(session, *agg.params[i].type);
    const bool widens = type.kind == TypeKind::Float && args[i].type.kind == TypeKind::Int;
    if (type.kind != args[i].type.kind) worst = std::max(worst, widens ? 1 : 2);
  }
  return worst;
}

}  // namespace

bool is_any_decimal(const ast::TypeExpr& type) {
  const auto* named = std::get_if<ast::NamedType>(&type.node);
  return named != nullptr && named->path.parts.size() == 1 && named->path.parts.front().text == "decimal";
}

Definition* choose_overload(Session& session, Definition& first, const std::vector<Expr>& args, const Span& span) {
  if (first.next_overload == nullptr) return &first;
  Definition* best = &first;
  for (Definition* next = first.next_overload; next != nullptr; next = next->next_overload)
    if (misfit(session, *next->as<ast::AggItem>(), args) < misfit(session, *best->as<ast::AggItem>(), args))
      best = next;
  if (misfit(session, *best->as<ast::AggItem>(), args) < 2) return best;
  std::string takes;
  for (const Definition* each = &first; each != nullptr; each = each->next_overload)
    for (const auto& param : each->as<ast::AggItem>()->params)
      takes += (takes.empty() ? "" : ", ") +
               (is_any_decimal(*param.type) ? "decimal" : resolve_type(session, *param.type).to_string());
  std::string given;
  for (const auto& arg : args) given += (given.empty() ? "" : ", ") + arg.type.as_nullable(false).to_string();
  session.report(diag::E0504, args.empty() ? span : args.front().span, first.name.text, given)
      .with_label("it takes " + takes);
  return nullptr;
}

const ast::MemberItem* AggregateDefinition::member(MemberKind kind) const {
  const auto it = std::ranges::find(agg_.members, kind, &ast::MemberItem::kind);
  return it == agg_.members.end() ? nullptr : &*it;
}

std::optional<AggregateDefinition::BoundArgs> AggregateDefinition::bind(std::vector<Expr> values, const Span& span) {
  BoundArgs bound;
  for (size_t i = 0; i < agg_.params.size(); ++i) {
    const ast::Param& param = agg_.params[i];
    Expr value = std::move(values[i]);
    if (const auto* variable = type_variable(session_, *param.type); variable != nullptr && !is_null_type(value.type)) {
      Type type = value.type.as_nullable(false);
      const auto [it, is_new] = variables_.emplace(*variable, type);
      // The same variable twice: int gives way to float.
      if (!is_new && it->second.kind == TypeKind::Int && type.kind == TypeKind::Float) it->second = std::move(type);
    }
    if (is_any_decimal(*param.type)) {
      // What is no number does not convert to it, which is reported below.
      const Type decimal = value.type.kind == TypeKind::Decimal ? value.type.as_nullable(false) : decimal_of_int();
      variables_.insert_or_assign("decimal", decimal);
      variables_.insert_or_assign("wide_decimal", decimal_type(kMaxDecimalDigits, decimal.scale));
    }
    const Type type = resolve_type(session_, *param.type, &variables_);
    if (type.is_error()) return std::nullopt;
    if (value.type.nullable && !type.nullable && !is_null_type(value.type)) {
      const Span at = value.span;
      bound.present_tests.push_back(op1(ExprOp::Not, is_null(value, at), Type(TypeKind::Bool), at));
      value = required(std::move(value));
    }
    auto converted = convert(session_, value, type, Widening::IntToFloat);
    if (!converted) {
      session_
          .report(diag::E0304, value.span, fmt::format("`{}`", agg_.name.text), type.to_string(),
                  value.type.to_string())
          .with_label(fmt::format("`{}` is {}", param.name.text, type.to_string()));
      return std::nullopt;
    }
    bound.args.push_back({param.name.text, std::move(*converted)});
  }
  (void)span;
  return bound;
}

std::optional<AggregateCall> AggregateDefinition::expand(BoundArgs args, const Span& span) {
  const Expansion expansion(session_, definition_, span);
  const InScopeOf scope(session_, definition_);
  if (expansion.is_recursive()) return std::nullopt;
  if (variables_.empty() && !definition_.is_standard) return expand_reporting(std::move(args));
  // What is wrong inside is wrong with these arguments: say so at the call.
  std::string types;
  for (const auto& arg : args.args) types += (types.empty() ? "" : ", ") + arg.expr.type.to_string();
  std::optional<AggregateCall> call;
  std::optional<Diagnostic> first;
  {
    const CapturedDiagnostics captured(session_);
    call = expand_reporting(std::move(args));
    if (captured.captured().has_errors()) first = captured.captured().sorted().front();
  }
  if (!first) {
    if (call && definition_.is_standard) move_to(*call, span);
    return call;
  }
  session_.report(diag::E0504, span, agg_.name.text, types)
      .with_label(definition_.is_standard ? "inside it, " + first->message
                                          : fmt::format("in its definition ({}): {}",
                                                        location_text(first->span, session_.sources), first->message));
  return std::nullopt;
}

std::optional<AggregateCall> AggregateDefinition::expand_reporting(BoundArgs args) {
  AggregateCall call;
  call.function = agg_.name.text;
  call.args = std::move(args.args);
  const size_t errors = session_.diagnostics->error_count();
  if (!check_members() || !check_states(call)) return std::nullopt;
  run_step(call);
  run_merge(call);
  run_retract(call);
  if (!run_finish(call) || session_.diagnostics->error_count() != errors) return std::nullopt;
  return call;
}

bool AggregateDefinition::check_members() {
  bool is_ok = true;
  auto report_missing = [&](std::string_view what, std::string_view how) {
    session_.report(diag::E0517, agg_.name.span, agg_.name.text, what).with_label(std::string(how));
    is_ok = false;
  };
  if (member(MemberKind::State) == nullptr) report_missing("`state`", "for example state n: int = 0");
  if (member(MemberKind::Step) == nullptr) report_missing("`step`", "say what each row changes: step { set n += 1 }");
  if (member(MemberKind::Finish) == nullptr) report_missing("`finish`", "say what the result is: finish { return n }");
  for (const auto& part : agg_.members) {
    if (part.kind == MemberKind::Timer || part.kind == MemberKind::On) {
      session_.report(diag::E0513, part.span).with_label("only a `process` emits rows and has timers");
      is_ok = false;
    }
    if (part.kind == MemberKind::State && part.keep != nullptr) {
      session_.refuse(part.keep->span, "`keep` of a state");
      is_ok = false;
    }
  }
  return is_ok;
}

std::vector<Local> AggregateDefinition::args_as_locals(const AggregateCall& call) const {
  std::vector<Local> locals;
  for (const auto& arg : call.args) locals.push_back({arg.name, local_of(arg.name, arg.expr.type, arg.expr.span)});
  return locals;
}

std::vector<Local> AggregateDefinition::states_as_locals(const AggregateCall& call) const {
  std::vector<Local> locals;
  for (const auto& state : call.states)
    locals.push_back({state.name, local_of(state.name, state.type, agg_.name.span)});
  return locals;
}

bool AggregateDefinition::check_states(AggregateCall& call) {
  bool is_ok = true;
  Env env;
  env.locals = args_as_locals(call);
  for (const auto& part : agg_.members) {
    if (part.kind != MemberKind::State) continue;
    const std::string& name = part.name.text;
    const bool is_taken = std::ranges::any_of(env.locals, [&](const Local& l) { return l.name == name; }) ||
                          std::ranges::any_of(call.states, [&](const AggregateState& s) { return s.name == name; });
    if (is_taken) {
      session_.report(diag::E0208, part.name.span, name).with_label("states and parameters need different names");
      is_ok = false;
      continue;
    }
    AggregateState state;
    state.name = name;
    state.type = resolve_type(session_, *part.type, &variables_);
    is_ok = is_ok && !state.type.is_error();
    if (part.init != nullptr) {
      state.init = ExprChecker(session_, env).check_as(*part.init, state.type, "this state");
    } else if (state.type.nullable) {
      state.init = Expr::null_literal(state.type, part.span);
    } else {
      session_.report(diag::E0517, part.name.span, name, "a first value").with_label("for example `= 0`");
      is_ok = false;
    }
    state.step = local_of(name, state.type, part.span);
    call.states.push_back(std::move(state));
  }
  return is_ok;
}

void AggregateDefinition::run_step(AggregateCall& call) {
  Env env;
  env.locals = states_as_locals(call);
  for (auto& arg : args_as_locals(call)) env.locals.push_back(std::move(arg));
  run_effect_block(session_, *member(MemberKind::Step)->block, env);
  for (size_t i = 0; i < call.states.size(); ++i) call.states[i].step = std::move(env.locals[i].value);
}

void AggregateDefinition::run_retract(AggregateCall& call) {
  const auto* retract = member(MemberKind::Retract);
  if (retract == nullptr) return;
  Env env;
  env.locals = states_as_locals(call);
  for (auto& arg : args_as_locals(call)) env.locals.push_back(std::move(arg));
  run_effect_block(session_, *retract->block, env);
  for (size_t i = 0; i < call.states.size(); ++i) call.states[i].retract = std::move(env.locals[i].value);
}

void AggregateDefinition::run_merge(AggregateCall& call) {
  const auto* merge = member(MemberKind::Merge);
  if (merge == nullptr) return;
  Env env;
  env.locals = states_as_locals(call);
  std::vector<Field> fields;
  std::vector<Expr> values;
  for (const auto& state : call.states) {
    fields.push_back({state.name, state.type});
    values.push_back(local_of("o." + state.name, state.type, merge->span));
  }
  env.locals.push_back(
      {merge->name.text, Expr::record(std::move(values), Type::record_of(std::move(fields)), merge->span)});
  run_effect_block(session_, *merge->block, env);
  for (size_t i = 0; i < call.states.size(); ++i) call.states[i].merge = std::move(env.locals[i].value);
}

bool AggregateDefinition::run_finish(AggregateCall& call) {
  Env env;
  env.locals = states_as_locals(call);
  const auto& block = *member(MemberKind::Finish)->block;
  Expr result = run_value_block(session_, block, std::move(env));
  if (agg_.result != nullptr) {
    const Type type = resolve_type(session_, *agg_.result, &variables_);
    auto converted = convert(session_, result, type);
    if (!converted) {
      session_
          .report(diag::E0304, block.span, fmt::format("the result of `{}`", agg_.name.text), type.to_string(),
                  result.type.to_string())
          .with_label(result.type.to_string());
      return false;
    }
    result = std::move(*converted);
  }
  if (is_null_type(result.type)) {
    session_.report(diag::E0316, block.span).with_label("declare the result: -> int?");
    return false;
  }
  call.finish = std::move(result);
  return !call.finish.type.is_error();
}

}  // namespace sluice
