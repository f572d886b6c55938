// check_plan: can the engine run this plan? A plan made by compiler/lower passes; one read from text may not.
#pragma once

#include "lang/support/result.h"
#include "runtime/plan/job_plan.h"

namespace sluice {

// The first thing that does not fit together; ok when everything does.
[[nodiscard]] Status check_plan(const JobPlan& plan);

}  // namespace sluice
