// time COLUMN [delay D] [idle D]: gives the rows their event time.
#include "lang/operators/operator_util.h"
#include "lang/operators/operators.h"

namespace sluice {

Flow add_time(OperatorContext& context, const ast::Step& step, const ast::Expr& time, const ast::Clause* delay,
              const ast::Clause* idle, const std::string& clock, Flow input) {
  TimeNode node;
  Expr value = context.check_expr(time, input);
  if (value.type.is_error() || input.is_broken) return input;
  if (value.type != Type(TypeKind::Timestamp)) {
    auto& report =
        context.diagnostics().report(diag::E0304, time.span, "`time`", "a timestamp", value.type.to_string());
    if (value.type.kind == TypeKind::Timestamp)
      report.with_label("drop rows without a time first: |> where ... is not null");
    return Flow::broken();
  }
  node.time = std::move(value);
  if (!clock.empty()) node.clock = Expr::column(clock, Type(TypeKind::Timestamp), time.span);
  if (delay != nullptr) node.delay = context.check_duration(*delay->expr, "`delay`", 0).value_or(0);
  if (idle != nullptr) node.idle = context.check_duration(*idle->expr, "`idle`", 1);
  Flow next = input;
  next.is_timed = true;
  next.windows.clear();
  next.late.reset();  // by a time of its own, other rows are late
  return context.add(step, std::move(node), {input.node}, std::move(next));
}

Flow check_time(OperatorContext& context, const ast::Step& step, Flow input) {
  using enum ast::ClauseKind;
  check_clauses(context, step, {Delay, Idle});
  return add_time(context, step, *step.expr, find_clause(step, Delay), find_clause(step, Idle), {}, std::move(input));
}

}  // namespace sluice
