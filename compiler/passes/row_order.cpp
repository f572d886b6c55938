#include "compiler/passes/row_order.h"

#include <algorithm>
#include <vector>

namespace sluice::passes {

bool holds_rows_back(const Node& node) {
  return (node.kind() == NodeKind::Aggregate && !node.as<AggregateNode>()->is_incremental) ||
         (node.kind() == NodeKind::Top && !node.as<TopNode>()->is_incremental) || node.kind() == NodeKind::Sort ||
         node.kind() == NodeKind::Frame || (node.kind() == NodeKind::Join && !is_streamed(*node.as<JoinNode>()));
}

bool counts_off(const Node& node) {
  const auto* aggregate = node.as<AggregateNode>();
  return aggregate != nullptr && aggregate->window_rows != 0;
}

std::set<NodeId> readers_in_order(const FlowGraph& graph, NodeId node) {
  std::set<NodeId> readers;
  std::vector<NodeId> work{node};
  while (!work.empty()) {
    const NodeId id = work.back();
    work.pop_back();
    for (const NodeId user : graph.users_of(id))
      if (readers.insert(user).second && !holds_rows_back(graph.nodes[user])) work.push_back(user);
  }
  return readers;
}

bool order_matters(const FlowGraph& graph, NodeId node) {
  const std::set<NodeId> readers = readers_in_order(graph, node);
  return std::ranges::any_of(readers, [&](NodeId id) {
    const Node& reader = graph.nodes[id];
    const auto* sink = reader.as<SinkNode>();
    return counts_off(reader) || reader.kind() == NodeKind::Limit ||
           (sink != nullptr && sink->connector != "blackhole");
  });
}

}  // namespace sluice::passes
