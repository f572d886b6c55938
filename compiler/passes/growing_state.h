// growing_state: what a job that never ends remembers for ever, as warnings (W0404). Looks at the graph as it will run,
// so that it agrees with what the passes could bound (R17) or need not keep (R06, R03).
#pragma once

#include "lang/check/connector_catalog.h"
#include "lang/graph/flow_graph.h"
#include "lang/source/diagnostics.h"

namespace sluice {

void report_growing_state(const FlowGraph& graph, const ConnectorCatalog& connectors, Diagnostics& diagnostics);

}  // namespace sluice
