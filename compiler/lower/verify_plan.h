// verify_plan: is a plan that was read from text the one that its graph gives? Everything but the number of key groups
// follows from the graph (see lower.h), so whatever differs was changed by hand, and code generation relies on it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "runtime/plan/job_plan.h"

namespace sluice {

// What differs first, with its line in `text`, from which the plan was read; nothing when all is well. The plan's graph
// has passed find_violation and find_stage_violation.
[[nodiscard]] std::optional<std::string> find_plan_violation(const JobPlan& plan, std::string_view text);

}  // namespace sluice
