#include "compiler/passes/same_nodes.h"

#include <fmt/format.h>

#include <algorithm>

#include "lang/graph/roots.h"

namespace sluice::passes {

namespace {

// What gives each node values of its own, whatever else it has in common with others; empty where nothing does.
std::string own_values(const Node& node) {
  const auto* time = node.as<TimeNode>();
  if (time != nullptr && !time->time) return "each asks for the time of day on its own";
  bool is_volatile_one = false;
  for_each_root(node, [&](const Expr& root) { is_volatile_one = is_volatile_one || is_volatile(root); });
  return is_volatile_one ? "each asks for its own `now()`" : std::string();
}

bool do_the_same(const Node& a, const Node& b) {
  return a.payload == b.payload && a.schema == b.schema && a.rows == b.rows;
}

bool have_the_same_hints(const Node& a, const Node& b) {
  return a.parallelism == b.parallelism && a.combine == b.combine && a.is_cut == b.is_cut &&
         a.is_broadcast == b.is_broadcast;
}

}  // namespace

SameNodes::SameNodes(const FlowGraph& graph) : differences_(graph.nodes.size()) {
  first_.reserve(graph.nodes.size());
  for (const NodeId id : graph.ids()) place(graph, id);
}

void SameNodes::place(const FlowGraph& graph, NodeId id) {
  first_.push_back(id);
  const Node& node = graph.nodes[id];
  if (node.kind() == NodeKind::Sink) return;
  std::vector<NodeId> inputs;
  for (const NodeId input : node.inputs) inputs.push_back(first_of(input));
  auto& others = by_inputs_[inputs];
  for (const NodeId other : others) {
    if (!do_the_same(graph.nodes[other], node)) continue;
    std::string difference = own_values(node);
    if (difference.empty() && !have_the_same_hints(graph.nodes[other], node)) difference = "their hints differ";
    if (difference.empty()) {
      first_.back() = other;
      return;
    }
    differences_[id.value] = fmt::format("it does what #{} does, but {}", graph.nodes[other].label, difference);
  }
  others.push_back(id);
}

}  // namespace sluice::passes
