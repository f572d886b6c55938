// R02: gives every node its stage. Nodes that are connected without an exchange between them run as one function, with
// rows in registers from the decoder to the next exchange or sink; so do the readers of one exchange.
#include <fmt/format.h>

#include <algorithm>

#include <map>
#include <numeric>

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

}  // namespace

PassResult fuse(FlowGraph graph, const PassOptions&) {
  Groups groups = connected_nodes(graph);
  std::map<uint32_t, uint32_t> stage_of_group;
  std::vector<std::vector<std::string>> members;
  std::vector<uint32_t> parallelism;
  GraphEditor editor(std::move(graph));
  for (const NodeId id : editor.graph().ids()) {
    Node node = editor.graph().nodes[id];
    node.stage.reset();
    if (node.kind() != NodeKind::Exchange) {
      node.parallelism = std::max(1u, node.parallelism);
      const auto [it, is_new] = stage_of_group.emplace(groups.find(id.value), members.size());
      node.stage = it->second;
      if (is_new) members.emplace_back();
      if (is_new) parallelism.push_back(node.parallelism);
      SLUICE_INVARIANT(parallelism[it->second] == node.parallelism,
                       fmt::format("node {} runs on {} tasks, others of its stage on {}", node.label, node.parallelism,
                                   parallelism[it->second]));
      members[it->second].push_back(node.label);
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
