#include "runtime/task/scheduler.h"

#include <fmt/format.h>
#include <pthread.h>

#include <utility>

namespace sluice {

// Every branch is a read-modify-write, also those that change nothing: only so does the next run of the task, which
// begins with one too, see what the caller wrote before.
void Runnable::wake() noexcept {
  State state = state_.load(std::memory_order_relaxed);
  while (true) {
    State next = state;
    if (state == State::Idle) next = State::Queued;
    if (state == State::Running) next = State::Notified;
    if (state_.compare_exchange_weak(state, next)) break;
  }
  if (state == State::Idle) scheduler_->enqueue(*this);
}

Scheduler::Scheduler(uint32_t threads, std::function<void()> on_stall)
    : thread_count_(threads), on_stall_(std::move(on_stall)) {}

void Scheduler::add(Runnable& task) {
  task.scheduler_ = this;
  tasks_.push_back(&task);
}

void Scheduler::start() {
  for (auto* task : tasks_) task->wake();
  for (uint32_t i = 0; i < thread_count_; ++i) threads_.emplace_back([this, i] { work(i); });
}

void Scheduler::stop() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  has_work_.notify_all();
  for (auto& thread : threads_) thread.join();
  threads_.clear();
}

bool Scheduler::is_idle() {
  const std::lock_guard lock(mutex_);
  return running_ == 0 && queue_.empty();
}

void Scheduler::enqueue(Runnable& task) noexcept {
  {
    const std::lock_guard lock(mutex_);
    queue_.push_back(&task);
  }
  has_work_.notify_one();
}

void Scheduler::work(uint32_t thread) {
  ::pthread_setname_np(::pthread_self(), fmt::format("sluice-hot-{}", thread).c_str());
  while (true) {
    Runnable* task = nullptr;
    {
      std::unique_lock lock(mutex_);
      has_work_.wait(lock, [this] { return is_stopping_ || !queue_.empty(); });
      if (is_stopping_) return;
      task = queue_.front();
      queue_.pop_front();
      ++running_;
    }
    run_once(*task);
  }
}

void Scheduler::run_once(Runnable& task) {
  using State = Runnable::State;
  task.state_.exchange(State::Running);
  const auto step = task.run();
  if (step == Runnable::Step::Finished) {
    task.state_.exchange(State::Finished);
    return end_turn(false, task);
  }
  State expected = State::Running;
  if (step == Runnable::Step::Idle && task.state_.compare_exchange_strong(expected, State::Idle))
    return end_turn(false, task);
  task.state_.exchange(State::Queued);  // more to do, or woken meanwhile
  end_turn(true, task);
}

void Scheduler::end_turn(bool requeue, Runnable& task) {
  bool is_stalled = false;
  {
    const std::lock_guard lock(mutex_);
    --running_;
    if (requeue) queue_.push_back(&task);
    is_stalled = running_ == 0 && queue_.empty() && !is_stopping_;
  }
  // A task that was put back needs no notification: this thread looks at the queue next.
  if (is_stalled) on_stall_();
}

}  // namespace sluice
