#include "runtime/coordinator/job_state.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace sluice {

namespace {

using Commands = std::vector<WorkerCommand>;

std::unexpected<Error> illegal(const JobState& state, std::string_view event) {
  return internal_error(fmt::format("the job is {}, so {} cannot happen", phase_name(state.phase), event));
}

void note_failure(JobState& state, std::optional<RowError> row_error, std::optional<Error> error) {
  if (state.row_error || state.error || state.is_stopped || state.has_enough) return;  // the first cause counts
  state.row_error = std::move(row_error);
  state.error = std::move(error);
}

bool all_tasks_ended(const JobState& state) {
  return std::ranges::all_of(state.tasks, [](const auto& task) { return is_end(task.second); });
}

Commands end_cancelled(JobState& state) {
  state.phase = state.is_stopped ? JobPhase::Stopped : JobPhase::Failed;
  return {AbortSinks{}};
}

Result<Commands> on(JobState& state, JobSubmitted event) {
  if (state.phase != JobPhase::Created) return illegal(state, "being submitted");
  if (event.tasks.empty()) return internal_error("a job without tasks was submitted");
  for (const auto& placement : event.tasks) {
    state.tasks[placement.task] = TaskPhase::Created;
    state.worker_of[placement.task] = placement.worker;
    state.workers.insert(placement.worker);
  }
  state.pending_workers = state.workers;
  state.phase = JobPhase::Deploying;
  return Commands{DeployTasks{std::move(event.tasks)}};
}

Result<Commands> on(JobState& state, StopRequested) {
  switch (state.phase) {
    case JobPhase::Created:
      state.is_stopped = true;
      state.phase = JobPhase::Stopped;
      return Commands{};
    case JobPhase::Deploying:
      state.is_stopped = true;
      state.phase = JobPhase::Cancelling;  // the workers' answers end it
      return Commands{CancelTasks{}};
    case JobPhase::Running:
      state.is_stopped = true;
      state.phase = JobPhase::Cancelling;
      return Commands{CancelTasks{}};
    case JobPhase::Committing:
    case JobPhase::Cancelling:
    case JobPhase::Finished:
    case JobPhase::Stopped:
    case JobPhase::Failed:
      return Commands{};
  }
  return Commands{};
}

// A job that is still being made ready reads nothing at all.
Result<Commands> on(JobState& state, TimeIsUp) {
  const bool is_first = !std::exchange(state.is_time_up, true);
  return is_first && state.phase == JobPhase::Running ? Commands{EndInput{}} : Commands{};
}

Result<Commands> on(JobState& state, EnoughOutput) {
  if (state.phase != JobPhase::Running) return Commands{};
  state.has_enough = true;
  state.phase = JobPhase::Cancelling;
  return Commands{CancelTasks{}};
}

bool is_deploying(const JobState& state) {
  return state.phase == JobPhase::Deploying || (state.phase == JobPhase::Cancelling && !state.is_started);
}

// The last worker has answered: run, or end if that is no longer wanted.
Result<Commands> deployment_answered(JobState& state) {
  if (!state.pending_workers.empty()) return Commands{};
  if (state.phase == JobPhase::Cancelling) return end_cancelled(state);
  state.phase = JobPhase::Running;
  state.is_started = true;
  for (auto& [address, phase] : state.tasks) phase = TaskPhase::Running;
  if (state.is_time_up) return Commands{EndInput{}, StartTasks{}};
  return Commands{StartTasks{}};
}

// Whoever has not answered yet is told that there is no need to go on.
Result<Commands> give_up_deploying(JobState& state, Error error) {
  note_failure(state, std::nullopt, std::move(error));
  const bool is_known = std::exchange(state.phase, JobPhase::Cancelling) == JobPhase::Cancelling;
  if (state.pending_workers.empty()) return deployment_answered(state);
  return is_known ? Commands{} : Commands{CancelTasks{}};
}

Result<Commands> on(JobState& state, const TasksDeployed& event) {
  if (!is_deploying(state) || !state.pending_workers.contains(event.worker)) return illegal(state, "a deployment");
  state.pending_workers.erase(event.worker);
  return deployment_answered(state);
}

Result<Commands> on(JobState& state, DeployFailed event) {
  if (!is_deploying(state) || !state.pending_workers.contains(event.worker))
    return illegal(state, "a failed deployment");
  state.pending_workers.erase(event.worker);
  return give_up_deploying(state, std::move(event.error));
}

// Some tasks have ended: commit or give up when they were the last ones.
Result<Commands> tasks_ended(JobState& state, Commands commands) {
  if (!all_tasks_ended(state)) return commands;
  if (state.phase == JobPhase::Cancelling && !state.has_enough) {
    commands.push_back(AbortSinks{});
    state.phase = state.is_stopped ? JobPhase::Stopped : JobPhase::Failed;
    return commands;
  }
  state.phase = JobPhase::Committing;
  state.pending_workers = state.workers;
  commands.push_back(CommitSinks{});
  return commands;
}

Result<Commands> on(JobState& state, TaskEnded event) {
  TaskReport& report = event.report;
  const auto task = state.tasks.find(report.task);
  const bool is_expected = state.phase == JobPhase::Running || state.phase == JobPhase::Cancelling;
  if (!is_expected || task == state.tasks.end() || task->second != TaskPhase::Running)
    return illegal(state, "the end of a task that does not run");
  if (report.end == TaskReport::End::Cancelled && state.phase == JobPhase::Running)
    return illegal(state, "a cancelled task");
  Commands commands;
  switch (report.end) {
    case TaskReport::End::Finished:
      task->second = TaskPhase::Finished;
      break;
    case TaskReport::End::Cancelled:
      task->second = TaskPhase::Cancelled;
      break;
    case TaskReport::End::Failed:
      task->second = TaskPhase::Failed;
      note_failure(state, std::move(report.row_error), std::move(report.error));
      if (state.phase == JobPhase::Running) commands.push_back(CancelTasks{});
      state.phase = JobPhase::Cancelling;
      break;
  }
  return tasks_ended(state, std::move(commands));
}

Result<Commands> on(JobState& state, const SinksCommitted& event) {
  if (state.phase != JobPhase::Committing || state.pending_workers.erase(event.worker) == 0)
    return illegal(state, "a commit");
  if (state.pending_workers.empty()) state.phase = JobPhase::Finished;
  return Commands{};
}

Result<Commands> on(JobState& state, CommitFailed event) {
  if (state.phase != JobPhase::Committing || state.pending_workers.erase(event.worker) == 0)
    return illegal(state, "a failed commit");
  note_failure(state, std::nullopt, std::move(event.error));
  state.phase = JobPhase::Failed;
  return Commands{AbortSinks{}};
}

Result<Commands> lose_worker_with_tasks(JobState& state, uint32_t worker) {
  Commands commands;
  for (auto& [address, phase] : state.tasks)
    if (!is_end(phase) && state.worker_of.at(address) == worker) phase = TaskPhase::Failed;
  if (state.phase == JobPhase::Running) commands.push_back(CancelTasks{});
  state.phase = JobPhase::Cancelling;
  return tasks_ended(state, std::move(commands));
}

// Also when all of its tasks had finished: their results were to be committed there.
Result<Commands> on(JobState& state, WorkerLost event) {
  if (state.workers.erase(event.worker) == 0 || is_end(state.phase)) return Commands{};
  const bool is_pending = state.pending_workers.erase(event.worker) != 0;
  if (state.phase == JobPhase::Committing && !is_pending) return Commands{};
  state.has_enough = false;
  if (is_deploying(state)) return give_up_deploying(state, std::move(event.error));
  note_failure(state, std::nullopt, std::move(event.error));
  if (state.phase == JobPhase::Committing) {
    state.phase = JobPhase::Failed;
    return Commands{AbortSinks{}};
  }
  return lose_worker_with_tasks(state, event.worker);
}

// Behind the end of the tasks it changes nothing: all rows had come.
Result<Commands> on(JobState& state, RowsLost event) {
  if (state.phase == JobPhase::Deploying) return give_up_deploying(state, std::move(event.error));
  if (state.phase != JobPhase::Running) return Commands{};
  note_failure(state, std::nullopt, std::move(event.error));
  state.phase = JobPhase::Cancelling;
  return Commands{CancelTasks{}};
}

}  // namespace

std::string_view phase_name(JobPhase phase) {
  switch (phase) {
#define JOB_PHASE(phase, text, is_end) \
  case JobPhase::phase:                \
    return text;
#include "runtime/coordinator/job_phases.def"
  }
  return "?";
}

std::string_view phase_name(TaskPhase phase) {
  switch (phase) {
#define TASK_PHASE(phase, text) \
  case TaskPhase::phase:        \
    return text;
#include "runtime/coordinator/job_phases.def"
  }
  return "?";
}

bool is_end(JobPhase phase) {
  switch (phase) {
#define JOB_PHASE(phase, text, is_end) \
  case JobPhase::phase:                \
    return is_end;
#include "runtime/coordinator/job_phases.def"
  }
  return false;
}

bool is_end(TaskPhase phase) { return phase != TaskPhase::Created && phase != TaskPhase::Running; }

Result<std::vector<WorkerCommand>> apply(JobState& state, JobEvent event) {
  return std::visit([&](auto& alternative) { return on(state, std::move(alternative)); }, event);
}

}  // namespace sluice
