// StopOnSignal: for commands that serve until they are told to end.
#pragma once

#include <condition_variable>
#include <mutex>
#include <stop_token>

#include "cli/support/interrupt.h"

namespace sluice {

class StopOnSignal {
 public:
  // To be made before any other thread.
  StopOnSignal() : interrupts_([this] { source_.request_stop(); }) {}
  [[nodiscard]] std::stop_token token() const { return source_.get_token(); }
  void wait() {
    std::mutex mutex;
    std::unique_lock lock(mutex);
    std::condition_variable_any never;
    never.wait(lock, source_.get_token(), [] { return false; });
  }

 private:
  std::stop_source source_;
  InterruptWatcher interrupts_;
};

}  // namespace sluice
