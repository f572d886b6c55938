// Which nodes of a graph rows come from, and which they go on to. Used by passes, verifiers and the engine.
#pragma once

#include <set>

#include "lang/graph/flow_graph.h"

namespace sluice {

// The node and everything that its rows come from.
[[nodiscard]] std::set<NodeId> way_to(const FlowGraph& graph, NodeId node);
// Everything that rows of the node go into; without the node itself.
[[nodiscard]] std::set<NodeId> nodes_behind(const FlowGraph& graph, NodeId node);

}  // namespace sluice
