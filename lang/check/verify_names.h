// verify_names: do the names in a graph stand for something? Checking has made sure of that in a graph that it made;
// one read from text may name what is not there, or what takes other arguments.
//   - a call names a kernel of the catalog, with arguments and a result of its types, and says whether it may fail;
//   - a source's connector can read and a sink's write; their options are the connector's, each given once or with a
//     default, of its type, and as the connector wants them;
//   - a source declares the columns that its connector gives, and can decode them: flat ones but for formats that nest;
//   - no two sinks write one file.
#pragma once

#include <optional>

#include "lang/check/connector_catalog.h"
#include "lang/check/function_catalog.h"
#include "lang/graph/flow_graph.h"
#include "lang/graph/verify.h"

namespace sluice {

[[nodiscard]] std::optional<Violation> find_name_violation(const FlowGraph& graph, const FunctionCatalog& functions,
                                                           const ConnectorCatalog& connectors);

}  // namespace sluice
