// WorkerNode: a worker process: joins a coordinator and carries out its commands for as many jobs as it is given. When
// the coordinator is gone its jobs end, and it joins again.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "runtime/net/connection.h"
#include "runtime/net/data_plane.h"
#include "runtime/net/event_loop.h"
#include "runtime/net/reception.h"
#include "runtime/worker/output_window.h"
#include "runtime/worker/worker.h"

namespace sluice {

// What a job needs of the layers above, made anew for every job.
struct JobServices {
  std::unique_ptr<TaskFactory> code;
  std::unique_ptr<ConnectorFactory> connectors;
  // Does a job give new contents to what it reads?
  std::function<bool(const FlowGraph&)> replaces_input;
};

struct WorkerNodeSettings {
  std::string coordinator_url;  // "tcp://127.0.0.1:7070"
  std::string data_url;         // to listen on for other workers
  std::string advertised_url;   // where they find us, when that is somewhere else
  std::string host;             // how people call this machine
  uint32_t slots = 1;
  uint32_t threads = 1;
  uint64_t memory_bytes = 0;
  Credentials credentials;
  // `output`: where rows for the one who submitted the job go.
  std::function<Result<JobServices>(std::function<Status(std::string_view)> output)> services;
  std::function<void(const std::string&)> log;  // a line for people; any thread
};

class WorkerNode {
 public:
  explicit WorkerNode(WorkerNodeSettings settings);
  ~WorkerNode();
  WorkerNode(const WorkerNode&) = delete;
  WorkerNode& operator=(const WorkerNode&) = delete;

  // Serves until it is stopped. Asked to leave, it takes no more tasks, and returns when those that it has came to
  // their ends or the coordinator is gone. An error: it could not begin.
  Status run(const std::stop_token& stop, const std::stop_token& leave);

 private:
  struct HostedJob;

  void join();
  void joined(Reception::Caller coordinator);
  void join_later();
  void refused(const std::string& why);
  void lost(uint64_t generation, const std::string& why);
  void receive(const Frame& frame);
  Status make_plane();
  void take_apart(std::unique_ptr<HostedJob> job);
  void take_all_apart();
  void begin_to_leave();
  void deploy(wire::Command message);
  Status prepare(HostedJob& job, uint32_t worker, const wire::Command& message);
  Status send_output(uint32_t deployment, std::string_view rows, const std::stop_token& stop);
  void report(uint32_t deployment, const WorkerReport& report);
  void send_progress(uint32_t deployment, const HostedJob& job, std::optional<TaskAddress> only);
  void send(const wire::Report& message);
  void beat();
  void fail_jobs_with(uint32_t worker, const Error& error);
  void lose_neighbour(uint32_t deployment, const Error& error);

  WorkerNodeSettings settings_;
  const std::shared_ptr<OutputWindow> output_window_ = std::make_shared<OutputWindow>();
  std::chrono::milliseconds join_pause_;  // longer each time that we are refused
  std::unique_ptr<DataPlane> plane_;
  uint32_t worker_ = 0;  // as the coordinator calls us; 0: has not yet
  std::unique_ptr<Connection> connection_;
  bool is_leaving_ = false;
  std::stop_source left_;
  uint64_t planes_ = 0;                                  // how many there have been
  uint64_t generation_ = 0;                              // of connections
  std::map<uint32_t, std::unique_ptr<HostedJob>> jobs_;  // by deployment
  EventLoop undertaker_;  // takes jobs apart, which may take as long as their tasks do not look up
  EventLoop loop_;        // everything above is its
  Reception reception_{loop_};
};

}  // namespace sluice
