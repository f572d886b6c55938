// Which rows of a graph never stop coming, and which tables never stop changing. Only sources say so themselves
// (SourceNode::is_endless); everything else follows from them.
#pragma once

#include <optional>
#include <vector>

#include "lang/graph/flow_graph.h"

namespace sluice {

// May rows of this node come for ever? `inputs_endless`: is one of its inputs so?
[[nodiscard]] bool is_endless(const Node& node, bool inputs_endless);

// The same of all nodes.
[[nodiscard]] std::vector<bool> endless_nodes(const FlowGraph& graph);

// The step that makes the rows of `node` a table that changes as long as rows come, which is for ever; nothing where
// they are a stream, or a table that is final when its input ends. `endless` says of every node whether it is endless.
[[nodiscard]] std::optional<NodeId> changing_step(const FlowGraph& graph, const std::vector<bool>& endless,
                                                  NodeId node);

// The step that makes the rows of `node` a table; nothing where they are a stream.
[[nodiscard]] std::optional<NodeId> table_maker(const FlowGraph& graph, NodeId node);

}  // namespace sluice
