// lower: an optimized graph, with exchanges placed and stages assigned, to the JobPlan that the engine runs.
#pragma once

#include "lang/graph/flow_graph.h"
#include "lang/support/result.h"
#include "runtime/plan/job_plan.h"

namespace sluice {

// States are listed per stage in node order; finish phases are numbered in the order in which blocking nodes of the
// stage must end: a node's phase comes after those of all blocking nodes above it.
[[nodiscard]] JobPlan lower(const FlowGraph& graph);

// The phase of a blocking node (Aggregate, Top, Sort, most kinds of Join) within its stage's finish phases.
[[nodiscard]] uint32_t finish_phase_of(const JobPlan& plan, StageId stage, NodeId node);

}  // namespace sluice
