// Worker: carries out the coordinator's commands: holds the deployment of a job and the hot threads that run it.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "runtime/control/job_profile.h"
#include "runtime/control/job_progress.h"
#include "runtime/control/messages.h"
#include "runtime/control/task_metrics.h"
#include "runtime/task/scheduler.h"
#include "runtime/worker/deployment.h"

namespace sluice {

class Worker {
 public:
  // What the worker has to say goes to `report`, from any of its threads. Everything given must outlive the worker.
  // `neighbours`: may be null when every task will be here.
  Worker(uint32_t id, const JobPlan& plan, TaskFactory& code, ConnectorFactory& connectors,
         const EngineSettings& settings, std::function<void(WorkerReport)> report,
         const Neighbours* neighbours = nullptr);
  // Ends what still runs; sinks that were not committed leave nothing behind.
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Calls come from one thread.
  void handle(const WorkerCommand& command);
  // Checkpoints, while the tasks run; any one thread. Where the sources stand at the barrier that is on its way now.
  [[nodiscard]] Result<std::map<NodeId, std::string>> begin_checkpoint(uint64_t number);
  void abandon_checkpoint(uint64_t number);
  // There is one to go on from: what sinks have written is left to the next life, if this one does not commit it.
  void note_checkpoint();
  // It is complete.
  void confirm_checkpoint(uint64_t number);
  // Sums over all tasks and sources; any thread.
  [[nodiscard]] JobProgress progress() const;
  // Of every task, stage by stage; any thread.
  [[nodiscard]] std::vector<TaskMetrics> task_metrics() const;
  // Notes what every task is doing right now. One thread.
  void sample();
  // When all tasks have ended.
  [[nodiscard]] JobProfile profile() const;

 private:
  void on(const DeployTasks& command);
  void on(const StartTasks& command);
  void on(const EndInput& command);
  void on(const CancelTasks& command);
  void on(const CommitSinks& command);
  void on(const AbortSinks& command);
  void on(const AskStandstill& command);
  void on(const RelieveCongestion& command);
  void on_stall();
  void relieve_congestion();
  [[nodiscard]] Standstill standstill();
  void look_for_standstill();
  // Does something again and again on a thread of its own until the worker ends.
  void start_clock(std::chrono::microseconds interval, std::function<void()> act);

  uint32_t id_;
  const JobPlan& plan_;
  TaskFactory& code_;
  ConnectorFactory& connectors_;
  EngineSettings settings_;
  std::function<void(WorkerReport)> report_;
  const Neighbours* neighbours_;
  std::atomic<bool> is_cancelled_{false};
  std::atomic<bool> time_stops_;          // see EngineSettings::time_stops_at_end; also behind EndInput
  std::atomic<bool> is_deployed_{false};  // deployment_ is there and will not change
  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  Scheduler scheduler_;
  std::unique_ptr<Deployment> deployment_;
  // Of the clock that looks whether all stands still here: what it saw, and how many looks it lets pass.
  Standstill last_look_;
  uint32_t looks_to_skip_ = 0;
  uint32_t looks_between_ = 0;
  std::atomic<bool> is_relieved_{false};  // since the last look
  std::vector<std::jthread> clocks_;      // wake tasks that may have to notice an idle source, look for a standstill
};

}  // namespace sluice
