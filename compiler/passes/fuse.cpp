// R02: gives every node its stage. Nodes that are connected without an exchange between them run as one function, with
// rows in registers from the decoder to the next exchange or sink; so do the readers of one exchange.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include "compiler/passes/passes.h"
#include "lang/support/invariant.h"

namespace sluice::passes {

namespace {

class Groups {
 public:
  explicit Groups(size_t count) : parents_(count) { std::iota(parents_.begin(), parents_.end(), 0u); }
  uint32_t find(uint32_t item) {
    while (parents_[item] != item) item = parents_[item] = parents_[parents_[item]];
    return item;
  }
  void join(NodeId a, NodeId b) { parents_[find(b.value)] = find(a.value); }

 private:
  std::vector<uint32_t> parents_;
};

bool is_exchange(const FlowGraph& graph, NodeId id) { return graph.nodes[id].kind() == NodeKind::Exchange; }

Groups connected_nodes(const FlowGraph& graph) {
  Groups groups(graph.nodes.size());
  std::map<NodeId, NodeId> readers;  // exchange -> its first reader
  for (const NodeId id : graph.ids()) {
    if (is_exchange(graph, id)) continue;
    for (const NodeId input : graph.nodes[id].inputs) {
      if (!is_exchange(graph, input)) {
        groups.join(input, id);
      } else if (const auto [it, is_first] = readers.emplace(input, id); !is_first) {
        groups.join(it->second, id);
      }
    }
  }
  return groups;
}

// Numbers the groups so that exchanges lead from lower to higher stages. The order of the nodes does not do that: the
// first node of a stage may stand before the last node of a stage that this one reads from.
std::map<uint32_t, uint32_t> number_stages(const FlowGraph& graph, Groups& groups) {
  std::vector<uint32_t> order;  // groups by their first nodes
  std::map<uint32_t, std::set<uint32_t>> predecessors;
  for (const NodeId id : graph.ids()) {
    if (is_exchange(graph, id)) continue;
    const uint32_t group = groups.find(id.value);
    if (std::ranges::find(order, group) == order.end()) order.push_back(group);
    for (const NodeId input : graph.nodes[id].inputs)
      if (is_exchange(graph, input)) predecessors[group].insert(groups.find(graph.nodes[input].inputs[0].value));
  }
  std::map<uint32_t, uint32_t> stages;
  const auto is_ready = [&](uint32_t group) {
    return !stages.contains(group) &&
           std::ranges::all_of(predecessors[group], [&](uint32_t before) { return stages.contains(before); });
  };
  while (stages.size() < order.size()) {
    const auto next = std::ranges::find_if(order, is_ready);
    SLUICE_INVARIANT(next != order.end(), "stages read from each other in a circle");
    stages.emplace(*next, stages.size());
  }
  return stages;
}

}  // namespace

PassResult fuse(FlowGraph graph, const PassOptions&) {
  Groups groups = connected_nodes(graph);
  const std::map<uint32_t, uint32_t> stages = number_stages(graph, groups);
  std::vector<std::vector<std::string>> members(stages.size());
  std::vector<uint32_t> parallelism(stages.size());
  GraphEditor editor(std::move(graph));
  for (const NodeId id : editor.graph().ids()) {
    Node node = editor.graph().nodes[id];
    node.stage.reset();
    if (node.kind() != NodeKind::Exchange) {
      node.parallelism = std::max(1u, node.parallelism);
      const uint32_t stage = stages.at(groups.find(id.value));
      if (members[stage].empty()) parallelism[stage] = node.parallelism;
      SLUICE_INVARIANT(parallelism[stage] == node.parallelism,
                       fmt::format("node {} runs on {} tasks, others of its stage on {}", node.label, node.parallelism,
                                   parallelism[stage]));
      members[stage].push_back(node.label);
      node.stage = stage;
    }
    editor.replace(id, std::move(node));
  }
  Notes notes("fuse");
  for (size_t stage = 0; stage < members.size(); ++stage)
    notes.fired(members[stage], fmt::format("S{}: {}", stage,
                                            members[stage].size() == 1 ? "one step, one function"
                                                                       : "one loop, rows stay in registers"));
  return {std::move(editor).finish(), std::move(notes).take()};
}

}  // namespace sluice::passes
