#include "runtime/worker/worker_node.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <utility>

#include "runtime/control/process_figures.h"
#include "runtime/control/wire_codec.h"
#include "runtime/plan/check_plan.h"
#include "runtime/plan/plan_text.h"

namespace sluice {

namespace {
constexpr std::chrono::milliseconds kDialTimeout(2'000);
constexpr std::chrono::milliseconds kSilence(3'000);
constexpr std::chrono::milliseconds kBeat(250);
constexpr std::chrono::milliseconds kJoinPause(200);
constexpr std::chrono::milliseconds kLongestJoinPause(5'000);
}  // namespace

// One attempt to run a job, as far as it is here. Its commands are carried out by a thread of its own, because making
// tasks ready and committing take time.
struct WorkerNode::HostedJob {
  JobPlan plan;
  JobServices services;
  std::unique_ptr<Neighbours> neighbours;
  std::unique_ptr<Worker> worker;
  std::atomic<Worker*> ready = nullptr;  // the worker, once it is there: for other threads
  std::stop_source deploying;
  EventLoop loop;

  ~HostedJob() {
    deploying.request_stop();
    loop.stop();
    worker.reset();
  }
};

WorkerNode::WorkerNode(WorkerNodeSettings settings) : settings_(std::move(settings)), join_pause_(kJoinPause) {}

WorkerNode::~WorkerNode() {
  loop_.stop();
  undertaker_.stop();
  jobs_.clear();
  plane_.reset();
  reception_.clear();
  connection_.reset();
}

// What others know of us they know by our number, so a new one begins with new links.
Status WorkerNode::make_plane() {
  plane_.reset();
  const uint64_t plane = ++planes_;
  SLUICE_ASSIGN(
      plane_, DataPlane::make({settings_.data_url, settings_.credentials}, [this, plane](uint32_t worker, Error error) {
        loop_.post([this, plane, worker, error] {
          if (plane == planes_) fail_jobs_with(worker, error);
        });
      }));
  return {};
}

Status WorkerNode::run(const std::stop_token& stop, const std::stop_token& leave) {
  SLUICE_TRY(make_plane());
  undertaker_.start();
  loop_.start();
  loop_.post([this] { join(); });
  loop_.post([this] { beat(); });
  const std::stop_callback on_stop(stop, [this] { left_.request_stop(); });
  const std::stop_callback on_leave(leave, [this] { loop_.post([this] { begin_to_leave(); }); });
  std::mutex mutex;
  std::unique_lock lock(mutex);
  std::condition_variable_any never;
  never.wait(lock, left_.get_token(), [] { return false; });
  loop_.stop();
  return {};
}

void WorkerNode::begin_to_leave() {
  is_leaving_ = true;
  if (!connection_) {
    left_.request_stop();
    return;
  }
  settings_.log("leaving when its tasks have come to their ends");
  wire::Report message;
  message.mutable_leaving();
  send(message);
}

// ---- the coordinator ----

void WorkerNode::join() {
  if (!plane_) {
    if (auto status = make_plane(); !status) {
      settings_.log(status.error().to_string());
      return join_later();
    }
  }
  auto connection = dial({settings_.coordinator_url, kSilence, settings_.credentials.tls}, kDialTimeout);
  if (!connection) {
    settings_.log(connection.error().to_string());
    return join_later();
  }
  wire::Hello hello = make_hello(settings_.credentials);
  wire::Join& join = *hello.mutable_join();
  join.set_host(settings_.host);
  join.set_data_url(settings_.advertised_url.empty() ? plane_->url() : settings_.advertised_url);
  join.set_slots(settings_.slots);
  join.set_memory_bytes(settings_.memory_bytes);
  join.set_process(static_cast<uint32_t>(::getpid()));
  (*connection)->send(hello_frame(hello));
  reception_.await(std::move(*connection), [this](Result<Reception::Caller> coordinator) {
    if (!coordinator) return refused(coordinator.error().message);
    joined(std::move(*coordinator));
  });
}

void WorkerNode::joined(Reception::Caller coordinator) {
  const auto hello = read_reply(coordinator.first, settings_.credentials);
  if (!hello) return refused(hello.error().message);
  worker_ = hello->worker();
  join_pause_ = kJoinPause;
  plane_->set_worker(worker_, hello->term());
  settings_.log(
      fmt::format("joined {} as worker {} with {} slots", settings_.coordinator_url, worker_, settings_.slots));
  connection_ = std::move(coordinator.connection);
  connection_->start(
      [this](Frame received) {
        loop_.post([this, frame = std::move(received)] { receive(frame); });
        return true;
      },
      [this, generation = ++generation_](const Error& error) {
        loop_.post([this, generation, why = error.message] { lost(generation, why); });
      });
}

void WorkerNode::take_apart(std::unique_ptr<HostedJob> job) {
  undertaker_.post([job = std::move(job)] {});
}

// The links go when no job uses them any more, and with them our old number.
void WorkerNode::take_all_apart() {
  for (auto& [deployment, job] : jobs_) {  // all, before the first is waited for
    job->deploying.request_stop();
    job->loop.post([&ended = *job] {
      if (ended.worker) ended.worker->handle(CancelTasks{});
    });
  }
  for (auto& [deployment, job] : jobs_) take_apart(std::move(job));
  jobs_.clear();
  undertaker_.post([plane = std::move(plane_)] {});
}

// The coordinator did not take us; it may take us later, but rather not soon.
void WorkerNode::refused(const std::string& why) {
  settings_.log(fmt::format("lost the coordinator at {}: {}", settings_.coordinator_url, why));
  join_later();
  join_pause_ = std::min(join_pause_ * 2, kLongestJoinPause);
}

void WorkerNode::join_later() {
  if (is_leaving_) {
    left_.request_stop();
    return;
  }
  loop_.post_at(EventLoop::Clock::now() + join_pause_, [this] { join(); });
}

// Its jobs have ended as far as anybody else knows: nothing of them may be left here.
void WorkerNode::lost(uint64_t generation, const std::string& why) {
  if (generation != generation_ || !connection_) return;
  settings_.log(fmt::format("lost the coordinator at {}: {}", settings_.coordinator_url, why));
  connection_.reset();
  worker_ = 0;
  take_all_apart();
  join_later();
}

void WorkerNode::beat() {
  if (worker_ != 0) {
    wire::Report message;
    *message.mutable_heartbeat() = wire::to_wire(process_figures());
    send(message);
    for (const auto& [deployment, job] : jobs_) send_progress(deployment, *job, std::nullopt);
  }
  loop_.post_at(EventLoop::Clock::now() + kBeat, [this] { beat(); });
}

void WorkerNode::send(const wire::Report& message) {
  if (connection_) connection_->send(wire::control_frame(message));
}

// Of every task, or of one: many end at the same time.
void WorkerNode::send_progress(uint32_t deployment, const HostedJob& job, std::optional<TaskAddress> only) {
  const Worker* worker = job.ready.load();
  if (worker == nullptr) return;
  wire::Report message;
  message.set_deployment(deployment);
  *message.mutable_progress() = wire::to_wire(worker->progress());
  for (const auto& metrics : worker->task_metrics())
    if (!only || metrics.task == *only) *message.mutable_progress()->add_tasks() = wire::to_wire(metrics);
  send(message);
}

// How far it came first, because behind the last report nobody asks any more.
void WorkerNode::report(uint32_t deployment, const WorkerReport& report) {
  const auto* ended = std::get_if<TaskEnded>(&report);
  const auto only = ended == nullptr ? std::nullopt : std::optional(ended->report.task);
  const bool is_step = !std::holds_alternative<Standstill>(report);
  loop_.post([this, deployment, only, is_step, message = wire::to_wire(deployment, report)] {
    const auto job = jobs_.find(deployment);
    if (job == jobs_.end()) return;  // a coordinator that has forgotten it may call another one so
    if (is_step) send_progress(deployment, *job->second, only);
    send(message);
  });
}

// ---- jobs ----

void WorkerNode::receive(const Frame& frame) {
  if (!connection_) return;  // left meanwhile
  wire::Command message;
  if (frame.kind() != FrameKind::Control || !message.ParseFromString(frame.text))
    return lost(generation_, "it sends what is no command");
  if (message.command_case() == wire::Command::kHeartbeat) return;
  if (message.command_case() == wire::Command::kDismiss) {
    left_.request_stop();
    return;
  }
  if (message.command_case() == wire::Command::kForget) {
    if (auto job = jobs_.extract(message.deployment())) take_apart(std::move(job.mapped()));
    return;
  }
  if (message.command_case() == wire::Command::kDeploy) return deploy(std::move(message));
  const auto found = jobs_.find(message.deployment());
  if (found == jobs_.end()) return;
  auto command = wire::read_command(message);
  if (!command) return lost(generation_, command.error().message);
  HostedJob& job = *found->second;
  if (std::holds_alternative<CancelTasks>(*command)) job.deploying.request_stop();
  job.loop.post([&job, command = std::move(*command)] {
    if (job.worker) job.worker->handle(command);
  });
}

// Reading and compiling a plan takes its time, in which others want to hear from us.
void WorkerNode::deploy(wire::Command message) {
  auto job = std::make_unique<HostedJob>();
  const uint32_t deployment = message.deployment();
  job->neighbours = std::make_unique<Neighbours>(Neighbours{*plane_, deployment, {}, {}});
  for (const wire::Peer& peer : message.deploy().peers()) job->neighbours->urls[peer.worker()] = peer.data_url();
  job->neighbours->on_bad_block = [this, deployment](const Error& error) { lose_neighbour(deployment, error); };
  job->loop.start();
  job->loop.post([this, &made = *job, worker = worker_, command = std::move(message)] {
    auto status = prepare(made, worker, command);
    if (!status) report(command.deployment(), DeployFailed{worker, std::move(status).error()});
  });
  jobs_[deployment] = std::move(job);
}

// On the job's loop.
Status WorkerNode::prepare(HostedJob& job, uint32_t worker, const wire::Command& message) {
  const uint32_t deployment = message.deployment();
  SLUICE_ASSIGN(job.plan, read_plan(message.deploy().plan()));
  SLUICE_TRY(check_plan(job.plan));
  SLUICE_ASSIGN(auto command, wire::read_command(message));
  SLUICE_ASSIGN(job.services,
                settings_.services([this, deployment, stop = job.deploying.get_token()](std::string_view rows) {
                  return send_output(deployment, rows, stop);
                }));
  EngineSettings settings;
  settings.threads = settings_.threads;
  settings.block_bytes = std::max<uint64_t>(message.deploy().block_bytes(), sizeof(abi::BlockHeader));
  settings.attempt = {message.deploy().job(), message.deploy().attempt(), message.deploy().has_committed(),
                      job.deploying.get_token()};
  const bool replaces_input = job.services.replaces_input(job.plan.graph);
  const auto tell = [this, deployment, replaces_input](WorkerReport what) {
    if (auto* deployed = std::get_if<TasksDeployed>(&what)) deployed->replaces_input = replaces_input;
    report(deployment, what);
  };
  job.worker = std::make_unique<Worker>(worker, job.plan, *job.services.code, *job.services.connectors, settings, tell,
                                        job.neighbours.get());
  job.ready.store(job.worker.get());
  job.worker->handle(command);
  return {};
}

// On a thread of its tasks, which wait here while the coordinator takes rows more slowly than they come.
Status WorkerNode::send_output(uint32_t deployment, std::string_view rows, const std::stop_token& stop) {
  auto room = output_window_->take(rows.size(), stop);
  if (!room) return external_error("the job was ended before its rows were sent to the coordinator");
  wire::Report output;
  output.set_deployment(deployment);
  output.mutable_output()->set_rows(rows.data(), rows.size());
  auto frame = wire::control_frame(output);
  const Frame* const sent = frame.get();
  std::shared_ptr<const Frame> with_room(sent, [frame = std::move(frame), room = std::move(room)](auto*) mutable {
    frame.reset();
    room.reset();
  });
  loop_.post([this, deployment, frame = std::move(with_room)]() mutable {
    if (jobs_.contains(deployment) && connection_) connection_->send(std::move(frame));
  });
  return {};
}

// The rows that were on their way to or from this worker are not here, and will not come.
void WorkerNode::fail_jobs_with(uint32_t worker, const Error& error) {
  for (const auto& [deployment, job] : jobs_) {
    if (job->neighbours->urls.contains(worker)) lose_neighbour(deployment, error);
  }
}

void WorkerNode::lose_neighbour(uint32_t deployment, const Error& error) {
  wire::Report message;
  message.set_deployment(deployment);
  *message.mutable_neighbour_lost() = wire::to_wire(error);
  loop_.post([this, deployment, message = std::move(message)] {
    if (jobs_.contains(deployment)) send(message);
  });
}

}  // namespace sluice
