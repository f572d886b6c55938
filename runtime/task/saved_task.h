// SavedTask, RestoredTask: a task at a barrier, for the checkpoint that is being made, and what the task of a later
// life begins with.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/checkpoint/snapshot_buffer.h"
#include "runtime/task/task_address.h"

namespace sluice {

struct SavedTask {
  TaskAddress task;
  uint64_t checkpoint = 0;                 // whose barrier it stands at; 0: it has finished, and belongs to all to come
  std::string progress;                    // how far it has come with its inputs; of a task that has finished empty
  std::vector<std::string> sinks;          // Sink::prepare() of each
  std::shared_ptr<SnapshotBuffer> states;  // null: it has finished
  std::optional<Error> error;              // why it could not be saved: this checkpoint comes to nothing
};

struct RestoredTask {
  bool is_finished = false;
  std::string progress;
  std::vector<std::string> sinks;
  std::function<Result<std::unique_ptr<SnapshotReader>>()> states;
};

}  // namespace sluice
