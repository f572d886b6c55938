// InterruptWatcher: while it lives, the first Ctrl-C (or SIGTERM, or SIGHUP of a terminal that is closed) asks the job
// to stop, and the second ends the process.
#pragma once

#include <atomic>
#include <csignal>
#include <functional>
#include <thread>

#include "cli/support/exit_code.h"

namespace sluice {

// As shells report a process that a signal ended: 130 for Ctrl-C, 143 for SIGTERM, 129 for SIGHUP.
[[nodiscard]] ExitCode exit_code_of(int signal);

class InterruptWatcher {
 public:
  // `on_first` runs on a thread of the watcher's. To be made before any other thread: threads inherit the signal mask.
  explicit InterruptWatcher(std::function<void()> on_first);
  ~InterruptWatcher();
  InterruptWatcher(const InterruptWatcher&) = delete;
  InterruptWatcher& operator=(const InterruptWatcher&) = delete;

  // The signal that came, 0 when none did.
  [[nodiscard]] int signal() const { return signal_; }

 private:
  void watch();

  std::function<void()> on_first_;
  sigset_t previous_mask_{};
  int signals_ = -1;  // a signalfd
  int wake_ = -1;     // an eventfd: the watcher is being destroyed
  std::atomic<int> signal_ = 0;
  std::thread thread_;
};

}  // namespace sluice
