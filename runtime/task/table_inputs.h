// Which inputs of a stage wait for others: those whose rows are looked up in tables (JoinNode::is_lookup) wait until
// what the tables are made of has been read.
#pragma once

#include <cstddef>
#include <vector>

#include "runtime/plan/job_plan.h"

namespace sluice {

struct TableInput {
  bool fills_table = false;       // its rows come to rest in tables
  std::vector<size_t> waits_for;  // inputs of the stage that must have ended before
};
// By position in StagePlan::inputs.
[[nodiscard]] std::vector<TableInput> table_inputs(const JobPlan& plan, StageId stage);

}  // namespace sluice
