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

// The first cause counts. What goes wrong behind the end that somebody asked for is of no interest, except where it
// means that only some of the files have got their names.
void note_failure(JobState& state, std::optional<RowError> row_error, std::optional<Error> error) {
  const bool is_ending = (state.is_stopped || state.has_enough) && !state.is_committing;
  if (state.row_error || state.error || is_ending) return;
  state.row_error = std::move(row_error);
  state.error = std::move(error);
}

// Has everybody answered the last command, as far as they are still there?
bool all_answered(const JobState& state) {
  if (!state.is_started || state.is_committing) return state.pending_workers.empty();
  return std::ranges::all_of(state.tasks, [](const auto& task) { return is_end(task.second); });
}

// How long to wait before the job begins anew; nothing: it does not, and the error says why where that is not plain.
std::optional<std::chrono::milliseconds> delay_of_restart(JobState& state) {
  if (!state.error || !state.error->retryable || state.is_stopped) return std::nullopt;
  const auto delay = restart_delay(state.strategy, state.restarts);
  if (!delay) {
    if (state.restarts != 0) state.error->context.push_back(fmt::format("it began anew {} times", state.restarts));
    return std::nullopt;
  }
  if (state.cannot_repeat.empty()) return delay;
  state.error->context.push_back("it cannot begin anew: " + state.cannot_repeat);
  return std::nullopt;
}

std::string list_of(const std::vector<std::string>& files) {
  constexpr size_t kMostListed = 10;
  std::string list;
  for (size_t i = 0; i < files.size() && i < kMostListed; ++i) list += (i == 0 ? "" : ", ") + files[i];
  return files.size() <= kMostListed ? list : fmt::format("{} and {} more", list, files.size() - kMostListed);
}

// Somebody has to look at them.
void tell_committed_files(JobState& state) {
  std::vector<std::string> complete;
  std::set<std::string> others = state.begun_files;
  if (state.is_committing)
    for (const uint32_t worker : state.committed_workers)
      for (const auto& file : state.files[worker]) {
        complete.push_back(file);
        others.erase(file);
      }
  const std::vector<std::string> unknown(others.begin(), others.end());
  if (!complete.empty()) state.error->context.push_back("these files are there, complete: " + list_of(complete));
  if (!unknown.empty())
    state.error->context.push_back("these may be there, complete, or not be written: " + list_of(unknown));
}

void end_attempt(JobState& state) {
  if (state.phase == JobPhase::Cancelling) {
    state.phase = JobPhase::Cancelled;
  } else if (const auto delay = delay_of_restart(state)) {
    state.phase = JobPhase::Restarting;
    state.restart_delay = *delay;
  } else {
    state.phase = JobPhase::Failed;
    if (state.error) tell_committed_files(state);
  }
}

constexpr std::string_view kReplacesInput = "it replaces what it reads, and had begun to";

void begin_commit(JobState& state) {
  state.phase = JobPhase::Committing;
  state.is_committing = state.has_committed = true;
  state.pending_workers = state.workers;
  for (const auto& [worker, files] : state.files) state.begun_files.insert(files.begin(), files.end());
  if (state.replaces_input && state.cannot_repeat.empty()) state.cannot_repeat = kReplacesInput;
}

// Goes on when everybody has answered.
Commands settle(JobState& state, Commands commands = {}) {
  if (!all_answered(state)) return commands;
  if (state.phase == JobPhase::Deploying) {
    state.phase = JobPhase::Running;
    state.is_started = true;
    for (auto& [address, phase] : state.tasks) phase = TaskPhase::Running;
    if (state.is_time_up) commands.push_back(EndInput{});
    commands.push_back(StartTasks{});
  } else if (state.phase == JobPhase::Running || (state.phase == JobPhase::Cancelling && state.has_enough)) {
    begin_commit(state);
    commands.push_back(CommitSinks{});
  } else if (state.phase == JobPhase::Committing) {
    state.phase = JobPhase::Finished;
  } else {
    end_attempt(state);
    commands.push_back(AbortSinks{});
  }
  return commands;
}

// Whoever has something left to do is told that there is no need to go on.
Commands begin_failing(JobState& state) {
  const bool is_known = state.phase == JobPhase::Failing || state.phase == JobPhase::Cancelling;
  if (!is_known) state.phase = JobPhase::Failing;
  Commands commands;
  if (!is_known && !state.is_committing && !all_answered(state)) commands.emplace_back(CancelTasks{});
  return settle(state, std::move(commands));
}

void forget_attempt(JobState& state) {
  state.tasks.clear();
  state.worker_of.clear();
  state.pending_workers.clear();
  state.workers.clear();
  state.input_fingerprints.clear();
  state.files.clear();
  state.committed_workers.clear();
  state.inquiry.is_open = false;
  state.is_started = state.is_committing = false;
  state.row_error.reset();
  state.error.reset();
}

Result<Commands> on(JobState& state, JobAccepted) {
  if (state.phase != JobPhase::Created) return illegal(state, "being accepted");
  state.phase = JobPhase::Scheduled;
  return Commands{};
}

Result<Commands> on(JobState& state, TasksPlaced event) {
  if (state.phase != JobPhase::Scheduled) return illegal(state, "a placement of its tasks");
  if (event.tasks.empty()) return internal_error("a job without tasks was placed");
  forget_attempt(state);
  state.has_begun = true;
  ++state.attempts;
  for (const auto& placement : event.tasks) {
    state.tasks[placement.task] = TaskPhase::Deploying;
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
    case JobPhase::Scheduled:
    case JobPhase::Restarting:
    case JobPhase::Suspended:
      state.is_stopped = true;
      state.phase = JobPhase::Cancelled;
      return Commands{};
    case JobPhase::Deploying:
    case JobPhase::Running:
      state.is_stopped = true;
      state.phase = JobPhase::Cancelling;  // the answers end it
      return Commands{CancelTasks{}};
    case JobPhase::Failing:
    case JobPhase::Committing: {
      // It does not begin anew. Files get their names, but no sink waits any more for somebody who takes its rows.
      const bool is_first = !std::exchange(state.is_stopped, true);
      return is_first && state.is_committing ? Commands{CancelTasks{}} : Commands{};
    }
    case JobPhase::Cancelling:
    case JobPhase::Finished:
    case JobPhase::Cancelled:
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

Result<Commands> on(JobState& state, CannotRepeat event) {
  if (state.cannot_repeat.empty()) state.cannot_repeat = std::move(event.why);
  return Commands{};
}

bool is_answer_to_deployment(const JobState& state, uint32_t worker) {
  return !state.is_started && state.pending_workers.contains(worker);
}

// Workers that share a source take its pieces in turn, which is right only if they find the same files.
bool reads_the_same(JobState& state, const std::vector<TasksDeployed::SharedInput>& inputs) {
  return std::ranges::all_of(inputs, [&](const auto& input) {
    return state.input_fingerprints.try_emplace(input.source.value, input.fingerprint).first->second ==
           input.fingerprint;
  });
}

Error input_has_changed(uint32_t worker) {
  return external_error(
             fmt::format("worker {} finds other input files than another worker: they changed while the job was being "
                         "deployed, or the workers do not see the same disk; --parallel 1 reads them on one worker",
                         worker),
             true)
      .error();
}

Result<Commands> on(JobState& state, const TasksDeployed& event) {
  if (!is_answer_to_deployment(state, event.worker)) return illegal(state, "a deployment");
  state.pending_workers.erase(event.worker);
  if (!event.files.empty()) state.files[event.worker] = event.files;
  state.replaces_input |= event.replaces_input;
  if (event.is_final && state.cannot_repeat.empty())
    state.cannot_repeat = "it reads or writes a pipe or a device, which cannot be read or written again";
  if (reads_the_same(state, event.inputs)) return settle(state);
  note_failure(state, std::nullopt, input_has_changed(event.worker));
  return begin_failing(state);
}

Result<Commands> on(JobState& state, DeployFailed event) {
  if (!is_answer_to_deployment(state, event.worker)) return illegal(state, "a failed deployment");
  state.pending_workers.erase(event.worker);
  note_failure(state, std::nullopt, std::move(event.error));
  return begin_failing(state);
}

Result<Commands> on(JobState& state, TaskEnded event) {
  TaskReport& report = event.report;
  const auto task = state.tasks.find(report.task);
  if (!state.is_started || task == state.tasks.end() || task->second != TaskPhase::Running)
    return illegal(state, "the end of a task that does not run");
  if (report.end == TaskReport::End::Cancelled && state.phase == JobPhase::Running)
    return illegal(state, "a cancelled task");
  switch (report.end) {
    case TaskReport::End::Finished:
      task->second = TaskPhase::Finished;
      return settle(state);
    case TaskReport::End::Cancelled:
      task->second = TaskPhase::Cancelled;
      return settle(state);
    case TaskReport::End::Failed:
      task->second = TaskPhase::Failed;
      note_failure(state, std::move(report.row_error), std::move(report.error));
      return begin_failing(state);
  }
  return Commands{};
}

Result<Commands> on(JobState& state, const SinksCommitted& event) {
  if (!state.is_committing || state.pending_workers.erase(event.worker) == 0) return illegal(state, "a commit");
  state.committed_workers.insert(event.worker);
  return settle(state);
}

Result<Commands> on(JobState& state, CommitFailed event) {
  if (!state.is_committing || state.pending_workers.erase(event.worker) == 0) return illegal(state, "a failed commit");
  note_failure(state, std::nullopt, std::move(event.error));
  return begin_failing(state);
}

// No task was started, or no file has got its name, so there is no answer to wait for.
Result<Commands> on(JobState& state, StepNotKept event) {
  const bool is_ready = state.phase == JobPhase::Running && std::ranges::all_of(state.tasks, [](const auto& task) {
                          return task.second == TaskPhase::Running;
                        });
  if (state.phase != JobPhase::Deploying && state.phase != JobPhase::Committing && !is_ready)
    return illegal(state, "a step that is not kept");
  if (is_ready)
    for (auto& [address, phase] : state.tasks) phase = TaskPhase::Cancelled;
  note_failure(state, std::nullopt, std::move(event.error));
  state.pending_workers.clear();
  state.is_committing = false;
  state.has_committed = event.had_committed;
  if (!state.has_committed) state.begun_files.clear();
  if (!state.has_committed && state.cannot_repeat == kReplacesInput) state.cannot_repeat.clear();
  end_attempt(state);
  return Commands{AbortSinks{}};
}

// Also when all of its tasks had finished: their results were to be committed there.
Result<Commands> on(JobState& state, WorkerLost event) {
  if (!has_attempt(state.phase) || state.workers.erase(event.worker) == 0) return Commands{};
  const bool is_pending = state.pending_workers.erase(event.worker) != 0;
  if (state.is_committing && !is_pending) return Commands{};  // it has committed
  if (std::exchange(state.has_enough, false)) state.phase = JobPhase::Failing;
  note_failure(state, std::nullopt, std::move(event.error));
  for (auto& [address, phase] : state.tasks)
    if (!is_end(phase) && state.worker_of.at(address) == event.worker) phase = TaskPhase::Failed;
  return begin_failing(state);
}

// Behind the end of the tasks it changes nothing: all rows had come.
Result<Commands> on(JobState& state, RowsLost event) {
  if (state.phase != JobPhase::Deploying && state.phase != JobPhase::Running) return Commands{};
  note_failure(state, std::nullopt, std::move(event.error));
  return begin_failing(state);
}

Commands ask(StandstillInquiry& inquiry, bool is_second) {
  inquiry.is_open = true;
  inquiry.is_second = is_second;
  (is_second ? inquiry.second : inquiry.first).clear();
  return {AskStandstill{++inquiry.question}};
}

bool is_nothing_under_way(const std::map<uint32_t, Standstill>& answers) {
  uint64_t sent = 0;
  uint64_t received = 0;
  for (const auto& [worker, answer] : answers) {
    sent += answer.sent;
    received += answer.received;
  }
  return sent == received;
}

bool has_moved(const StandstillInquiry& inquiry) {
  return std::ranges::any_of(inquiry.second, [&](const auto& answer) {
    const Standstill& before = inquiry.first.at(answer.first);
    return before.sent != answer.second.sent || before.received != answer.second.received;
  });
}

Commands help_nobody(StandstillInquiry& inquiry) {
  inquiry.is_open = false;
  ++inquiry.fruitless;
  return {};
}

// One of those that wait for room, each in its turn.
Commands relieve(StandstillInquiry& inquiry) {
  std::optional<uint32_t> next;
  for (const auto& [worker, answer] : inquiry.second) {
    if (!answer.waits_for_room) continue;
    if (!next || (*next <= inquiry.relieved && worker > inquiry.relieved)) next = worker;
  }
  if (!next) return help_nobody(inquiry);
  inquiry.relieved = *next;
  inquiry.fruitless = 0;
  return {RelieveCongestion{*next}};
}

// What comes too late, or from nobody of the job, says nothing.
Result<Commands> on(JobState& state, const Standstill& event) {
  StandstillInquiry& inquiry = state.inquiry;
  if (state.phase != JobPhase::Running || !state.workers.contains(event.worker)) return Commands{};
  if (event.question == 0) return inquiry.is_open ? Commands{} : ask(inquiry, false);
  if (!inquiry.is_open || event.question != inquiry.question) return Commands{};
  auto& answers = inquiry.is_second ? inquiry.second : inquiry.first;
  answers[event.worker] = event;
  if (!event.stands_still) return help_nobody(inquiry);
  if (answers.size() < state.workers.size()) return Commands{};
  inquiry.is_open = false;
  if (!is_nothing_under_way(answers)) return help_nobody(inquiry);
  if (!inquiry.is_second) return ask(inquiry, true);
  return has_moved(inquiry) ? help_nobody(inquiry) : relieve(inquiry);
}

Result<Commands> on(JobState& state, RestartDue) {
  if (is_end(state.phase)) return Commands{};  // stopped meanwhile
  if (state.phase != JobPhase::Restarting) return illegal(state, "a new beginning");
  ++state.restarts;
  state.phase = JobPhase::Scheduled;
  return Commands{};
}

// The attempt of the coordinator before ended with that one, so this counts as no restart.
Result<Commands> on(JobState& state, JobResumed) {
  if (state.phase != JobPhase::Suspended) return illegal(state, "being resumed");
  state.phase = JobPhase::Scheduled;
  state.row_error.reset();
  state.error.reset();
  if (!state.has_begun) return Commands{};
  if (state.strategy.kind != RestartStrategy::Kind::None && state.cannot_repeat.empty()) return Commands{};
  state.phase = JobPhase::Failed;
  state.error = external_error("the coordinator ended while the job was on its way").error();
  state.error->context.push_back("it cannot begin anew: " +
                                 (state.cannot_repeat.empty() ? "it was submitted so" : state.cannot_repeat));
  tell_committed_files(state);
  return Commands{};
}

}  // namespace

std::chrono::milliseconds pause_behind(const StandstillInquiry& inquiry) {
  constexpr std::chrono::milliseconds kFirst(25);
  constexpr std::chrono::milliseconds kLongest(1'000);
  constexpr uint32_t kDoublings = 6;
  if (inquiry.fruitless == 0) return std::chrono::milliseconds(0);
  return std::min(kFirst * (1U << std::min(inquiry.fruitless - 1, kDoublings)), kLongest);
}

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
#define TASK_PHASE(phase, text, is_end) \
  case TaskPhase::phase:                \
    return text;
#include "runtime/coordinator/job_phases.def"
  }
  return "?";
}

std::optional<JobPhase> phase_named(std::string_view name) {
#define JOB_PHASE(phase, text, is_end) \
  if (name == (text)) return JobPhase::phase;
#include "runtime/coordinator/job_phases.def"
  return std::nullopt;
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

bool is_end(TaskPhase phase) {
  switch (phase) {
#define TASK_PHASE(phase, text, is_end) \
  case TaskPhase::phase:                \
    return is_end;
#include "runtime/coordinator/job_phases.def"
  }
  return false;
}

bool has_attempt(JobPhase phase) {
  switch (phase) {
    case JobPhase::Deploying:
    case JobPhase::Running:
    case JobPhase::Committing:
    case JobPhase::Failing:
    case JobPhase::Cancelling:
      return true;
    case JobPhase::Created:
    case JobPhase::Scheduled:
    case JobPhase::Restarting:
    case JobPhase::Suspended:
    case JobPhase::Finished:
    case JobPhase::Cancelled:
    case JobPhase::Failed:
      return false;
  }
  return false;
}

Result<std::vector<WorkerCommand>> apply(JobState& state, JobEvent event) {
  return std::visit([&](auto& alternative) { return on(state, std::move(alternative)); }, event);
}

}  // namespace sluice
