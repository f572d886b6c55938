// StopOnSignal: for commands that serve until they are told to end.
#pragma once

#include <condition_variable>
#include <csignal>
#include <mutex>
#include <stop_token>

#include "cli/support/interrupt.h"

namespace sluice {

class StopOnSignal {
 public:
  // To be made before any other thread.
  StopOnSignal() : interrupts_([this] { (interrupts_.signal() == SIGTERM ? terminated_ : stopped_).request_stop(); }) {}
  // SIGTERM, which is how service managers ask a process to end in its own time; once more, and it ends at once.
  [[nodiscard]] std::stop_token terminated() const { return terminated_.get_token(); }
  // Ctrl-C.
  [[nodiscard]] std::stop_token stopped() const { return stopped_.get_token(); }
  // For either.
  void wait() {
    std::stop_source any;
    const std::stop_callback on_terminated(terminated(), [&] { any.request_stop(); });
    const std::stop_callback on_stopped(stopped(), [&] { any.request_stop(); });
    std::mutex mutex;
    std::unique_lock lock(mutex);
    std::condition_variable_any never;
    never.wait(lock, any.get_token(), [] { return false; });
  }

 private:
  std::stop_source terminated_;
  std::stop_source stopped_;
  InterruptWatcher interrupts_;
};

}  // namespace sluice
