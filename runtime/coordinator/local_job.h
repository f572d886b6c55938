// LocalJob: the engine inside one process: an embedded coordinator that deploys every task of a plan to one embedded
// worker and follows the job to its end. `sluice run` is this.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "lang/support/result.h"
#include "runtime/control/job_profile.h"
#include "runtime/control/job_progress.h"
#include "runtime/coordinator/local_checkpoints.h"
#include "runtime/io/connector.h"
#include "runtime/plan/job_plan.h"
#include "runtime/task/row_error.h"
#include "runtime/task/stage_code.h"

namespace sluice {

struct RunOptions {
  uint32_t threads = 1;              // hot threads; tasks are scheduled on them cooperatively
  uint32_t block_bytes = 256 << 10;  // of a row block; 1 gives one row per block (tests)
  uint32_t ring_blocks = 8;          // capacity of a channel
  bool time_stops_at_end = false;    // see EngineSettings
  std::optional<int64_t> wall_time;  // likewise
  CheckpointSettings checkpoints;    // the job goes on from the latest one, if there is one
  bool profile = false;              // fill JobOutcome::profile; wants profiled code
  std::stop_token stop;              // a request ends the job cleanly: nothing is committed
  std::stop_token enough;  // a request ends the job cleanly: what the sinks have is committed (from any thread)
  // The input ends when the job is so old: event time stops where it is, and what comes of the rows is the result.
  std::optional<std::chrono::nanoseconds> end_input_after;
  std::function<void(const JobProgress&)> on_progress;  // from an own thread, about twice a second
};

struct JobOutcome {
  enum class Kind { Finished, Stopped, RowFailed, Failed } kind = Kind::Finished;
  std::optional<RowError> row_error;  // RowFailed
  std::optional<Error> error;         // Failed
  bool has_checkpoint = false;        // the same job goes on from there, however this one ended
  JobProgress totals;
  std::optional<JobProfile> profile;
};

// Runs the job to its end. Sinks are committed only if every task finished; otherwise they are aborted.
[[nodiscard]] JobOutcome run_local(const JobPlan& plan, TaskFactory& code, ConnectorFactory& connectors,
                                   const RunOptions& options);

}  // namespace sluice
