// Which nodes of a graph give out the same rows, because they do the same with the same: what stands twice in a
// program, or once in two pipelines. Names, labels and places in the source do not count.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "lang/graph/flow_graph.h"

namespace sluice::passes {

class SameNodes {
 public:
  explicit SameNodes(const FlowGraph& graph);

  // The first node that does the same with the same; the node itself where there is none before it.
  [[nodiscard]] NodeId first_of(NodeId node) const { return first_[node.value]; }
  [[nodiscard]] bool are_same(NodeId a, NodeId b) const { return first_of(a) == first_of(b); }
  // What keeps the node from being the same as another one that looks like it; empty where there is none.
  [[nodiscard]] const std::string& difference(NodeId node) const { return differences_[node.value]; }

 private:
  void place(const FlowGraph& graph, NodeId id);

  std::vector<NodeId> first_;
  std::vector<std::string> differences_;
  std::map<std::vector<NodeId>, std::vector<NodeId>> by_inputs_;  // first nodes, by those that their inputs are like
};

}  // namespace sluice::passes
