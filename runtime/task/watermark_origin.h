// Where the watermark of a stage's input comes from: the time nodes that its rows pass, or what its edge brings.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "runtime/plan/job_plan.h"

namespace sluice {

struct WatermarkOrigin {
  struct Time {
    NodeId node;
    uint32_t counter = 0;  // position of the state with the latest time seen
    int64_t delay = 0;     // microseconds
    std::optional<int64_t> idle;
    bool operator==(const Time&) const = default;
  };
  std::vector<Time> nodes;  // the time nodes in the stage
  bool is_own = false;      // some rows pass no time node: the edge's watermark counts too; a source has none
};
// Of StagePlan::inputs[input].
[[nodiscard]] WatermarkOrigin watermark_origin(const JobPlan& plan, StageId stage, size_t input);

// Does the edge, an output of the stage, bring rows that come only when all input has ended, whatever time they have?
// Then event time behind it must not come further than it was until that is over: a join with such rows gives out rows
// of any time.
[[nodiscard]] bool holds_watermark(const JobPlan& plan, StageId stage, EdgeId edge);

// By finish phase of the stage: does it give out windows?
[[nodiscard]] std::vector<bool> windowed_phases(const JobPlan& plan, StageId stage);

}  // namespace sluice
