#include "lang/graph/roots.h"

#include <concepts>
#include <type_traits>

namespace sluice {

namespace {

// A payload of this kind, to be changed or only looked at.
template <class Payload, class Kind>
concept Of = std::same_as<std::remove_const_t<Payload>, Kind>;

void visit_named(auto& exprs, const auto& visit) {
  for (auto& named : exprs) visit(named.expr);
}
void visit_order(auto& order, const auto& visit) {
  for (auto& key : order) visit(key.expr);
}

void visit_roots(Of<SourceNode> auto& source, const auto& visit) {
  if (source.filter) visit(*source.filter);
}
void visit_roots(Of<FilterNode> auto& filter, const auto& visit) { visit(filter.condition); }
void visit_roots(Of<ProjectNode> auto& project, const auto& visit) { visit_named(project.columns, visit); }
void visit_roots(Of<ExpandNode> auto& expand, const auto& visit) { visit(expand.list); }
void visit_roots(Of<TimeNode> auto& time, const auto& visit) {
  if (time.time) visit(*time.time);
  if (time.clock) visit(*time.clock);
}
void visit_roots(Of<WindowNode> auto&, const auto&) {}
void visit_calls(auto& calls, const auto& visit) {
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
void visit_roots(Of<AggregateNode> auto& aggregate, const auto& visit) {
  visit_named(aggregate.keys, visit);
  visit_calls(aggregate.calls, visit);
}
void visit_roots(Of<TopNode> auto& top, const auto& visit) {
  visit_named(top.keys, visit);
  visit_order(top.order, visit);
}
void visit_roots(Of<FrameNode> auto& frame, const auto& visit) {
  visit_named(frame.keys, visit);
  visit_order(frame.order, visit);
  visit_calls(frame.calls, visit);
  for (auto* shifts : {&frame.shifts, &frame.leads})
    for (auto& shift : *shifts) visit(shift.value);
}
void visit_roots(Of<SortNode> auto& sort, const auto& visit) { visit_order(sort.order, visit); }
void visit_roots(Of<LimitNode> auto&, const auto&) {}
void visit_roots(Of<UnionNode> auto&, const auto&) {}
void visit_roots(Of<JoinNode> auto& join, const auto& visit) {
  visit_named(join.left_keys, visit);
  visit_named(join.right_keys, visit);
  visit_named(join.right, visit);
  if (join.residual) visit(*join.residual);
  if (join.left_bound) visit(join.left_bound->time);
  if (join.right_bound) visit(join.right_bound->time);
}
void visit_roots(Of<ChangesNode> auto&, const auto&) {}
void visit_roots(Of<SinkNode> auto&, const auto&) {}
void visit_roots(Of<ExchangeNode> auto&, const auto&) {}
void visit_roots(Of<std::monostate> auto&, const auto&) {}

}  // namespace

void for_each_root(Node& node, const std::function<void(Expr&)>& visit) {
  std::visit([&](auto& payload) { visit_roots(payload, visit); }, node.payload);
}

void for_each_root(const Node& node, const std::function<void(const Expr&)>& visit) {
  std::visit([&](const auto& payload) { visit_roots(payload, visit); }, node.payload);
}

}  // namespace sluice
