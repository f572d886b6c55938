#include "compiler/passes/passes.h"

#include <algorithm>

#include "lang/graph/verify.h"
#include "lang/support/invariant.h"

namespace sluice::passes {

std::string fresh_label(const FlowGraph& graph, const std::string& base) {
  for (uint32_t round = 0;; ++round) {
    std::string label = base + static_cast<char>('a' + round % 26);
    if (round >= 26) label += std::to_string(round / 26);
    if (std::ranges::none_of(graph.nodes, [&](const Node& node) { return node.label == label; })) return label;
  }
}

std::string fresh_exchange_label(const FlowGraph& graph, size_t& last) {
  std::string label;
  do label = "E" + std::to_string(++last);
  while (std::ranges::find(graph.nodes, label, &Node::label) != graph.nodes.end());
  return label;
}

Schema schema_of(const Node& node, const std::vector<const Schema*>& inputs) {
  auto schema = output_schema(node, inputs);
  SLUICE_INVARIANT(schema.has_value(), schema.error().message);
  return std::move(*schema);
}

Node make_project(const FlowGraph& graph, NodeId input, std::vector<NamedExpr> columns, std::string label) {
  const Node& below = graph.nodes[input];
  Node node;
  node.label = std::move(label);
  node.name = below.name + ".project";
  node.span = below.span;
  node.inputs = {input};
  node.rows = below.rows;
  node.parallelism = below.parallelism;
  for (const auto& column : columns) node.schema.fields.push_back({column.name, column.expr.type});
  node.payload = ProjectNode{std::move(columns)};
  return node;
}

Expr column_of(const Field& field, const Span& span) { return Expr::column(field.name, field.type, span); }

bool call_can_fail(const AggregateCall& call) {
  const auto counts = [](const Expr& step) {
    return step.is_op(ExprOp::Add) && step.args[0].kind == ExprKind::Local && step.args[1].is_literal();
  };
  const auto fails = [&](const AggregateState& state) {
    return can_fail(state.init) || (can_fail(state.step) && !counts(state.step));
  };
  return std::ranges::any_of(call.args, [](const NamedExpr& arg) { return can_fail(arg.expr); }) ||
         (call.filter && can_fail(*call.filter)) || std::ranges::any_of(call.states, fails) || can_fail(call.finish);
}

AggregateNode final_phase(AggregateNode aggregate) {
  aggregate.phase = AggregatePhase::Final;
  for (auto& key : aggregate.keys) key.expr = Expr::column(key.name, key.expr.type, key.expr.span);
  for (auto& call : aggregate.calls) {
    call.args.clear();  // the partial phase has seen the rows
    call.filter.reset();
  }
  return aggregate;
}

}  // namespace sluice::passes
