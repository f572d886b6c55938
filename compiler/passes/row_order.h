// In which order rows come out of a step, and whom that matters to.
#pragma once

#include <set>

#include "lang/graph/flow_graph.h"

namespace sluice::passes {

// Do its rows come when its input has ended, in an order of its own?
[[nodiscard]] bool holds_rows_back(const Node& node);

// Does it give out some rows as they come, and the rest when its input has ended?
[[nodiscard]] bool counts_off(const Node& node);

// The steps that take rows of the node in the order in which it gives them out, directly or through others: all that
// lies behind it, up to the first step on each way that holds rows back, which is one of them.
[[nodiscard]] std::set<NodeId> readers_in_order(const FlowGraph& graph, NodeId node);

// Does it matter to a result in which order the node gives out its rows?
[[nodiscard]] bool order_matters(const FlowGraph& graph, NodeId node);

}  // namespace sluice::passes
