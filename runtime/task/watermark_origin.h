// Where the watermark of a stage's input comes from: the time nodes that its rows pass, or what its edge brings.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "runtime/plan/job_plan.h"

namespace sluice {

struct WatermarkOrigin {
  // Time nodes in the stage: position of the counter with the latest time seen, and the delay in microseconds.
  std::vector<std::pair<uint32_t, int64_t>> nodes;
  bool is_own = false;  // some rows pass no time node: the edge's watermark counts too; a source has none
};
// Of StagePlan::inputs[input].
[[nodiscard]] WatermarkOrigin watermark_origin(const JobPlan& plan, StageId stage, size_t input);

// By finish phase of the stage: does it give out windows?
[[nodiscard]] std::vector<bool> windowed_phases(const JobPlan& plan, StageId stage);

}  // namespace sluice
