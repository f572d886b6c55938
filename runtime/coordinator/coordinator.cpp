#include "runtime/coordinator/coordinator.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "lang/support/invariant.h"
#include "runtime/control/wire_codec.h"
#include "runtime/coordinator/placement.h"
#include "runtime/plan/check_plan.h"
#include "runtime/plan/plan_text.h"

namespace sluice {

namespace {

constexpr std::chrono::milliseconds kSilence(1'000);  // a worker that says nothing for so long is lost
constexpr std::chrono::milliseconds kBeat(250);
constexpr uint32_t kMostSlots = 65'536;  // of a worker

uint32_t slots_needed(const JobPlan& plan) {
  uint32_t slots = 1;
  for (const auto& stage : plan.stages) slots = std::max(slots, stage.parallelism);
  return slots;
}

}  // namespace

Result<std::unique_ptr<Coordinator>> Coordinator::make(CoordinatorSettings settings) {
  std::unique_ptr<Coordinator> coordinator(new Coordinator(std::move(settings)));
  coordinator->loop_.start();
  coordinator->loop_.post([self = coordinator.get()] { self->beat(); });
  SLUICE_ASSIGN(
      coordinator->listener_,
      Listener::make(coordinator->settings_.url, kSilence, [self = coordinator.get()](auto connection) {
        self->loop_.post([self, caller = std::move(connection)]() mutable { self->accept(std::move(caller)); });
      }));
  return coordinator;
}

Coordinator::~Coordinator() {
  listener_.reset();
  loop_.stop();
  // While the loop is still there: their connections tell it what they receive.
  reception_.clear();
  workers_.clear();
}

// ---- workers ----

void Coordinator::accept(std::unique_ptr<Connection> connection) {
  reception_.await(std::move(connection), [this](Result<Reception::Caller> caller) {
    if (caller) greet(std::move(*caller));
  });
}

void Coordinator::greet(Reception::Caller caller) {
  const auto hello = read_hello(caller.first, settings_.credentials);
  if (!hello) return settings_.log("refused a process that wanted to join: " + hello.error().message);
  if (!hello->has_join() || hello->join().slots() == 0 || hello->join().slots() > kMostSlots) return;
  const uint32_t worker = next_worker_++;
  const wire::Join& join = hello->join();
  wire::Hello answer = make_hello(settings_.credentials);
  answer.set_worker(worker);
  caller.connection->send(hello_frame(answer));
  caller.connection->start(
      [this, worker](Frame received) {
        loop_.post([this, worker, frame = std::move(received)] { receive(worker, frame); });
        return true;
      },
      [this, worker](const Error& error) { loop_.post([this, worker, why = error.message] { lose(worker, why); }); });
  workers_[worker] = {
      {worker, join.host(), join.data_url(), join.process(), join.slots(), join.slots(), join.memory_bytes()},
      std::move(caller.connection)};
  settings_.log(fmt::format("worker {} on {} joined with {} slots", worker, join.host(), join.slots()));
  start_waiting_jobs();
}

void Coordinator::lose(uint32_t worker, const std::string& why) {
  const auto found = workers_.find(worker);
  if (found == workers_.end()) return;
  settings_.log(fmt::format("lost worker {} on {}: {}", worker, found->second.info.host, why));
  const Error error =
      external_error(fmt::format("worker {} on {} was lost: {}", worker, found->second.info.host, why), true).error();
  workers_.erase(found);
  for (auto& [id, job] : jobs_)
    if (job.deployment != 0 && !is_end(job.state.phase)) happen(job, WorkerLost{worker, error});
}

void Coordinator::receive(uint32_t worker, const Frame& frame) {
  wire::Report message;
  if (frame.kind() != FrameKind::Control || !message.ParseFromString(frame.text))
    return lose(worker, "it sent what is no report");
  if (message.report_case() == wire::Report::kHeartbeat) {
    if (const auto found = workers_.find(worker); found != workers_.end())
      found->second.info.figures = wire::read_heartbeat(message.heartbeat());
    return;
  }
  for (auto& [id, job] : jobs_)
    if (job.deployment != 0 && job.deployment == message.deployment() && !is_end(job.state.phase))
      return receive_report(worker, job, message);
}

void Coordinator::receive_report(uint32_t worker, Job& job, const wire::Report& message) {
  if (message.report_case() == wire::Report::kProgress) {
    job.progress[worker] = wire::read_progress(message.progress());
    for (const wire::TaskMetrics& task : message.progress().tasks()) {
      const TaskMetrics metrics = wire::read_task_metrics(task);
      const auto placed = job.state.worker_of.find(metrics.task);
      if (placed != job.state.worker_of.end() && placed->second == worker) job.metrics[metrics.task] = metrics;
    }
  } else if (message.report_case() == wire::Report::kOutput) {
    job.output += message.output().rows();
  } else if (message.report_case() == wire::Report::kNeighbourLost) {
    happen(job, RowsLost{wire::read_error(message.neighbour_lost())});
  } else {
    auto report = wire::read_report(message, worker);
    if (!report) return lose(worker, report.error().message);
    std::visit([&](auto& alternative) { happen(job, std::move(alternative)); }, *report);
  }
}

// Both sides say something often enough for the other to notice when it is gone.
void Coordinator::beat() {
  wire::Command message;
  message.mutable_heartbeat();
  for (const auto& [worker, joined] : workers_) send(worker, message);
  loop_.post_at(EventLoop::Clock::now() + kBeat, [this] { beat(); });
}

void Coordinator::send(uint32_t worker, const wire::Command& message) {
  const auto found = workers_.find(worker);
  if (found != workers_.end()) found->second.connection->send(wire::control_frame(message));
}

// ---- jobs ----

// Each in its turn: a job that needs many slots is not passed by small ones for ever.
void Coordinator::start_waiting_jobs() {
  for (auto& [id, job] : jobs_) {
    if (job.deployment != 0 || is_end(job.state.phase)) continue;
    uint32_t free = 0;
    for (const auto& [worker, joined] : workers_) free += joined.info.free_slots;
    if (free < job.info.slots) return;
    start(job);
  }
}

void Coordinator::start(Job& job) {
  std::vector<WorkerSlots> slots;
  for (const auto& [worker, joined] : workers_) slots.push_back({worker, joined.info.free_slots});
  auto placement = place_tasks(job.plan, slots);
  SLUICE_INVARIANT(placement.has_value(), "there were slots enough");
  job.deployment = next_deployment_++;
  std::map<std::pair<uint32_t, uint32_t>, bool> taken;
  for (const auto& placed : *placement)
    if (!std::exchange(taken[{placed.worker, placed.slot}], true)) --workers_.at(placed.worker).info.free_slots;
  happen(job, JobSubmitted{std::move(*placement)});
}

void Coordinator::happen(Job& job, JobEvent event) {
  const auto commands = apply(job.state, std::move(event));
  // What a worker says too late, or twice, changes nothing.
  if (!commands) return settings_.log(fmt::format("job {}: {}", job.id, commands.error().message));
  for (const auto& each : *commands) command(job, each);
  note_phase(job);
  if (is_end(job.state.phase)) end(job);
}

void Coordinator::command(Job& job, const WorkerCommand& command) {
  wire::Command message = wire::to_wire(job.deployment, command);
  if (std::holds_alternative<DeployTasks>(command)) {
    wire::DeployTasks& deploy = *message.mutable_deploy();
    deploy.set_plan(job.submission.plan);
    deploy.set_block_bytes(job.submission.block_bytes);
    for (const uint32_t worker : job.state.workers) {
      wire::Peer& peer = *deploy.add_peers();
      peer.set_worker(worker);
      peer.set_data_url(workers_.at(worker).info.data_url);
    }
  }
  for (const uint32_t worker : job.state.workers) send(worker, message);
}

void Coordinator::note_phase(Job& job) {
  auto& history = job.info.history;
  if (!history.empty() && history.back().phase == job.state.phase) return;
  history.push_back({job.state.phase, std::chrono::system_clock::now()});
  settings_.log(fmt::format("job {} ({}): {}", job.id, job.info.name, phase_name(job.state.phase)));
}

void Coordinator::end(Job& job) {
  wire::Command forget;
  forget.set_deployment(job.deployment);
  forget.mutable_forget();
  std::map<uint32_t, std::map<TaskAddress, uint32_t>> tasks;
  for (const auto& [task, worker] : job.state.worker_of) tasks[worker][task] = 0;
  for (const auto& [worker, placed] : tasks) {
    send(worker, forget);
    const auto joined = workers_.find(worker);
    if (joined == workers_.end()) continue;
    uint32_t used = 0;  // as many as the stage with most tasks here
    std::map<StageId, uint32_t> by_stage;
    for (const auto& [task, unused] : placed) used = std::max(used, ++by_stage[task.stage]);
    joined->second.info.free_slots += used;
  }
  start_waiting_jobs();
}

// ---- clients ----

Result<uint64_t> Coordinator::submit(Submission submission) {
  SLUICE_ASSIGN(auto plan, read_plan(submission.plan));
  SLUICE_TRY(check_plan(plan));
  return loop_.call([&]() -> Result<uint64_t> {
    const uint64_t id = next_job_++;
    Job& job = jobs_[id];
    job.id = id;
    job.plan = std::move(plan);
    job.info.job = id;
    job.info.name = submission.name;
    job.info.slots = slots_needed(job.plan);
    job.info.submitted = std::chrono::system_clock::now();
    job.submission = std::move(submission);
    note_phase(job);
    start_waiting_jobs();
    return id;
  });
}

std::vector<WorkerInfo> Coordinator::workers() {
  return loop_.call([&] {
    std::vector<WorkerInfo> all;
    for (const auto& [worker, joined] : workers_) all.push_back(joined.info);
    return all;
  });
}

JobInfo Coordinator::summary_of(const Job& job) {
  JobInfo info = job.info;
  info.phase = job.state.phase;
  info.row_error = job.state.row_error;
  info.error = job.state.error;
  for (const auto& [worker, progress] : job.progress) {
    info.totals.rows_in += progress.rows_in;
    info.totals.rows_out += progress.rows_out;
    info.totals.rows_late += progress.rows_late;
    info.totals.bytes_in += progress.bytes_in;
    info.totals.state_bytes += progress.state_bytes;
  }
  return info;
}

JobInfo Coordinator::info_of(const Job& job) {
  JobInfo info = summary_of(job);
  for (const auto& [task, phase] : job.state.tasks) {
    const auto metrics = job.metrics.find(task);
    info.tasks.push_back({job.plan.stages[task.stage].name, task.index, job.state.worker_of.at(task), phase,
                          metrics == job.metrics.end() ? TaskMetrics{task} : metrics->second});
  }
  for (size_t i = 0; i < job.plan.stages.size(); ++i) {
    const StagePlan& stage = job.plan.stages[StageId(i)];
    auto& told = info.stages.emplace_back(stage.name);
    for (const NodeId node : stage.nodes) told.operators.push_back(job.plan.graph.nodes[node].name);
  }
  return info;
}

std::vector<JobInfo> Coordinator::jobs() {
  return loop_.call([&] {
    std::vector<JobInfo> all;
    for (const auto& [id, job] : jobs_) all.push_back(summary_of(job));
    return all;
  });
}

std::vector<JobInfo> Coordinator::running_jobs() {
  return loop_.call([&] {
    std::vector<JobInfo> all;
    for (const auto& [id, job] : jobs_)
      if (job.state.phase != JobPhase::Created && !is_end(job.state.phase)) all.push_back(info_of(job));
    return all;
  });
}

std::optional<JobInfo> Coordinator::job(uint64_t job) {
  return loop_.call([&]() -> std::optional<JobInfo> {
    const auto found = jobs_.find(job);
    if (found == jobs_.end()) return std::nullopt;
    return info_of(found->second);
  });
}

std::optional<std::string> Coordinator::plan(uint64_t job) {
  return loop_.call([&]() -> std::optional<std::string> {
    const auto found = jobs_.find(job);
    if (found == jobs_.end()) return std::nullopt;
    return found->second.submission.plan;
  });
}

std::optional<JobOutput> Coordinator::output(uint64_t job, uint64_t from) {
  return loop_.call([&]() -> std::optional<JobOutput> {
    const auto found = jobs_.find(job);
    if (found == jobs_.end()) return std::nullopt;
    const std::string& all = found->second.output;
    return JobOutput{from < all.size() ? all.substr(from) : std::string(), is_end(found->second.state.phase)};
  });
}

bool Coordinator::cancel(uint64_t job) {
  return loop_.call([&] {
    const auto found = jobs_.find(job);
    if (found == jobs_.end()) return false;
    if (!is_end(found->second.state.phase)) happen(found->second, StopRequested{});
    return true;
  });
}

}  // namespace sluice
