// JobState: where a job and its tasks are, and what an event does to them. Pure: events in, commands out; the
// coordinator around it does the talking.
//
//   Created -accepted-> Scheduled -placed-> Deploying -all deployed-> Running -all finished-> Committing
//           -all committed-> Finished
//   Deploying, Running, Committing -failure-> Failing -all have answered-> Restarting or Failed
//   Restarting -it is time-> Scheduled
//   Suspended -resumed-> Scheduled (or Failed, when it cannot begin anew)
//   Created, Scheduled, Restarting, Suspended -stop-> Cancelled
//   Deploying, Running -stop-> Cancelling -all have answered-> Cancelled
//   Failing -stop-> Failing: it ends as Failed, and does not begin anew
//   Running -enough output-> Cancelling -all tasks ended-> Committing
//   Committing -stop-> Committing: it ends as Finished, or as Failed when a sink waits for somebody
//     who takes its rows
//   A stop after the end changes nothing.
//
// Tasks on several workers may wait for each other's rows in a circle, because each wants them in order and has no room
// for those of others; then one must take a piece more than it has room for. That it is so cannot be seen on one
// worker, where all stands still as well when another one is slow. So a worker that stands still says so, and all are
// asked twice (Mattern's four counters): when all stood still both times, and as many frames had been sent as received
// the first time and not one more the second, then nothing is on its way and nothing will move by itself.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "lang/support/result.h"
#include "runtime/control/messages.h"
#include "runtime/coordinator/restart_strategy.h"

namespace sluice {

enum class JobPhase : uint8_t {
#define JOB_PHASE(phase, text, is_end) phase,
#include "runtime/coordinator/job_phases.def"
};
enum class TaskPhase : uint8_t {
#define TASK_PHASE(phase, text, is_end) phase,
#include "runtime/coordinator/job_phases.def"
};
[[nodiscard]] std::string_view phase_name(JobPhase phase);
[[nodiscard]] std::string_view phase_name(TaskPhase phase);
[[nodiscard]] std::optional<JobPhase> phase_named(std::string_view name);
[[nodiscard]] bool is_end(JobPhase phase);
[[nodiscard]] bool is_end(TaskPhase phase);
// Are there tasks of it, on workers?
[[nodiscard]] bool has_attempt(JobPhase phase);

struct JobAccepted {};
struct TasksPlaced {
  std::vector<TaskPlacement> tasks;
};
struct StopRequested {};
struct TimeIsUp {};      // the input ends here; what comes of it is the result
struct EnoughOutput {};  // nobody wants more rows than there are; they are the result
struct CannotRepeat {    // from here on
  std::string why;       // "rows of it were shown already"
};
struct WorkerLost {  // it is gone, and with it its tasks and what their sinks hold
  uint32_t worker = 0;
  Error error;
};
struct RowsLost {  // on their way between two workers
  Error error;
};
struct RestartDue {};
struct JobResumed {};  // by the coordinator that comes after the one which ran it
// What the next coordinator has to know of this step cannot be kept, so workers must not hear of it.
struct StepNotKept {
  Error error;
  bool had_committed = false;  // JobState::has_committed before the step
};
using JobEvent = std::variant<JobAccepted, TasksPlaced, StopRequested, TimeIsUp, EnoughOutput, CannotRepeat, WorkerLost,
                              RowsLost, RestartDue, JobResumed, StepNotKept, TasksDeployed, DeployFailed, TaskEnded,
                              SinksCommitted, CommitFailed, Standstill>;

// Whether the workers of a job wait for each other.
struct StandstillInquiry {
  uint64_t question = 0;  // the last one; no two are the same
  bool is_open = false;
  bool is_second = false;
  std::map<uint32_t, Standstill> first;  // answers, by worker
  std::map<uint32_t, Standstill> second;
  uint32_t relieved = 0;   // the worker that was helped last
  uint32_t fruitless = 0;  // how many in a row found nobody to help
};
// How long after the beginning of the last inquiry the next one may begin. Where one is slow, all others stand still
// and say so again and again; asking all of them each time would grow with the square of their number.
[[nodiscard]] std::chrono::milliseconds pause_behind(const StandstillInquiry& inquiry);

struct JobState {
  JobPhase phase = JobPhase::Created;
  RestartStrategy strategy;
  uint32_t restarts = 0;                      // so far
  std::chrono::milliseconds restart_delay{};  // Restarting: how long
  bool has_begun = false;                     // there was an attempt
  uint64_t attempts = 0;                      // so far, with those of coordinators before
  bool has_committed = false;                 // one of them has begun to give files their names
  std::set<std::string> begun_files;          // these
  bool replaces_input = false;                // then it can read its own results
  std::string cannot_repeat;                  // why it cannot begin anew; empty: it can

  // Of the attempt that runs, or of the last one:
  std::map<TaskAddress, TaskPhase> tasks;
  std::map<TaskAddress, uint32_t> worker_of;
  std::set<uint32_t> pending_workers;  // that did not answer the last command yet
  std::set<uint32_t> workers;
  std::map<uint32_t, uint64_t> input_fingerprints;     // by source: what the first worker is going to read of it
  std::map<uint32_t, std::vector<std::string>> files;  // that workers make visible, by worker
  std::set<uint32_t> committed_workers;
  bool is_stopped = false;  // somebody asked for it
  bool has_enough = false;  // Cancelling because nobody wants more
  bool is_time_up = false;
  bool is_started = false;     // the tasks run or ran
  bool is_committing = false;  // all tasks had finished; also while Failing behind that
  StandstillInquiry inquiry;
  std::optional<RowError> row_error;  // the first failure
  std::optional<Error> error;
};

// Changes the state and returns the commands for the workers. An event that cannot occur in this state is an internal
// error and changes nothing.
[[nodiscard]] Result<std::vector<WorkerCommand>> apply(JobState& state, JobEvent event);

}  // namespace sluice
