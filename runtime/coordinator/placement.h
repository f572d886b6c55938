// placement: which slot of which worker runs a task. Pure: the same plan and workers give the same answer.
#pragma once

#include <cstdint>
#include <vector>

#include "lang/support/result.h"
#include "runtime/control/messages.h"
#include "runtime/plan/job_plan.h"

namespace sluice {

struct WorkerSlots {
  uint32_t worker = 0;
  uint32_t slots = 0;
};

// Task i of every stage shares a slot, so that what is forwarded stays in its process; slots are taken from the
// workers in turn, so that they have equally much to do.
[[nodiscard]] Result<std::vector<TaskPlacement>> place_tasks(const JobPlan& plan,
                                                             const std::vector<WorkerSlots>& workers);

}  // namespace sluice
