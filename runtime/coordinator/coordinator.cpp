#include "runtime/coordinator/coordinator.h"

#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <set>
#include <utility>

#include "lang/support/invariant.h"
#include "runtime/control/wire_codec.h"
#include "runtime/coordinator/job_record.h"
#include "runtime/plan/check_plan.h"
#include "runtime/plan/plan_text.h"

namespace sluice {

namespace {

constexpr std::chrono::milliseconds kSilence(1'000);  // a worker that says nothing for so long is lost
constexpr std::chrono::milliseconds kBeat(250);
constexpr std::chrono::milliseconds kLastWords(1'000);
constexpr uint32_t kMostSlots = 65'536;  // of a worker
constexpr size_t kMostFailures = 100;    // that are remembered of a job
constexpr size_t kMostSteps = 1'000;     // likewise

uint32_t slots_needed(const JobPlan& plan) {
  uint32_t slots = 1;
  for (const auto& stage : plan.stages) slots = std::max(slots, stage.parallelism);
  return slots;
}

uint64_t random_number() {
  std::random_device random;
  return uint64_t{random()} << 32 | random();
}

Error not_kept(const Status& status) {
  return external_error("what must not be forgotten of the job cannot be written: " + status.error().message, true)
      .error();
}

// Does a coordinator that finds a job there have to know that?
bool is_kept(JobPhase phase) {
  return phase == JobPhase::Deploying || phase == JobPhase::Committing || phase == JobPhase::Cancelling;
}

// Must it even be known before workers hear of it? What a later attempt may do to the files of this one hangs on it.
bool is_kept_first(JobPhase phase) { return phase == JobPhase::Deploying || phase == JobPhase::Committing; }

bool is_endless(const JobPlan& plan) {
  for (const auto& stage : plan.stages)
    for (const auto& input : stage.inputs)
      if (input.source.is_valid() && std::get<SourceNode>(plan.graph.nodes[input.source].payload).is_endless)
        return true;
  return false;
}

}  // namespace

Result<std::unique_ptr<Coordinator>> Coordinator::make(CoordinatorSettings settings) {
  std::unique_ptr<Coordinator> coordinator(new Coordinator(std::move(settings)));
  coordinator->term_ = random_number();
  // What workers may still say of attempts of the life before is about none of these.
  coordinator->next_deployment_ = 1 + random_number() % (1U << 30);
  SLUICE_TRY(coordinator->restore());
  coordinator->loop_.start();
  coordinator->loop_.post([self = coordinator.get()] { self->beat(); });
  coordinator->pulse_.start();
  SLUICE_ASSIGN(coordinator->listener_,
                Listener::make({coordinator->settings_.url, kSilence, coordinator->settings_.credentials.tls},
                               [self = coordinator.get()](auto connection) {
                                 self->loop_.post([self, caller = std::move(connection)]() mutable {
                                   self->accept(std::move(caller));
                                 });
                               }));
  return coordinator;
}

Coordinator::~Coordinator() {
  listener_.reset();
  pulse_.stop();
  loop_.stop();
  // While the loop is still there: their connections tell it what they receive.
  reception_.clear();
  workers_.clear();
  suspend();
}

// ---- workers ----

void Coordinator::accept(std::unique_ptr<Connection> connection) {
  reception_.await(std::move(connection), [this](Result<Reception::Caller> caller) {
    if (!caller) return settings_.log("refused a process that wanted to join: " + caller.error().message);
    greet(std::move(*caller));
  });
}

void Coordinator::greet(Reception::Caller caller) {
  const auto hello = read_hello(caller.first, settings_.credentials);
  if (!hello) return refuse(std::move(caller), hello.error().message);
  if (!hello->has_join() || hello->join().slots() == 0 || hello->join().slots() > kMostSlots) return;
  const uint32_t worker = next_worker_++;
  const wire::Join& join = hello->join();
  wire::Hello answer = make_hello(settings_.credentials);
  answer.set_worker(worker);
  answer.set_term(term_);
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
  pulse_.add(worker, *workers_[worker].connection);
  note(fmt::format("worker {} on {} joined with {} slots", worker, join.host(), join.slots()));
  start_waiting_jobs();
}

// Whoever was refused is told why, and given the time to hear it.
void Coordinator::refuse(Reception::Caller caller, const std::string& why) {
  note("refused a process that wanted to join: " + why);
  wire::Hello answer;
  answer.set_software(settings_.credentials.software);
  answer.set_refusal(why);
  caller.connection->send(hello_frame(answer));
  loop_.post_at(EventLoop::Clock::now() + kLastWords, [connection = std::move(caller.connection)] {});
}

void Coordinator::lose(uint32_t worker, const std::string& why) {
  const auto found = workers_.find(worker);
  if (found == workers_.end()) return;
  pulse_.remove(worker);
  if (found->second.info.is_leaving && !is_in_use(worker)) {
    note(fmt::format("worker {} on {} has left", worker, found->second.info.host));
    workers_.erase(found);
    return;
  }
  note(fmt::format("lost worker {} on {}: {}", worker, found->second.info.host, why));
  const Error error =
      external_error(fmt::format("worker {} on {} was lost: {}", worker, found->second.info.host, why), true).error();
  workers_.erase(found);
  for (auto& [id, job] : jobs_)
    if (job.deployment != 0) happen(job, WorkerLost{worker, error});
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
  if (message.report_case() == wire::Report::kLeaving) {
    const auto leaving = workers_.find(worker);
    if (leaving != workers_.end()) leaving->second.info.is_leaving = true;
    return dismiss_idle_workers();
  }
  for (auto& [id, job] : jobs_)
    if (job.deployment != 0 && job.deployment == message.deployment()) return receive_report(worker, job, message);
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
    keep_output(worker, job, message.output().rows());
  } else if (message.report_case() == wire::Report::kNeighbourLost) {
    happen(job, RowsLost{wire::read_error(message.neighbour_lost())});
  } else {
    auto report = wire::read_report(message, worker);
    if (!report) return lose(worker, report.error().message);
    const auto* still = std::get_if<Standstill>(&*report);
    if (still != nullptr && still->question == 0 && !is_inquiry_due(job)) return;
    std::visit([&](auto& alternative) { happen(job, std::move(alternative)); }, *report);
  }
}

// May all of its workers be asked whether they wait for each other?
bool Coordinator::is_inquiry_due(Job& job) {
  const auto now = EventLoop::Clock::now();
  if (job.state.inquiry.is_open || now < job.last_inquiry + pause_behind(job.state.inquiry)) return false;
  job.last_inquiry = now;
  return true;
}

void Coordinator::beat() {
  pulse_.note_work();
  for (const uint64_t job : std::set(unkept_)) keep_or_note(jobs_.at(job));
  loop_.post_at(EventLoop::Clock::now() + kBeat, [this] { beat(); });
}

void Coordinator::send(uint32_t worker, const wire::Command& message) {
  const auto found = workers_.find(worker);
  if (found != workers_.end()) found->second.connection->send(wire::control_frame(message));
}

// ---- jobs ----

bool Coordinator::is_in_use(uint32_t worker) const {
  return std::ranges::any_of(jobs_, [&](const auto& job) { return job.second.slots.contains(worker); });
}

void Coordinator::dismiss_idle_workers() {
  wire::Command dismiss;
  dismiss.mutable_dismiss();
  for (const auto& [worker, joined] : workers_)
    if (joined.info.is_leaving && !is_in_use(worker)) send(worker, dismiss);
}

std::vector<WorkerSlots> Coordinator::slots_for(const Job& job) const {
  std::vector<WorkerSlots> slots;
  for (const auto& [worker, joined] : workers_) {
    const bool is_large_enough = joined.info.memory_bytes / joined.info.slots >= job.info.slot_memory;
    if (is_large_enough && !joined.info.is_leaving) slots.push_back({worker, joined.info.free_slots});
  }
  return slots;
}

// Each in its turn: a job that needs many slots is not passed by small ones for ever.
void Coordinator::start_waiting_jobs() {
  uint64_t first = 0;  // that waits
  for (auto& [id, job] : jobs_) {
    if (job.state.phase != JobPhase::Scheduled) continue;
    if (first != 0) {
      job.info.waits_for = fmt::format("job {} is before it", first);
      continue;
    }
    uint32_t free = 0;
    for (const auto& worker : slots_for(job)) free += worker.slots;
    const std::string memory =
        job.info.slot_memory == 0 ? "" : fmt::format(" with {} bytes of memory each", job.info.slot_memory);
    job.info.waits_for = fmt::format("it needs {} slots{}, {} are free", job.info.slots, memory, free);
    if (free < job.info.slots)
      first = id;
    else
      start(job);
  }
}

void Coordinator::start(Job& job) {
  auto placement = place_tasks(job.plan, slots_for(job));
  SLUICE_INVARIANT(placement.has_value(), "there were slots enough");
  job.deployment = next_deployment_++;
  std::set<std::pair<uint32_t, uint32_t>> taken;
  for (const auto& placed : *placement)
    if (taken.emplace(placed.worker, placed.slot).second) ++job.slots[placed.worker];
  for (const auto& [worker, count] : job.slots) workers_.at(worker).info.free_slots -= count;
  happen(job, TasksPlaced{std::move(*placement)});
}

// What the next coordinator has to know is kept before the workers hear of it.
void Coordinator::happen(Job& job, JobEvent event) {
  auto exception = exception_of(event, job.state);
  const JobPhase phase = job.state.phase;
  const bool could_repeat = job.state.cannot_repeat.empty();
  const bool was_stopped = job.state.is_stopped;
  const bool had_committed = job.state.has_committed;
  const auto commands = apply(job.state, std::move(event));
  // What a worker says too late, or twice, changes nothing.
  if (!commands) return note(job, commands.error().message);
  if (exception) note_exception(job, std::move(*exception));
  note_phase(job);
  const bool is_step = phase != job.state.phase;
  if ((is_step && is_kept(job.state.phase)) || could_repeat != job.state.cannot_repeat.empty() ||
      was_stopped != job.state.is_stopped) {
    const Status kept = keep_or_note(job);
    // An attempt that was deployed and must not be followed by another one has read nothing before that is known.
    const bool is_last_attempt = could_repeat && !job.state.cannot_repeat.empty() && phase == JobPhase::Deploying;
    const bool is_ready = job.state.phase == JobPhase::Deploying || job.state.phase == JobPhase::Running;
    if (!kept && ((is_step && is_kept_first(job.state.phase)) || (is_last_attempt && is_ready)))
      return happen(job, StepNotKept{not_kept(kept), had_committed});
  }
  for (const auto& each : *commands) command(job, each);
  const bool is_over = is_end(job.state.phase) || job.state.phase == JobPhase::Restarting;
  if (is_over && job.deployment != 0) end_attempt(job);
  if (is_over) keep_or_note(job);
  if (is_end(job.state.phase)) loop_.post([this] { forget_old_jobs(); });  // our caller still has the job in hand
}

void Coordinator::command(Job& job, const WorkerCommand& command) {
  wire::Command message = wire::to_wire(job.deployment, command);
  if (std::holds_alternative<DeployTasks>(command)) {
    wire::DeployTasks& deploy = *message.mutable_deploy();
    deploy.set_plan(job.submission.plan);
    deploy.set_block_bytes(job.submission.block_bytes);
    deploy.set_job(job.info.identity);
    deploy.set_attempt(job.state.attempts);
    deploy.set_has_committed(job.state.has_committed);
    for (const uint32_t worker : job.state.workers) {
      wire::Peer& peer = *deploy.add_peers();
      peer.set_worker(worker);
      peer.set_data_url(workers_.at(worker).info.data_url);
    }
  }
  const auto frame = wire::control_frame(message);  // one for all: a plan may be large, and the workers many
  for (const uint32_t worker : job.state.workers)
    if (const auto found = workers_.find(worker); found != workers_.end()) found->second.connection->send(frame);
}

void Coordinator::note_phase(Job& job) {
  auto& history = job.info.history;
  if (!history.empty() && history.back().phase == job.state.phase) return;
  history.push_back({job.state.phase, std::chrono::system_clock::now()});
  if (history.size() > kMostSteps) history.erase(history.begin() + 1);  // when it was created is the first
  note(job, std::string(phase_name(job.state.phase)));
}

// Its workers take the attempt apart; a job that begins anew does so from the start.
void Coordinator::end_attempt(Job& job) {
  wire::Command forget;
  forget.set_deployment(job.deployment);
  forget.mutable_forget();
  for (const auto& [worker, count] : job.slots) {
    send(worker, forget);
    if (const auto joined = workers_.find(worker); joined != workers_.end()) joined->second.info.free_slots += count;
  }
  job.slots.clear();
  job.deployment = 0;
  if (job.state.phase == JobPhase::Restarting) {
    const auto& error = *job.state.error;
    note(job, fmt::format("begins anew in {} ms: {}", job.state.restart_delay.count(), error.to_string()));
    job.info.failures.push_back({std::chrono::system_clock::now(), error.to_string()});
    if (job.info.failures.size() > kMostFailures) job.info.failures.erase(job.info.failures.begin());
    job.output.clear();
    job.progress.clear();
    job.metrics.clear();
    loop_.post_at(EventLoop::Clock::now() + job.state.restart_delay, [this, id = job.id] {
      const auto found = jobs_.find(id);
      if (found == jobs_.end()) return;  // cancelled, and forgotten
      happen(found->second, RestartDue{});
      start_waiting_jobs();
    });
  }
  dismiss_idle_workers();
  start_waiting_jobs();
}

// ---- clients ----

Coordinator::Job& Coordinator::make_job(uint64_t id, Submission submission, JobPlan plan) {
  Job& job = jobs_[id];
  job.id = id;
  job.plan = std::move(plan);
  job.info.job = id;
  job.info.name = submission.name;
  job.info.identity = fmt::format("{:016x}", random_number());
  job.info.slots = slots_needed(job.plan);
  job.info.slot_memory = submission.slot_memory;
  job.info.submitted = std::chrono::system_clock::now();
  job.state.strategy = submission.restart;
  job.is_output_held = submission.restart.kind != RestartStrategy::Kind::None && !is_endless(job.plan);
  job.submission = std::move(submission);
  job.output = OutputSpool(settings_.spool_directory);
  return job;
}

Result<uint64_t> Coordinator::submit(Submission submission) {
  SLUICE_ASSIGN(auto plan, read_plan(submission.plan));
  SLUICE_TRY(check_plan(plan));
  return loop_.call([&]() -> Result<uint64_t> {
    SLUICE_ASSIGN(Job * job, keep_new_job(std::move(submission), std::move(plan), {}));
    happen(*job, JobAccepted{});
    start_waiting_jobs();
    return job->id;
  });
}

// It gets no slots before it is accepted.
Result<Coordinator::Job*> Coordinator::keep_new_job(Submission submission, JobPlan plan, Lineage lineage) {
  const auto waits = [](const auto& job) { return job.second.state.phase == JobPhase::Scheduled; };
  if (static_cast<size_t>(std::ranges::count_if(jobs_, waits)) >= kMostWaitingJobs)
    return user_error(fmt::format("{} jobs are waiting for slots already: start more workers", kMostWaitingJobs));
  const uint64_t id = next_job_++;
  Job& job = make_job(id, std::move(submission), std::move(plan));
  if (!lineage.identity.empty()) job.info.identity = std::move(lineage.identity);
  job.state.attempts = lineage.attempts;
  note_phase(job);
  if (auto status = keep(job); !status) {
    jobs_.erase(id);
    store_->remove(id);
    return std::unexpected(std::move(status).error());
  }
  return &job;
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
  if (info.phase != JobPhase::Scheduled) info.waits_for.clear();
  info.restart = job.state.strategy;
  info.restarts = job.state.restarts;
  info.cannot_repeat = job.state.cannot_repeat;
  info.attempts = job.state.attempts;
  info.has_begun = job.state.has_begun;
  info.has_committed = job.state.has_committed;
  info.is_stopped = job.state.is_stopped;
  info.row_error = job.state.row_error;
  info.error = job.state.error;
  for (const auto& [worker, progress] : job.progress) {
    info.totals.rows_in += progress.rows_in;
    info.totals.rows_out += progress.rows_out;
    info.totals.rows_late += progress.rows_late;
    info.totals.bytes_in += progress.bytes_in;
    info.totals.bytes_total += progress.bytes_total;
    info.totals.state_bytes += progress.state_bytes;
  }
  return info;
}

JobInfo Coordinator::info_of(const Job& job) {
  JobInfo info = summary_of(job);
  info.begun_files.assign(job.state.begun_files.begin(), job.state.begun_files.end());
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

std::vector<JobInfo> Coordinator::jobs(uint64_t from, size_t most) {
  return loop_.call([&] {
    std::vector<JobInfo> all;
    for (auto job = jobs_.lower_bound(from); job != jobs_.end() && all.size() < most; ++job)
      all.push_back(summary_of(job->second));
    return all;
  });
}

std::vector<JobInfo> Coordinator::running_jobs() {
  return loop_.call([&] {
    std::vector<JobInfo> all;
    for (const auto& [id, job] : jobs_)
      if (has_attempt(job.state.phase)) all.push_back(info_of(job));
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

bool Coordinator::cancel(uint64_t job) {
  return loop_.call([&] {
    const auto found = jobs_.find(job);
    if (found == jobs_.end()) return false;
    happen(found->second, StopRequested{});
    start_waiting_jobs();  // which this one may have held up
    return true;
  });
}

}  // namespace sluice
