// explain: what the compiler made of a program, for people (text), programs (JSON lines) and pictures (DOT). Ids like
// `#3a` are the same at every level and name the node's label everywhere else.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/explain/focus.h"
#include "compiler/passes/pass_manager.h"
#include "lang/graph/flow_graph.h"
#include "runtime/plan/job_plan.h"

namespace sluice {

struct ExplainLevels {
  bool logical = true;   // what was written, typed
  bool rewrites = true;  // what the passes did, and what kept them from doing more
  bool physical = true;  // stages, exchanges and state
};

struct ExplainInput {
  const FlowGraph& logical;  // before the passes
  const std::vector<RewriteNote>& rewrites;
  const JobPlan& plan;
  ExplainLevels levels;
  Focus focus = {};  // what is not in it is left out
};

// Ends with a newline. More levels, such as the code, can be appended behind it.
[[nodiscard]] std::string explain_text(const ExplainInput& input);
// One object per line: {"v":1,"type":"job"|"operator"|"rewrite"|"stage"|"edge", ...}.
[[nodiscard]] std::string explain_json(const ExplainInput& input);
// One digraph: the stages as boxes when the physical level is wanted, else the steps as written.
[[nodiscard]] std::string explain_dot(const ExplainInput& input);

}  // namespace sluice
