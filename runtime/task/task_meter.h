// TaskMeter: how long a task was at work, and, when it is profiled, which operator it was found at. The task says when
// its turns begin and end and what it is doing; others may ask for the times at any time, and one other thread may look
// at what it does and notes what it finds.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <vector>

#include "runtime/abi/layout.h"
#include "runtime/plan/job_plan.h"
#include "runtime/task/task_profile.h"

namespace sluice {

// Of wall time since its first turn, until it ended or until now.
struct TaskTimes {
  std::chrono::nanoseconds busy{};
  std::chrono::nanoseconds blocked{};  // waiting for room in a channel
  std::chrono::nanoseconds idle{};     // waiting for input, or for its turn
};

class TaskMeter {
 public:
  // `context` is that of the task, whose profiled code says in it which operator is at work; it outlives the meter.
  explicit TaskMeter(abi::TaskContext& context) : context_(context) {}

  // Before the first turn: profiled code will run, and another thread calls sample().
  void begin_profile() { is_profiled_ = true; }
  [[nodiscard]] bool is_profiled() const { return is_profiled_; }

  void begin_turn();
  // `is_blocked`: until the next turn the task waits for room in a channel.
  void end_turn(bool is_blocked);
  // There will be no more turns.
  void end();
  // Any thread.
  [[nodiscard]] TaskTimes times() const;

  // From now on, in a turn: the engine works for this source, or for itself.
  void enter_source(NodeId node);
  void enter_engine();

  // Notes what the task is doing right now. One other thread.
  void sample(size_t nodes_of_graph) noexcept;

  // Sets the times and samples of `profile`, whose node_rows are set. Not while the task runs.
  void fill(TaskProfile& profile) const;

 private:
  using Clock = std::chrono::steady_clock;
  using Nanoseconds = std::chrono::nanoseconds;
  [[nodiscard]] static Nanoseconds now() { return Clock::now().time_since_epoch(); }
  void set_current(uint32_t node);

  abi::TaskContext& context_;
  bool is_profiled_ = false;
  // Written by the task, read by whoever asks for the times. 0: it is not so.
  std::atomic<Nanoseconds> first_turn_{};
  std::atomic<Nanoseconds> ended_{};
  std::atomic<Nanoseconds> blocked_since_{};
  std::atomic<Nanoseconds> busy_{};
  std::atomic<Nanoseconds> blocked_{};
  Nanoseconds turn_start_{};
  Nanoseconds cpu_at_start_{};
  std::chrono::nanoseconds cpu_{};
  std::vector<uint64_t> node_samples_;  // of the sampling thread
  uint64_t engine_samples_ = 0;         // of the sampling thread
};

}  // namespace sluice
