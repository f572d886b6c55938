// Aggregates whose state begins with the group's first row, over groups that may have no counted row (no keys, or a
// `where`): the state becomes optional and the result null where nothing was counted.
#pragma once

#include "lang/graph/flow_graph.h"

namespace sluice {

// Does an initial value read the arguments of the first row?
[[nodiscard]] bool begins_with_row(const AggregateCall& call);
// Rewrites the call so that no initial value reads a row: a flag tells whether a row was counted, and the first counted
// row begins the state. `finish` becomes nullable.
void make_states_optional(AggregateCall& call);

}  // namespace sluice
