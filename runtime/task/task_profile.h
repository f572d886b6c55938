// TaskProfile: what one task did, in figures: for the status line, `explain analyze` and whoever asks why nothing comes
// out. Counted per unit of input, not per row, but for the rows of operators, which only profiled code counts.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "runtime/data/block.h"
#include "runtime/plan/job_plan.h"

namespace sluice {

struct InputProfile {  // of StagePlan::inputs
  uint64_t rows = 0;   // of a source: records read
  uint64_t bytes = 0;  // of an edge: of rows and their strings
  int64_t watermark = kNoWatermark;
  bool has_ended = false;  // a source: by itself, before the job was to end
};
struct OutputProfile {  // of StagePlan::outputs
  uint64_t rows = 0;
  uint64_t bytes = 0;
  uint64_t blocks = 0;
};
struct StateProfile {  // of StagePlan::states
  uint64_t bytes = 0;
  uint64_t peak_bytes = 0;
  uint64_t keys = 0;  // of a table: entries, when it was largest
  int64_t counter = 0;
};

struct TaskProfile {
  StageId stage;
  uint32_t index = 0;
  std::vector<InputProfile> inputs;
  std::vector<OutputProfile> outputs;
  std::vector<uint64_t> sink_rows;  // of StagePlan::sinks
  std::vector<StateProfile> states;
  int64_t event_time = kNoWatermark;   // the latest that was seen
  int64_t watermark = kNoWatermark;    // how far event time had come before the end of the input
  std::optional<int64_t> window_due;   // the watermark at which the first window that was open then is due
  std::chrono::nanoseconds busy{};     // of wall time
  std::chrono::nanoseconds blocked{};  // waiting for room in a channel
  // Profiled code only, by node of the graph: rows that it passed on, and how often it was found at work; and how often
  // the engine itself was.
  std::chrono::nanoseconds cpu{};
  std::vector<uint64_t> node_rows;
  std::vector<uint64_t> node_samples;
  uint64_t engine_samples = 0;
};

// Counts rows that came too late: the counters of windows and sessions.
[[nodiscard]] bool is_late_counter(const JobPlan& plan, const StatePlan& state);

}  // namespace sluice
