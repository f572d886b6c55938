// absolute_paths: a plan on its way to other processes, whose working directory is another one.
#pragma once

#include "lang/support/result.h"
#include "runtime/plan/job_plan.h"

namespace sluice {

// Files that sources and sinks name begin at the root. An error when a source reads standard input, which only the one
// who submits has.
[[nodiscard]] Status make_paths_absolute(JobPlan& plan);

}  // namespace sluice
