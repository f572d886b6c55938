#include "runtime/worker/worker.h"

#include <utility>
#include <variant>

namespace sluice {

Worker::Worker(uint32_t id, const JobPlan& plan, TaskFactory& code, ConnectorFactory& connectors,
               const EngineSettings& settings, std::function<void(WorkerReport)> report)
    : id_(id),
      plan_(plan),
      code_(code),
      connectors_(connectors),
      settings_(settings),
      report_(std::move(report)),
      time_stops_(settings.time_stops_at_end),
      scheduler_(settings.threads, [this] { relieve_congestion(); }) {}

Worker::~Worker() {
  on(CancelTasks{});
  scheduler_.stop();
}

void Worker::handle(const WorkerCommand& command) {
  std::visit([this](const auto& alternative) { on(alternative); }, command);
}

void Worker::on(const DeployTasks&) {
  auto deployment = Deployment::make(plan_, code_, connectors_, settings_, is_cancelled_, time_stops_,
                                     [this](TaskReport report) { report_(TaskEnded{std::move(report)}); });
  if (!deployment) return report_(DeployFailed{id_, std::move(deployment).error()});
  deployment_ = std::move(*deployment);
  for (const auto& task : deployment_->tasks()) scheduler_.add(*task);
  is_deployed_.store(true);
  report_(TasksDeployed{id_});
}

void Worker::on(const StartTasks&) { scheduler_.start(); }

// In this order, so that whoever sees an input end knows that time stops there.
void Worker::on(const EndInput&) {
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
  if (auto status = deployment_->commit_sinks(); !status) return report_(CommitFailed{id_, std::move(status).error()});
  report_(SinksCommitted{id_});
}

void Worker::on(const AbortSinks&) {
  if (deployment_) deployment_->abort_sinks();
}

void Worker::relieve_congestion() {
  for (const auto& task : deployment_->tasks()) task->relieve_congestion();
}

JobProgress Worker::progress() const {
  JobProgress progress;
  if (!is_deployed_.load()) return progress;
  for (const auto& task : deployment_->tasks()) {
    progress.rows_in += task->counters().rows_in.load(std::memory_order_relaxed);
    progress.rows_out += task->counters().rows_out.load(std::memory_order_relaxed);
    progress.rows_late += task->counters().rows_late.load(std::memory_order_relaxed);
    progress.state_bytes += task->counters().state_bytes.load(std::memory_order_relaxed);
  }
  bool is_total_known = true;
  for (const auto& feed : deployment_->feeds()) {
    progress.bytes_in += feed->source().read_bytes();
    progress.bytes_total += feed->source().total_bytes();
    is_total_known &= feed->source().total_bytes() != 0;
  }
  if (!is_total_known) progress.bytes_total = 0;
  return progress;
}

}  // namespace sluice
