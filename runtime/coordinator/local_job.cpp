#include "runtime/coordinator/local_job.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>
#include <variant>

#include "lang/support/invariant.h"
#include "runtime/coordinator/job_state.h"
#include "runtime/coordinator/placement.h"
#include "runtime/plan/check_plan.h"
#include "runtime/worker/worker.h"

namespace sluice {

namespace {

constexpr std::chrono::milliseconds kProgressInterval(500);
constexpr std::chrono::milliseconds kSampleInterval(1);
constexpr uint32_t kWorker = 0;

// Events for the coordinator, from any thread.
class Mailbox {
 public:
  void post(JobEvent event) {
    {
      const std::lock_guard lock(mutex_);
      events_.push_back(std::move(event));
    }
    has_events_.notify_one();
  }
  // The next event, TimeIsUp when none has come until then.
  JobEvent wait(std::optional<std::chrono::steady_clock::time_point> deadline) {
    std::unique_lock lock(mutex_);
    const auto is_there = [this] { return !events_.empty(); };
    if (!deadline) {
      has_events_.wait(lock, is_there);
    } else if (!has_events_.wait_until(lock, *deadline, is_there)) {
      return TimeIsUp{};
    }
    JobEvent event = std::move(events_.front());
    events_.pop_front();
    return event;
  }

 private:
  std::mutex mutex_;
  std::condition_variable has_events_;
  std::deque<JobEvent> events_;
};

// Does something again and again on a thread of its own while it lives.
class Periodically {
 public:
  // Nothing without an interval.
  Periodically(std::optional<std::chrono::milliseconds> interval, std::function<void()> act) {
    if (interval) thread_ = std::thread([this, every = *interval, act = std::move(act)] { work(every, act); });
  }
  ~Periodically() {
    {
      const std::lock_guard lock(mutex_);
      is_done_ = true;
    }
    done_.notify_all();
    if (thread_.joinable()) thread_.join();
  }
  Periodically(const Periodically&) = delete;
  Periodically& operator=(const Periodically&) = delete;

 private:
  void work(std::chrono::milliseconds every, const std::function<void()>& act) {
    std::unique_lock lock(mutex_);
    while (!done_.wait_for(lock, every, [this] { return is_done_; })) act();
  }

  std::mutex mutex_;
  std::condition_variable done_;
  bool is_done_ = false;
  std::thread thread_;
};

uint32_t slots_needed(const JobPlan& plan) {
  uint32_t slots = 1;
  for (const auto& stage : plan.stages) slots = std::max(slots, stage.parallelism);
  return slots;
}

// Posts the reports of a worker, whose kinds are all events too.
void post_report(Mailbox& mailbox, WorkerReport report) {
  std::visit([&](auto& alternative) { mailbox.post(std::move(alternative)); }, report);
}

// Drives the job to its end: event by event, as the job's state decides. `give_up`: for sinks that wait for somebody.
// Where nobody wants more rows, those that there are still have to be taken.
JobState coordinate(std::vector<TaskPlacement> placement, Worker& worker, Mailbox& mailbox, std::stop_source& give_up,
                    LocalCheckpoints* checkpoints, std::optional<std::chrono::steady_clock::time_point> deadline) {
  JobState state;
  mailbox.post(JobAccepted{});
  mailbox.post(TasksPlaced{std::move(placement)});
  while (!is_end(state.phase)) {
    JobEvent event = mailbox.wait(deadline);
    if (std::holds_alternative<TimeIsUp>(event)) deadline.reset();
    const auto commands = apply(state, std::move(event));
    SLUICE_INVARIANT(commands.has_value(), commands.error().message);
    for (const auto& command : *commands) {
      const bool settles = std::holds_alternative<CommitSinks>(command) || std::holds_alternative<AbortSinks>(command);
      if (checkpoints != nullptr && settles) checkpoints->stop();
      if (checkpoints != nullptr && std::holds_alternative<CommitSinks>(command)) {
        if (auto status = checkpoints->make_last(); !status) {
          mailbox.post(CommitFailed{kWorker, std::move(status).error()});
          continue;
        }
        worker.note_checkpoint();
      }
      if (std::holds_alternative<CancelTasks>(command) && !state.has_enough) give_up.request_stop();
      worker.handle(command);
      if (checkpoints != nullptr && std::holds_alternative<StartTasks>(command)) checkpoints->start(worker);
    }
  }
  if (checkpoints != nullptr) checkpoints->stop();
  return state;
}

JobOutcome failed(Error error) {
  JobOutcome outcome;
  outcome.kind = JobOutcome::Kind::Failed;
  outcome.error = std::move(error);
  return outcome;
}

JobOutcome outcome_of(JobState state) {
  JobOutcome outcome;
  if (state.phase == JobPhase::Cancelled) outcome.kind = JobOutcome::Kind::Stopped;
  if (state.phase == JobPhase::Failed)
    outcome.kind = state.row_error ? JobOutcome::Kind::RowFailed : JobOutcome::Kind::Failed;
  outcome.row_error = std::move(state.row_error);
  outcome.error = std::move(state.error);
  return outcome;
}

}  // namespace

JobOutcome run_local(const JobPlan& plan, TaskFactory& code, ConnectorFactory& connectors, const RunOptions& options) {
  const auto start = std::chrono::steady_clock::now();
  if (auto status = check_plan(plan); !status) return failed(std::move(status).error());
  auto placement = place_tasks(plan, {{0, slots_needed(plan)}});
  if (!placement) return failed(std::move(placement).error());

  Mailbox mailbox;
  std::stop_source deploying;
  std::optional<LocalCheckpoints> checkpoints;
  std::optional<RestorePoint> restore_point;
  if (options.checkpoints.store != nullptr) {
    checkpoints.emplace(plan, options.checkpoints);
    auto restored = checkpoints->restore();
    if (!restored) return failed(std::move(restored).error());
    restore_point = std::move(*restored);
  }
  EngineSettings settings{std::max(1u, options.threads),
                          std::max<uint64_t>(sizeof(abi::BlockHeader), options.block_bytes),
                          std::max(1u, options.ring_blocks),
                          options.time_stops_at_end,
                          options.wall_time,
                          options.profile,
                          {.job = {}, .stop = deploying.get_token()}};
  if (checkpoints) settings.on_saved = [&](SavedTask saved) { checkpoints->on_saved(std::move(saved)); };
  if (restore_point) settings.restore_point = &*restore_point;
  Worker worker(0, plan, code, connectors, settings,
                [&](WorkerReport report) { post_report(mailbox, std::move(report)); });
  const std::stop_callback on_stop(options.stop, [&] {
    mailbox.post(StopRequested{});  // first, so that the job was stopped and its deployment did not fail
    deploying.request_stop();
  });
  const std::stop_callback on_enough(options.enough, [&] { mailbox.post(EnoughOutput{}); });
  std::optional<std::chrono::steady_clock::time_point> deadline;
  if (options.end_input_after) deadline = start + *options.end_input_after;
  JobOutcome outcome;
  {
    const auto progress_interval = options.on_progress ? std::optional(kProgressInterval) : std::nullopt;
    const Periodically reporter(progress_interval, [&] {
      JobProgress progress = worker.progress();
      progress.elapsed = std::chrono::steady_clock::now() - start;
      options.on_progress(progress);
    });
    const Periodically sampler(options.profile ? std::optional(kSampleInterval) : std::nullopt,
                               [&] { worker.sample(); });
    LocalCheckpoints* const kept = checkpoints ? &*checkpoints : nullptr;
    outcome = outcome_of(coordinate(std::move(*placement), worker, mailbox, deploying, kept, deadline));
  }
  outcome.has_checkpoint = checkpoints && checkpoints->has_checkpoint();
  if (checkpoints && outcome.kind == JobOutcome::Kind::Finished)
    if (auto status = checkpoints->end(); !status) return failed(std::move(status).error());
  outcome.totals = worker.progress();
  outcome.totals.elapsed = std::chrono::steady_clock::now() - start;
  if (options.profile) {
    outcome.profile = worker.profile();
    outcome.profile->threads = settings.threads;
  }
  return outcome;
}

}  // namespace sluice
