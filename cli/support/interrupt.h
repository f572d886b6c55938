// InterruptWatcher: while it lives, the first Ctrl-C (or SIGTERM) asks the job to stop, and the second ends the process.
#pragma once

#include <atomic>
#include <csignal>
#include <functional>
#include <thread>

namespace sluice {

class InterruptWatcher {
 public:
  // `on_first` runs on a thread of the watcher's. To be made before any other thread: threads inherit the signal mask.
  explicit InterruptWatcher(std::function<void()> on_first);
  ~InterruptWatcher();
  InterruptWatcher(const InterruptWatcher&) = delete;
  InterruptWatcher& operator=(const InterruptWatcher&) = delete;

  [[nodiscard]] bool interrupted() const { return interrupted_; }

 private:
  void watch();

  std::function<void()> on_first_;
  sigset_t previous_mask_{};
  int signals_ = -1;  // a signalfd
  int wake_ = -1;     // an eventfd: the watcher is being destroyed
  std::atomic<bool> interrupted_ = false;
  std::thread thread_;
};

}  // namespace sluice
