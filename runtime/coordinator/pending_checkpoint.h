// PendingCheckpoint: a checkpoint that is being made: which tasks have saved themselves for it, and which are missing.
// Pure.
#pragma once

#include <map>
#include <optional>
#include <set>

#include "runtime/task/saved_task.h"

namespace sluice {

class PendingCheckpoint {
 public:
  // Of all tasks of the job; `finished`: those that had finished before.
  PendingCheckpoint(uint64_t number, std::set<TaskAddress> tasks, const std::map<TaskAddress, SavedTask>& finished);

  // What a task says that belongs to another checkpoint is left aside. A task that stood at the barrier and has
  // finished since then belongs to this one as it stood there.
  void add(SavedTask saved);
  [[nodiscard]] bool is_complete() const { return missing_.empty() && !error_; }
  // Why it comes to nothing.
  [[nodiscard]] const std::optional<Error>& error() const { return error_; }
  [[nodiscard]] const std::set<TaskAddress>& missing() const { return missing_; }
  [[nodiscard]] uint64_t number() const { return number_; }
  [[nodiscard]] std::map<TaskAddress, SavedTask>& tasks() { return tasks_; }

 private:
  uint64_t number_;
  std::set<TaskAddress> missing_;
  std::map<TaskAddress, SavedTask> tasks_;
  std::optional<Error> error_;
};

}  // namespace sluice
