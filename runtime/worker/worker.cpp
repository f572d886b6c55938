#include "runtime/worker/worker.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <utility>
#include <variant>

namespace sluice {

namespace {

constexpr std::chrono::milliseconds kLookInterval(10);
constexpr uint32_t kMostLooksBetween = 100;

template <class Pick>
void combine(std::optional<int64_t>& value, int64_t other, const Pick& pick) {
  value = value ? pick(*value, other) : other;
}

void add_time(const Task& task, JobProgress& progress) {
  const TaskCounters& counters = task.counters();
  const auto lower = [](int64_t a, int64_t b) { return std::min(a, b); };
  const auto higher = [](int64_t a, int64_t b) { return std::max(a, b); };
  const int64_t event_time = counters.event_time.load(std::memory_order_relaxed);
  if (event_time != kNoWatermark) combine(progress.event_time, event_time, higher);
  const int64_t window_end = counters.window_due.load(std::memory_order_relaxed);
  if (window_end != kEndOfTime) combine(progress.window_due, window_end, lower);
  const int64_t watermark = counters.watermark.load(std::memory_order_relaxed);
  if (task.has_event_time() && watermark != kEndOfTime) combine(progress.watermark, watermark, lower);
}

TaskMetrics metrics_of(const Task& task) {
  const TaskCounters& counters = task.counters();
  const TaskTimes times = task.times();
  TaskMetrics metrics;
  metrics.task = task.address();
  metrics.rows_in = counters.rows_taken.load(std::memory_order_relaxed);
  metrics.rows_out = counters.rows_given.load(std::memory_order_relaxed);
  metrics.rows_late = counters.rows_late.load(std::memory_order_relaxed);
  metrics.bytes_in = counters.bytes_taken.load(std::memory_order_relaxed);
  metrics.bytes_out = counters.bytes_given.load(std::memory_order_relaxed);
  metrics.state_bytes = counters.state_bytes.load(std::memory_order_relaxed);
  metrics.busy = std::chrono::duration_cast<std::chrono::microseconds>(times.busy);
  metrics.blocked = std::chrono::duration_cast<std::chrono::microseconds>(times.blocked);
  metrics.idle = std::chrono::duration_cast<std::chrono::microseconds>(times.idle);
  const int64_t watermark = counters.watermark.load(std::memory_order_relaxed);
  if (task.has_event_time() && watermark != kEndOfTime && watermark != kNoWatermark) metrics.watermark = watermark;
  return metrics;
}

}  // namespace

Worker::Worker(uint32_t id, const JobPlan& plan, TaskFactory& code, ConnectorFactory& connectors,
               const EngineSettings& settings, std::function<void(WorkerReport)> report, const Neighbours* neighbours)
    : id_(id),
      plan_(plan),
      code_(code),
      connectors_(connectors),
      settings_(settings),
      report_(std::move(report)),
      neighbours_(neighbours),
      time_stops_(settings.time_stops_at_end),
      scheduler_(settings.threads, [this] { on_stall(); }) {}

Worker::~Worker() {
  on(CancelTasks{});
  clocks_.clear();
  scheduler_.stop();
}

void Worker::handle(const WorkerCommand& command) {
  std::visit([this](const auto& alternative) { on(alternative); }, command);
}

void Worker::on(const DeployTasks& command) {
  auto deployment =
      Deployment::make(plan_, id_, command.tasks, neighbours_, code_, connectors_, settings_, is_cancelled_,
                       time_stops_, [this](TaskReport report) { report_(TaskEnded{std::move(report)}); });
  if (!deployment) return report_(DeployFailed{id_, std::move(deployment).error()});
  deployment_ = std::move(*deployment);
  for (const auto& task : deployment_->tasks()) scheduler_.add(*task);
  is_deployed_.store(true);
  report_(TasksDeployed{id_, deployment_->shared_inputs(), deployment_->is_final(), deployment_->files()});
}

void Worker::on(const StartTasks&) {
  if (!deployment_) return;
  started_ = std::chrono::steady_clock::now();
  scheduler_.start();
  const auto interval = deployment_->wake_interval();
  if (interval)
    start_clock(*interval, [this] {
      for (const auto& task : deployment_->tasks()) task->wake();
    });
  if (deployment_->has_neighbours()) start_clock(kLookInterval, [this] { look_for_standstill(); });
}

void Worker::start_clock(std::chrono::microseconds interval, std::function<void()> act) {
  clocks_.emplace_back([interval, act = std::move(act)](const std::stop_token& stop) {
    std::mutex mutex;
    std::unique_lock lock(mutex);
    std::condition_variable_any never;
    while (!stop.stop_requested()) {
      never.wait_for(lock, stop, interval, [] { return false; });
      act();
    }
  });
}

// In this order, so that whoever sees an input end knows that time stops there.
void Worker::on(const EndInput&) {
  if (!deployment_) return;
  time_stops_.store(true);
  for (const auto& feed : deployment_->feeds()) feed->interrupt();
  for (const auto& task : deployment_->tasks()) task->wake();
}

void Worker::on(const CancelTasks&) {
  is_cancelled_.store(true);
  if (!deployment_) return;
  for (const auto& feed : deployment_->feeds()) feed->interrupt();
  for (const auto& task : deployment_->tasks()) task->wake();
}

void Worker::on(const CommitSinks&) {
  if (!deployment_) return;
  if (auto status = deployment_->commit_sinks(); !status) return report_(CommitFailed{id_, std::move(status).error()});
  report_(SinksCommitted{id_});
}

void Worker::on(const AbortSinks&) {
  if (deployment_) deployment_->abort_sinks();
}

void Worker::on(const AskStandstill& command) {
  if (!deployment_) return;
  Standstill told = standstill();
  told.question = command.question;
  report_(told);
}

void Worker::on(const RelieveCongestion& command) {
  if (!deployment_ || command.worker != id_) return;
  is_relieved_.store(true);
  relieve_congestion();
}

// All tasks here are idle. Without neighbours that means that they wait for each other. With them it mostly means that
// one of those is slow, which must not let rows pile up here: see job_state.h.
void Worker::on_stall() {
  if (!deployment_->has_neighbours()) relieve_congestion();
}

// If frames come or go while we look, we do not know.
Standstill Worker::standstill() {
  const FrameCounts before = deployment_->frames();
  const bool is_idle = scheduler_.is_idle();
  const FrameCounts frames = deployment_->frames();
  const bool waits = std::ranges::any_of(deployment_->tasks(), [](const auto& task) { return task->waits_for_room(); });
  return {id_, 0, is_idle && frames == before, waits, frames.sent, frames.received};
}

// Says so when nothing has moved since the last look; while it stays so less and less often.
void Worker::look_for_standstill() {
  const Standstill now = standstill();
  const bool has_moved = is_relieved_.exchange(false) || last_look_ != now;
  last_look_ = now;
  if (has_moved || !now.stands_still || !now.waits_for_room) {
    looks_to_skip_ = looks_between_ = 0;
    return;
  }
  if (looks_to_skip_ != 0) {
    --looks_to_skip_;
    return;
  }
  looks_to_skip_ = looks_between_ = std::min(2 * looks_between_ + 1, kMostLooksBetween);
  report_(now);
}

void Worker::relieve_congestion() {
  for (const auto& task : deployment_->tasks()) task->relieve_congestion();
}

Result<std::map<NodeId, std::string>> Worker::begin_checkpoint(uint64_t number) {
  return deployment_->cut_sources(number);
}

void Worker::abandon_checkpoint(uint64_t number) {
  for (const auto& task : deployment_->tasks()) task->abandon_checkpoint(number);
}

void Worker::note_checkpoint() { deployment_->note_checkpoint(); }

void Worker::confirm_checkpoint(uint64_t number) {
  note_checkpoint();
  for (const auto& task : deployment_->tasks()) task->confirm_checkpoint(number);
}

void Worker::sample() {
  if (!is_deployed_.load()) return;
  for (const auto& task : deployment_->tasks()) task->sample();
}

JobProfile Worker::profile() const {
  JobProfile profile;
  if (!is_deployed_.load()) return profile;
  profile.elapsed = std::chrono::steady_clock::now() - started_;
  for (const auto& task : deployment_->tasks()) profile.tasks.push_back(task->profile());
  for (const auto& feed : deployment_->feeds()) profile.sources.push_back({feed->node(), feed->source().read_bytes()});
  return profile;
}

std::vector<TaskMetrics> Worker::task_metrics() const {
  std::vector<TaskMetrics> all;
  if (!is_deployed_.load()) return all;
  for (const auto& task : deployment_->tasks()) all.push_back(metrics_of(*task));
  return all;
}

JobProgress Worker::progress() const {
  JobProgress progress;
  if (!is_deployed_.load()) return progress;
  for (const auto& task : deployment_->tasks()) {
    progress.rows_in += task->counters().rows_in.load(std::memory_order_relaxed);
    progress.rows_out += task->counters().rows_out.load(std::memory_order_relaxed);
    progress.rows_late += task->counters().rows_late.load(std::memory_order_relaxed);
    progress.state_bytes += task->counters().state_bytes.load(std::memory_order_relaxed);
    add_time(*task, progress);
  }
  bool is_total_known = true;
  for (const auto& feed : deployment_->feeds()) {
    progress.bytes_in += feed->source().read_bytes();
    progress.bytes_total += feed->source().total_bytes();
    is_total_known &= feed->source().total_bytes() != 0;
  }
  if (!is_total_known) progress.bytes_total = 0;
  if (progress.watermark == kNoWatermark) progress.watermark.reset();
  return progress;
}

}  // namespace sluice
