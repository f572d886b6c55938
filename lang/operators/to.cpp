// to SINK: writes the rows. The end of a pipeline.
#include "lang/operators/kinds.h"
#include "lang/operators/operator_util.h"
#include "lang/operators/operators.h"
#include "lang/operators/windows.h"

namespace sluice {

namespace {

// The input with the columns that a declared sink takes, in its order; nothing when they do not fit.
std::optional<Flow> fitted(OperatorContext& context, const ast::Step& step, const Flow& input,
                           const CheckedSink& sink) {
  std::vector<NamedExpr> columns;
  bool is_ok = true;
  for (const auto& field : sink.row->fields) {
    const Field* column = input.schema.find(field.name);
    if (column == nullptr) {
      context.diagnostics()
          .report(diag::E0711, step.expr->span, sink.name, fmt::format("the column `{}`", field.name))
          .with_label("here you have: " + list_names(input.schema.names()));
      is_ok = false;
      continue;
    }
    const Expr value = column_of(input, *column, step.expr->span);
    auto converted = context.convert(value, field.type);
    if (!converted && !value.type.is_error()) {
      context.diagnostics()
          .report(diag::E0711, step.expr->span, sink.name,
                  fmt::format("`{}` as {}", field.name, field.type.to_string()))
          .with_label(fmt::format("`{}` is {}", field.name, value.type.to_string()));
      is_ok = false;
    }
    if (converted) columns.push_back({field.name, std::move(*converted)});
  }
  for (const auto& field : input.schema.fields) {
    if (sink.row->find(field.name) != nullptr) continue;
    context.diagnostics()
        .report(diag::E0711, step.expr->span, sink.name, fmt::format("no column `{}`", field.name))
        .with_label(fmt::format("leave it out: |> drop {}", field.name));
    is_ok = false;
  }
  if (!is_ok) return std::nullopt;
  Flow next = projected(input, columns, step);
  if (next.schema == input.schema) return input;
  return context.add(step, ProjectNode{std::move(columns)}, {input.node}, std::move(next));
}

}  // namespace

Flow check_to(OperatorContext& context, const ast::Step& step, Flow input) {
  check_clauses(context, step, {});
  const auto sink = context.check_sink(*step.expr);
  if (!sink || input.is_broken) return Flow::broken();
  if (refuse_changing(context, input, step.expr->span, text_of(context.sources(), step.expr->span)))
    return Flow::broken();
  input = without_time(context, step, input);
  if (sink->row) {
    auto row = fitted(context, step, input, *sink);
    if (!row) return Flow::broken();
    input = std::move(*row);
  }
  Flow next = input;
  return context.add(step, sink->node, {input.node}, std::move(next));
}

}  // namespace sluice
