// verify: the invariants of FlowGraph, checked after every pass in debug builds and on every graph read from text.
#pragma once

#include "lang/graph/flow_graph.h"
#include "lang/support/result.h"

namespace sluice {
// The first violation, naming node and expression; ok when there is none.
[[nodiscard]] Status verify(const FlowGraph& graph);
// What the node's output row must be, given its inputs' rows; an error when the payload does not fit them.
[[nodiscard]] Result<Schema> output_schema(const Node& node, const std::vector<const Schema*>& inputs);
}  // namespace sluice
