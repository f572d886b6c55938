// GraphBuilder: collects the nodes of a program in the order they are checked, names them, and makes the FlowGraph.
#pragma once

#include <string>

#include "lang/graph/flow_graph.h"
#include "lang/source/source_file.h"

namespace sluice {

class GraphBuilder {
 public:
  // `name` is the wished stable name; finish() adds a number when several nodes have it.
  NodeId add(Node node, const std::string& name);
  [[nodiscard]] const Node& node(NodeId id) const { return graph_.nodes[id]; }
  [[nodiscard]] const FlowGraph& graph() const { return graph_; }
  // Of every node, as endless.h says.
  [[nodiscard]] const std::vector<bool>& endless() const { return endless_; }
  // The rows that the windows of this node leave out are read, so they need not be counted.
  void note_late_read(NodeId windows);
  // The parallelism of nodes without a hint of their own.
  void set_parallelism(uint32_t tasks) { parallelism_ = tasks; }

  // Drops what no sink needs and labels the rest "1", "2", ... in source order.
  [[nodiscard]] FlowGraph finish(const std::string& job_name, const SourceMap& sources) &&;

 private:
  FlowGraph graph_;
  std::vector<bool> endless_;
  uint32_t parallelism_ = 0;
};

}  // namespace sluice
