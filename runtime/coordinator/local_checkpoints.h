// LocalCheckpoints: makes the checkpoints of a job inside one process, on a thread of its own: lets the worker's tasks
// come to a barrier, writes what they saved, and makes it the point that the next life of the job goes on from.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "runtime/checkpoint/checkpoint_store.h"
#include "runtime/coordinator/pending_checkpoint.h"
#include "runtime/plan/job_plan.h"
#include "runtime/task/restore_point.h"

namespace sluice {

class Worker;

struct CheckpointSettings {
  CheckpointStore* store = nullptr;  // null: the job makes no checkpoints
  std::chrono::nanoseconds interval = std::chrono::seconds(10);
  std::chrono::nanoseconds timeout = std::chrono::minutes(10);  // then it is given up, and the next one begun
  std::function<void(const std::string&)> on_note;              // what people should know of; any thread
};

class LocalCheckpoints {
 public:
  // Everything given must outlive it.
  LocalCheckpoints(const JobPlan& plan, CheckpointSettings settings);
  ~LocalCheckpoints() { stop(); }
  LocalCheckpoints(const LocalCheckpoints&) = delete;
  LocalCheckpoints& operator=(const LocalCheckpoints&) = delete;

  // The point that the job goes on from; nothing when it begins. An error when that is of another program, or damaged.
  [[nodiscard]] Result<std::optional<RestorePoint>> restore();
  // What the tasks say; any thread.
  void on_saved(SavedTask saved);
  // The tasks run.
  void start(Worker& worker);
  // Gives up what is being made.
  void stop();
  // Is there one to go on from? When nothing runs any more.
  [[nodiscard]] bool has_checkpoint() const { return has_checkpoint_; }
  // All tasks have finished: from here on the job has nothing left but to commit its sinks. Behind stop().
  [[nodiscard]] Status make_last();
  // The sinks are committed: the next job here begins anew.
  [[nodiscard]] Status end();

 private:
  void work(Worker& worker);
  [[nodiscard]] Status make(Worker& worker);
  [[nodiscard]] Status write(PendingCheckpoint& pending, const std::map<NodeId, std::string>& sources,
                             const std::string& directory);
  [[nodiscard]] std::set<TaskAddress> all_tasks() const;
  [[nodiscard]] std::vector<std::string> sinks_of(const CheckpointManifest& manifest, const TaskAddress& task) const;

  const JobPlan& plan_;
  CheckpointSettings settings_;
  std::mutex mutex_;
  std::condition_variable has_news_;
  bool is_stopped_ = false;
  std::map<TaskAddress, SavedTask> finished_;
  std::optional<PendingCheckpoint> pending_;
  std::map<NodeId, std::string> sources_;  // as they stood at the last checkpoint
  bool has_checkpoint_ = false;
  std::thread thread_;
};

}  // namespace sluice
