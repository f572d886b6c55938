// JobState: where a job and its tasks are, and what an event does to them. Pure: events in, commands out; the
// coordinator around it does the talking.
//
//   Created -submit-> Deploying -all deployed-> Running -all finished-> Committing -all committed-> Finished
//   Deploying, Running -stop or failure-> Cancelling -all tasks ended-> Stopped or Failed
//   Committing -failure-> Failed
//   Running -enough output-> Cancelling -all tasks ended-> Committing
//   A stop while committing comes too late and changes nothing, like one after the end.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <variant>
#include <vector>

#include "lang/support/result.h"
#include "runtime/control/messages.h"

namespace sluice {

enum class JobPhase : uint8_t {
#define JOB_PHASE(phase, text, is_end) phase,
#include "runtime/coordinator/job_phases.def"
};
enum class TaskPhase : uint8_t {
#define TASK_PHASE(phase, text) phase,
#include "runtime/coordinator/job_phases.def"
};
[[nodiscard]] std::string_view phase_name(JobPhase phase);
[[nodiscard]] std::string_view phase_name(TaskPhase phase);
[[nodiscard]] bool is_end(JobPhase phase);
[[nodiscard]] bool is_end(TaskPhase phase);

struct JobSubmitted {
  std::vector<TaskPlacement> tasks;
};
struct StopRequested {};
struct TimeIsUp {};      // the input ends here; what comes of it is the result
struct EnoughOutput {};  // nobody wants more rows than there are; they are the result
struct WorkerLost {      // it is gone, and with it its tasks and what their sinks hold
  uint32_t worker = 0;
  Error error;
};
struct RowsLost {  // on their way between two workers
  Error error;
};
using JobEvent = std::variant<JobSubmitted, StopRequested, TimeIsUp, EnoughOutput, WorkerLost, RowsLost, TasksDeployed,
                              DeployFailed, TaskEnded, SinksCommitted, CommitFailed>;

struct JobState {
  JobPhase phase = JobPhase::Created;
  std::map<TaskAddress, TaskPhase> tasks;
  std::map<TaskAddress, uint32_t> worker_of;
  std::set<uint32_t> pending_workers;  // that did not answer the last command yet
  std::set<uint32_t> workers;
  bool is_stopped = false;  // Cancelling because somebody asked for it
  bool has_enough = false;  // Cancelling because nobody wants more
  bool is_time_up = false;
  bool is_started = false;            // the tasks run or ran
  std::optional<RowError> row_error;  // the first failure
  std::optional<Error> error;
};

// Changes the state and returns the commands for the workers. An event that cannot occur in this state is an internal
// error and changes nothing.
[[nodiscard]] Result<std::vector<WorkerCommand>> apply(JobState& state, JobEvent event);

}  // namespace sluice
