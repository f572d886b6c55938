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

namespace {

using Visit = std::function<void(Expr&)>;

void visit_named(std::vector<NamedExpr>& exprs, const Visit& visit) {
  for (auto& named : exprs) visit(named.expr);
}
void visit_order(std::vector<OrderKey>& order, const Visit& visit) {
  for (auto& key : order) visit(key.expr);
}

void visit_roots(SourceNode& source, const Visit& visit) {
  if (source.filter) visit(*source.filter);
}
void visit_roots(FilterNode& filter, const Visit& visit) { visit(filter.condition); }
void visit_roots(ProjectNode& project, const Visit& visit) { visit_named(project.columns, visit); }
void visit_roots(ExpandNode& expand, const Visit& visit) { visit(expand.list); }
void visit_roots(TimeNode& time, const Visit& visit) {
  if (time.time) visit(*time.time);
  if (time.clock) visit(*time.clock);
}
void visit_roots(WindowNode&, const Visit&) {}
void visit_calls(std::vector<AggregateCall>& calls, const Visit& visit) {
  for (auto& call : calls) {
    visit_named(call.args, visit);
    if (call.filter) visit(*call.filter);
    for (auto& state : call.states) {
      visit(state.init);
      visit(state.step);
      if (state.merge) visit(*state.merge);
      if (state.retract) visit(*state.retract);
    }
    visit(call.finish);
  }
}
void visit_roots(AggregateNode& aggregate, const Visit& visit) {
  visit_named(aggregate.keys, visit);
  visit_calls(aggregate.calls, visit);
}
void visit_roots(TopNode& top, const Visit& visit) {
  visit_named(top.keys, visit);
  visit_order(top.order, visit);
}
void visit_roots(FrameNode& frame, const Visit& visit) {
  visit_named(frame.keys, visit);
  visit_order(frame.order, visit);
  visit_calls(frame.calls, visit);
  for (auto* shifts : {&frame.shifts, &frame.leads})
    for (auto& shift : *shifts) visit(shift.value);
}
void visit_roots(SortNode& sort, const Visit& visit) { visit_order(sort.order, visit); }
void visit_roots(LimitNode&, const Visit&) {}
void visit_roots(UnionNode&, const Visit&) {}
void visit_roots(JoinNode& join, const Visit& visit) {
  visit_named(join.left_keys, visit);
  visit_named(join.right_keys, visit);
  visit_named(join.right, visit);
  if (join.residual) visit(*join.residual);
  if (join.left_bound) visit(join.left_bound->time);
  if (join.right_bound) visit(join.right_bound->time);
}
void visit_roots(ChangesNode&, const Visit&) {}
void visit_roots(SinkNode&, const Visit&) {}
void visit_roots(ExchangeNode&, const Visit&) {}
void visit_roots(std::monostate, const Visit&) {}

}  // namespace

void for_each_root(Node& node, const std::function<void(Expr&)>& visit) {
  std::visit([&](auto& payload) { visit_roots(payload, visit); }, node.payload);
}

}  // namespace sluice::passes
