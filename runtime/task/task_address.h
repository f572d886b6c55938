// TaskAddress: names a task among those of a job.
#pragma once

#include <compare>
#include <cstdint>

#include "runtime/plan/job_plan.h"

namespace sluice {

struct TaskAddress {
  StageId stage;
  uint32_t index = 0;
  auto operator<=>(const TaskAddress&) const = default;
};

}  // namespace sluice
