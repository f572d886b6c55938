// Absence: of a coordinator, as the commands see it that follow a job. One that keeps its jobs may be on its way back,
// or only busy: so they ask again, for half a minute.
#pragma once

#include <fmt/format.h>

#include <chrono>
#include <optional>
#include <thread>

#include "cli/support/console.h"

namespace sluice {

class Absence {
 public:
  // Whether to ask again after this error, a moment later. Says so the first time.
  bool outlasts(const Error& error, const Console& console) {
    if (!error.retryable) return false;
    const auto now = std::chrono::steady_clock::now();
    if (!since_) {
      console.note(fmt::format("{}; trying again", error.message));
      since_ = now;
    }
    if (now - *since_ >= kPatience) return false;
    std::this_thread::sleep_for(kPause);
    return true;
  }
  // It has answered.
  void end() { since_.reset(); }

 private:
  static constexpr std::chrono::seconds kPatience{30};
  static constexpr std::chrono::milliseconds kPause{200};
  std::optional<std::chrono::steady_clock::time_point> since_;
};

}  // namespace sluice
