// EventLoop: one thread that does what others ask it to, in order; whoever has state that many threads want to change
// gives it to a loop instead of a lock. What it is asked to do may own frames, connections and the like.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

namespace sluice {

class EventLoop {
 public:
  using Clock = std::chrono::steady_clock;
  using Act = std::move_only_function<void()>;
  EventLoop() = default;
  ~EventLoop() { stop(); }
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  void start();
  // Any thread. What comes behind stop() is never done.
  void post(Act act);
  void post_at(Clock::time_point time, Act act);
  // Returns when what is being done is done. Idempotent; not from the loop itself.
  void stop();
  // From any thread but the loop's: does it there and waits for the answer. The loop must be running.
  template <class Ask>
  auto call(const Ask& ask) {
    std::mutex mutex;
    std::condition_variable done;
    std::optional<decltype(ask())> answer;
    post([&] {
      auto value = ask();
      const std::lock_guard lock(mutex);
      answer.emplace(std::move(value));
      done.notify_one();
    });
    std::unique_lock lock(mutex);
    done.wait(lock, [&] { return answer.has_value(); });
    return std::move(*answer);
  }

 private:
  void work();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Act> ready_;
  std::multimap<Clock::time_point, Act> later_;
  bool is_stopping_ = false;
  std::thread thread_;
};

}  // namespace sluice
