#include "lang/check/optional_states.h"

#include <algorithm>

namespace sluice {

namespace {

const Type kBool(TypeKind::Bool);

Expr as_optional(Expr value) {
  if (value.type.nullable) return value;
  const Type type = value.type.as_nullable();
  const Span span = value.span;
  return Expr::make_op(ExprOp::Some, {std::move(value)}, type, span);
}

// The value of an optional state that is known to be there, with the state's original type.
Expr present(const std::string& name, const Type& type) {
  Expr local = Expr::local(name, type.as_nullable(), {});
  return type.nullable ? local : Expr::make_op(ExprOp::Require, {std::move(local)}, type, {});
}

std::string unused_name(const AggregateCall& call) {
  std::string name = "counted";
  const auto is_taken = [&] {
    return std::ranges::any_of(call.states, [&](const AggregateState& state) { return state.name == name; }) ||
           std::ranges::any_of(call.args, [&](const NamedExpr& arg) { return arg.name == name; });
  };
  while (is_taken()) name += '_';
  return name;
}

// The body of a definition with its states bound to `value_of` each, under their own names.
template <class ValueOf>
Expr with_states(const std::vector<AggregateState>& states, const std::string& prefix, Expr body,
                 const ValueOf& value_of) {
  for (const auto& state : states) body = Expr::let(prefix + state.name, value_of(state), std::move(body));
  return body;
}

}  // namespace

bool begins_with_row(const AggregateCall& call) {
  return std::ranges::any_of(call.states, [](const AggregateState& state) {
    bool reads = false;
    for_each(state.init, [&](const Expr& part) { reads = reads || part.kind == ExprKind::Local; });
    return reads;
  });
}

void make_states_optional(AggregateCall& call) {
  const std::string flag = unused_name(call);
  const std::vector<AggregateState> states = call.states;
  const auto mine = [&] { return Expr::local(flag, kBool, {}); };
  const auto others = [&] { return Expr::local("o." + flag, kBool, {}); };
  const auto known = [](const AggregateState& state) { return present(state.name, state.type); };
  const auto known_other = [](const AggregateState& state) { return present("o." + state.name, state.type); };
  const auto begun = [&](const AggregateState& state) {
    return Expr::if_else(mine(), present(state.name, state.type), state.init, state.init.span);
  };
  for (size_t i = 0; i < states.size(); ++i) {
    AggregateState& state = call.states[i];
    const Type type = states[i].type.as_nullable();
    state.type = type;
    state.init = Expr::null_literal(type, states[i].init.span);
    state.step = as_optional(with_states(states, "", states[i].step, begun));
    state.retract.reset();  // without a row left there is no state, which only a count of rows could tell
    if (!states[i].merge) continue;
    Expr both = with_states(states, "", with_states(states, "o.", *states[i].merge, known_other), known);
    Expr theirs = Expr::if_else(mine(), as_optional(std::move(both)), Expr::local("o." + state.name, type, {}), {});
    state.merge = Expr::if_else(others(), std::move(theirs), Expr::local(state.name, type, {}), {});
  }
  Expr finished = as_optional(with_states(states, "", call.finish, known));
  const Type result = finished.type;
  const Span span = finished.span;
  call.finish = Expr::if_else(mine(), std::move(finished), Expr::null_literal(result, span), span);
  AggregateState counted{flag,         kBool,       Expr::literal(false, kBool, span), Expr::literal(true, kBool, span),
                         std::nullopt, std::nullopt};
  if (states.front().merge) counted.merge = Expr::make_op(ExprOp::Or, {mine(), others()}, kBool, span);
  call.states.push_back(std::move(counted));
}

}  // namespace sluice
