// TaskMetrics: what one task of a job has done so far, in figures that only grow but for state and watermark. Workers
// report them, clients of the cluster ask for them.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "runtime/task/task.h"

namespace sluice {

struct TaskMetrics {
  TaskAddress task;
  uint64_t rows_in = 0;    // of all inputs
  uint64_t rows_out = 0;   // to other tasks and to sinks
  uint64_t rows_late = 0;  // left out by windows that they came too late for
  uint64_t bytes_in = 0;   // from other tasks
  uint64_t bytes_out = 0;  // to other tasks
  uint64_t state_bytes = 0;
  std::chrono::microseconds busy{};     // at work
  std::chrono::microseconds blocked{};  // waiting for room at whoever takes its rows
  std::chrono::microseconds idle{};     // waiting for rows
  std::optional<int64_t> watermark{};   // none: it has not begun, has ended, or the task follows no event time
  bool operator==(const TaskMetrics&) const = default;
};

// What a worker process uses of its machine.
struct ProcessFigures {
  uint64_t resident_bytes = 0;
  std::chrono::microseconds cpu{};
};

}  // namespace sluice
