// union INPUTS: the rows of all of them. Columns are matched by name, have the order of the first, and can be null
// where one input's can.
#include <algorithm>

#include "lang/operators/operator_util.h"
#include "lang/operators/operators.h"
#include "lang/operators/windows.h"

namespace sluice {

namespace {

// Reports the first column in which `other` differs from `first`.
bool has_same_columns(OperatorContext& context, const Schema& first, const Flow& other, const Span& span) {
  const Schema& schema = other.schema;
  for (const auto& field : first.fields) {
    const Field* match = schema.find(field.name);
    if (match == nullptr) {
      context.diagnostics()
          .report(diag::E0313, span, fmt::format("it has no column `{}`", field.name))
          .with_label(fmt::format("has {}; the first has {}", list_names(schema.names()), list_names(first.names())));
      return false;
    }
    if (match->type.as_nullable() != field.type.as_nullable() && !match->type.is_error() && !field.type.is_error()) {
      context.diagnostics()
          .report(diag::E0313, span, fmt::format("`{}` is {} here", field.name, match->type.to_string()))
          .with_label(fmt::format("it is {} in the first", field.type.to_string()));
      return false;
    }
  }
  for (const auto& field : schema.fields) {
    if (first.find(field.name) != nullptr) continue;
    context.diagnostics()
        .report(diag::E0313, span, fmt::format("it has the column `{}` too", field.name))
        .with_label(fmt::format("the first has {}: |> drop {}", list_names(first.names()), field.name));
    return false;
  }
  return true;
}

// The flow with the columns of `schema` in its order and with its types; unchanged when they are so already, unless it
// has to be a node of its own.
Flow arranged(OperatorContext& context, const ast::Step& step, Flow flow, const Schema& schema, bool is_repeated,
              bool keeps_time) {
  if (!keeps_time) flow = without_time(context, step, flow);
  if (flow.schema == schema && !is_repeated) return flow;
  std::vector<NamedExpr> columns;
  for (const auto& field : schema.fields) {
    const Expr value = column_of(flow, *flow.schema.find(field.name), step.span);
    columns.push_back({field.name, context.convert(value, field.type).value_or(value)});
  }
  return add_project(context, step, flow, std::move(columns));
}

// The schema with what narrowing knows: the types later steps see.
Flow as_seen(Flow flow) {
  for (auto& field : flow.schema.fields) field.type = column_of(flow, field, Span()).type;
  return flow;
}

}  // namespace

Flow unite(OperatorContext& context, const ast::Step& step, std::vector<Flow> flows, const std::vector<Span>& spans) {
  Schema schema = as_seen(flows.front()).schema;
  for (const auto& flow : flows)
    if (flow.is_broken) return Flow::broken();
  bool is_ok = true;
  for (size_t i = 1; i < flows.size(); ++i)
    is_ok = has_same_columns(context, schema, as_seen(flows[i]), spans[i]) && is_ok;
  if (!is_ok) return flows.front();
  for (auto& field : schema.fields)  // null where one of them has it
    for (const auto& flow : flows) field.type.nullable |= as_seen(flow).schema.find(field.name)->type.nullable;
  Flow next = flows.front();
  next.schema = schema;
  next.present.clear();  // of the first input only
  next.is_timed = std::ranges::all_of(flows, &Flow::is_timed);
  std::vector<NodeId> inputs;
  for (auto& flow : flows) {
    next.rows.is_table = next.rows.is_table || flow.rows.is_table;
    next.late = late_of_several(next, flow);
    std::erase_if(next.windows, [&](const std::string& column) { return !flow.windows.contains(column); });
    // A node reads each input once: rows that are read twice come by two ways.
    const bool is_repeated = std::ranges::find(inputs, flow.node) != inputs.end();
    inputs.push_back(arranged(context, step, std::move(flow), schema, is_repeated, next.is_timed).node);
  }
  next.rows.key.clear();
  return context.add(step, UnionNode{}, std::move(inputs), std::move(next));
}

Flow check_union(OperatorContext& context, const ast::Step& step, Flow input) {
  std::vector<Flow> flows;
  std::vector<Span> spans{step.op.span};
  flows.push_back(std::move(input));
  for (const auto& other : step.inputs) {
    flows.push_back(context.check_input(other.input));
    spans.push_back(other.input.span);
  }
  return unite(context, step, std::move(flows), spans);
}

}  // namespace sluice
