#include "runtime/task/task_meter.h"

#include <algorithm>
#include <atomic>
#include <ctime>

namespace sluice {

namespace {
constexpr uint32_t kEngineNode = ~uint32_t{0};  // TaskContext::current_node: not generated code

std::chrono::nanoseconds thread_cpu_time() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}
}  // namespace

void TaskMeter::set_current(uint32_t node) {
  std::atomic_ref<uint32_t>(context_.current_node).store(node, std::memory_order_relaxed);
}

void TaskMeter::enter_source(NodeId node) { set_current(node.value + 1); }

void TaskMeter::enter_engine() { set_current(kEngineNode); }

void TaskMeter::begin_turn() {
  turn_start_ = now();
  if (first_turn_.load(std::memory_order_relaxed) == Nanoseconds{}) first_turn_ = turn_start_;
  const Nanoseconds since = blocked_since_.load(std::memory_order_relaxed);
  if (since != Nanoseconds{}) {
    blocked_since_.store({}, std::memory_order_relaxed);
    blocked_.store(blocked_.load(std::memory_order_relaxed) + turn_start_ - since, std::memory_order_relaxed);
  }
  if (!is_profiled_) return;
  cpu_at_start_ = thread_cpu_time();
  enter_engine();
}

void TaskMeter::end_turn(bool is_blocked) {
  const Nanoseconds end = now();
  busy_.store(busy_.load(std::memory_order_relaxed) + end - turn_start_, std::memory_order_relaxed);
  if (is_blocked) blocked_since_.store(end, std::memory_order_relaxed);
  if (!is_profiled_) return;
  cpu_ += thread_cpu_time() - cpu_at_start_;
  set_current(0);
}

void TaskMeter::end() {
  blocked_since_ = Nanoseconds{};
  ended_ = now();
}

// What is read while a turn begins or ends may be a turn too short, never below zero.
TaskTimes TaskMeter::times() const {
  const Nanoseconds first = first_turn_;
  if (first == Nanoseconds{}) return {};
  const Nanoseconds ended = ended_;
  const Nanoseconds until = ended == Nanoseconds{} ? now() : ended;
  const Nanoseconds since = blocked_since_;
  TaskTimes times{busy_.load(), blocked_.load(), {}};
  if (since != Nanoseconds{}) times.blocked += std::max(until - since, Nanoseconds{});
  times.idle = std::max(until - first - times.busy - times.blocked, Nanoseconds{});
  return times;
}

void TaskMeter::sample(size_t nodes_of_graph) noexcept {
  const uint32_t node = std::atomic_ref<uint32_t>(context_.current_node).load(std::memory_order_relaxed);
  if (node == kEngineNode) ++engine_samples_;
  if (node == 0 || node == kEngineNode) return;
  node_samples_.resize(nodes_of_graph);
  ++node_samples_[node - 1];
}

void TaskMeter::fill(TaskProfile& profile) const {
  profile.busy = busy_.load();
  profile.blocked = blocked_.load();
  profile.cpu = cpu_;
  profile.node_samples = node_samples_;
  profile.node_samples.resize(profile.node_rows.size());
  profile.engine_samples = engine_samples_;
}

}  // namespace sluice
