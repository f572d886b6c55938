// The optimizer: passes.def lists the passes in order, each a pure function from graph to graph in a file of its own.
// The manager runs them, verifies the graph after each (debug builds, tests, --verify), and keeps what each had to say.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "lang/graph/flow_graph.h"
#include "lang/support/result.h"

namespace sluice {

// What a pass did at a node, or what kept it from doing it and what would change that; shown by `explain`.
struct RewriteNote {
  std::string pass;  // "push_filters"
  bool fired = false;
  std::vector<std::string> nodes;  // labels
  std::string text;                // "failing rows are dropped before their other fields are decoded"
  bool operator==(const RewriteNote&) const = default;
};

struct PassOptions {
  uint32_t parallelism = 1;        // the job's default number of tasks per stage
  std::set<std::string> disabled;  // optional passes that do not run
  bool optimize = true;            // false: only the passes without which nothing can run (exchange placement, fusion)
  bool verify = true;
};

struct PassRow {
  std::string_view name;   // "push_filters"
  std::string_view code;   // "R07", stable, for people
  std::string_view title;  // "push `where` into the decoder"
  bool is_required;
  std::string_view why_here;  // why it stands at this place of the list
};
[[nodiscard]] const std::vector<PassRow>& pass_rows();

struct PassResult {
  FlowGraph graph;
  std::vector<RewriteNote> notes;
};

// A graph that fails verification after a pass is a defect of ours: the invariant names the pass and prints the graph.
[[nodiscard]] PassResult run_passes(FlowGraph graph, const PassOptions& options);
// Only the named passes in the order given (`sluice opt --passes a,b`).
[[nodiscard]] Result<PassResult> run_named_passes(FlowGraph graph, const std::vector<std::string>& names,
                                                  const PassOptions& options);

}  // namespace sluice
