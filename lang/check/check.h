// check: AST to FlowGraph. Resolves names and types, applies the null rules, inlines functions and aggregates, and
// refuses with E09xx at the exact span whatever this version cannot compile yet. Reports every independent error.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "lang/check/connector_catalog.h"
#include "lang/check/function_catalog.h"
#include "lang/graph/flow_graph.h"
#include "lang/source/diagnostics.h"
#include "lang/syntax/ast.h"

namespace sluice {

struct CheckOptions {
  std::string job_name;                       // of the graph: the file's name without .flow
  std::map<std::string, std::string> params;  // --param name=value, values as Flow literals or bare text
  bool tests_count = false;                   // a program may have tests instead of a pipeline: it is not going to run
  bool input_ends = false;                    // whatever is read, the run ends it after a time
};

// Returns no graph when errors were reported. `sources` is not const because the text of stdlib's Flow modules is
// added to it, so that spans into them can be shown.
[[nodiscard]] std::optional<FlowGraph> check(const ast::Program& program, const FunctionCatalog& functions,
                                             const ConnectorCatalog& connectors, const CheckOptions& options,
                                             SourceMap& sources, Diagnostics& diagnostics);

}  // namespace sluice
