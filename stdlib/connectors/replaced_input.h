// Whether a job gives new contents to what it reads. Such a job cannot be run again once it has begun to give its files
// their names: it would read its own results.
#pragma once

#include "lang/graph/flow_graph.h"

namespace sluice {

// Is one of the files that its sinks make among those that its sources read, or would be if it were there? As the file
// system is seen from here. In doubt yes: then the job fails where it could have begun anew.
[[nodiscard]] bool replaces_input(const FlowGraph& graph);

}  // namespace sluice
