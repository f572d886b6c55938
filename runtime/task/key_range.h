// Which hashes can reach a table of a task. A task behind a hash exchange sees only its own key groups, and its table
// spreads just those over its slots.
#pragma once

#include <cstdint>

#include "runtime/plan/job_plan.h"
#include "runtime/state/group_table.h"

namespace sluice {

// All hashes, unless the state is provably keyed by exactly what every exchange above it is keyed by.
[[nodiscard]] HashRange key_range(const JobPlan& plan, StageId stage, const StatePlan& state, uint32_t task);

}  // namespace sluice
