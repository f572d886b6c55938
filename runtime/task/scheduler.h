// Scheduler: the hot threads of a worker and the tasks that take turns on them. A task runs until it has nothing to do
// and is woken when that changes; a thread without a task sleeps.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "runtime/net/wakeable.h"

namespace sluice {

class Scheduler;

class Runnable : public Wakeable {
 public:
  enum class Step : uint8_t {
    Again,     // there is more to do: let others have a turn first
    Idle,      // nothing to do until woken
    Finished,  // never run again
  };
  // Works for a while. Never called by two threads at once.
  virtual Step run() noexcept = 0;
  void wake() noexcept final;

 private:
  friend class Scheduler;
  // Queued: will run, and see what was done before. Notified: woken while running, so it runs once more.
  enum class State : uint8_t { Idle, Queued, Running, Notified, Finished };
  std::atomic<State> state_{State::Idle};
  Scheduler* scheduler_ = nullptr;
};

class Scheduler {
 public:
  // `on_stall` is called by a hot thread each time when all tasks have become idle.
  Scheduler(uint32_t threads, std::function<void()> on_stall);
  ~Scheduler() { stop(); }
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  // To be called before start(). The task must live until stop() has returned.
  void add(Runnable& task);
  // Starts the threads and lets every task run once.
  void start();
  // Has no task anything to do? Any thread.
  [[nodiscard]] bool is_idle();
  // Returns when the threads have ended, each behind the task it was running. Idempotent.
  void stop();

 private:
  friend class Runnable;
  void enqueue(Runnable& task) noexcept;
  void work(uint32_t thread);
  void run_once(Runnable& task);
  void end_turn(bool requeue, Runnable& task);

  uint32_t thread_count_;
  std::function<void()> on_stall_;
  std::vector<Runnable*> tasks_;
  std::mutex mutex_;
  std::condition_variable has_work_;
  std::deque<Runnable*> queue_;
  uint32_t running_ = 0;
  bool is_stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace sluice
