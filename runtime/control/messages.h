// What coordinator and worker say to each other. Plain values: inside one process they are passed on as they are.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "lang/support/result.h"
#include "runtime/plan/job_plan.h"
#include "runtime/task/task.h"

namespace sluice {

// A slot of a worker holds at most one task of each stage.
struct TaskPlacement {
  TaskAddress task;
  uint32_t worker = 0;
  uint32_t slot = 0;
  bool operator==(const TaskPlacement&) const = default;
};

// ---- coordinator to worker; every worker gets every command ----
struct DeployTasks {  // make these tasks ready: code, state, channels, sources, sinks
  std::vector<TaskPlacement> tasks;
  bool operator==(const DeployTasks&) const = default;
};
struct StartTasks {
  bool operator==(const StartTasks&) const = default;
};
struct EndInput {  // sources end here, event time stops where it is, and the tasks come to their ends
  bool operator==(const EndInput&) const = default;
};
struct CancelTasks {  // every task ends soon, and says so
  bool operator==(const CancelTasks&) const = default;
};
struct CommitSinks {
  bool operator==(const CommitSinks&) const = default;
};
struct AbortSinks {
  bool operator==(const AbortSinks&) const = default;
};
struct AskStandstill {  // answer with Standstill
  uint64_t question = 0;
  bool operator==(const AskStandstill&) const = default;
};
struct RelieveCongestion {  // tasks of `worker` that wait for room take one more piece regardless
  uint32_t worker = 0;
  bool operator==(const RelieveCongestion&) const = default;
};
using WorkerCommand = std::variant<DeployTasks, StartTasks, EndInput, CancelTasks, CommitSinks, AbortSinks,
                                   AskStandstill, RelieveCongestion>;

// ---- worker to coordinator ----
struct TasksDeployed {
  uint32_t worker = 0;
  struct SharedInput {  // a source that several workers read
    NodeId source;
    uint64_t fingerprint = 0;  // Source::fingerprint
    bool operator==(const SharedInput&) const = default;
  };
  std::vector<SharedInput> inputs = {};
  bool is_final = false;                // it reads or writes what cannot be read or written again
  std::vector<std::string> files = {};  // that its sinks will make visible
  bool replaces_input = false;          // once some of those are visible, the job would read its own results
};
struct DeployFailed {
  uint32_t worker = 0;
  Error error;
};
struct TaskEnded {
  TaskReport report;
};
struct SinksCommitted {
  uint32_t worker = 0;
};
struct CommitFailed {
  uint32_t worker = 0;
  Error error;
};
// What the worker does for the job, at one moment.
struct Standstill {
  uint32_t worker = 0;
  uint64_t question = 0;        // of AskStandstill; 0: the worker says by itself that it stands still
  bool stands_still = false;    // no task has anything to do
  bool waits_for_room = false;  // one of them waits until others take its rows
  uint64_t sent = 0;            // frames of channels to other workers, since the beginning
  uint64_t received = 0;
  bool operator==(const Standstill&) const = default;
};
using WorkerReport = std::variant<TasksDeployed, DeployFailed, TaskEnded, SinksCommitted, CommitFailed, Standstill>;

}  // namespace sluice
