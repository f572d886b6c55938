#include "lang/graph/ways.h"

#include <vector>

namespace sluice {

namespace {

template <class Next>
std::set<NodeId> reached(NodeId start, const Next& next) {
  std::set<NodeId> seen;
  std::vector<NodeId> work{start};
  while (!work.empty()) {
    const NodeId id = work.back();
    work.pop_back();
    for (const NodeId other : next(id))
      if (seen.insert(other).second) work.push_back(other);
  }
  return seen;
}

}  // namespace

std::set<NodeId> way_to(const FlowGraph& graph, NodeId node) {
  std::set<NodeId> way = reached(node, [&](NodeId id) { return graph.nodes[id].inputs; });
  way.insert(node);
  return way;
}

std::set<NodeId> nodes_behind(const FlowGraph& graph, NodeId node) {
  return reached(node, [&](NodeId id) { return graph.users_of(id); });
}

}  // namespace sluice
