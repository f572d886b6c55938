// plan_text: JobPlan as text and back; read(write(plan)) == plan. The text contains the graph's text.
#pragma once

#include <string>
#include <string_view>

#include "lang/support/result.h"
#include "runtime/plan/job_plan.h"

namespace sluice {
[[nodiscard]] std::string write_plan(const JobPlan& plan);
[[nodiscard]] Result<JobPlan> read_plan(std::string_view text);
}  // namespace sluice
