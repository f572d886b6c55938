#include "runtime/net/event_loop.h"

#include <utility>

namespace sluice {

void EventLoop::start() {
  thread_ = std::thread([this] { work(); });
}

void EventLoop::post(Act act) {
  {
    const std::lock_guard lock(mutex_);
    ready_.push_back(std::move(act));
  }
  changed_.notify_one();
}

void EventLoop::post_at(Clock::time_point time, Act act) {
  {
    const std::lock_guard lock(mutex_);
    later_.emplace(time, std::move(act));
  }
  changed_.notify_one();
}

void EventLoop::stop() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
  // What was never done goes now, while what it mentions may still be there.
  std::deque<Act> ready;
  std::multimap<Clock::time_point, Act> later;
  {
    const std::lock_guard lock(mutex_);
    ready.swap(ready_);
    later.swap(later_);
  }
  while (!ready.empty()) ready.pop_front();  // in order: one may mention what the next one owns
}

void EventLoop::work() {
  std::unique_lock lock(mutex_);
  while (!is_stopping_) {
    while (!later_.empty() && later_.begin()->first <= Clock::now()) {
      ready_.push_back(std::move(later_.begin()->second));
      later_.erase(later_.begin());
    }
    if (ready_.empty()) {
      if (later_.empty())
        changed_.wait(lock);
      else
        changed_.wait_until(lock, later_.begin()->first);
      continue;
    }
    auto act = std::move(ready_.front());
    ready_.pop_front();
    lock.unlock();
    act();
    act = nullptr;  // what it holds goes before the next one
    lock.lock();
  }
}

}  // namespace sluice
