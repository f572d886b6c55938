// JobException: something that went wrong in a job, where and when, for clients that ask what happened to it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "runtime/coordinator/job_state.h"

namespace sluice {

struct JobException {
  std::chrono::system_clock::time_point time;
  std::string code;     // of a row error; else empty
  std::string message;  // one line
  std::optional<uint32_t> worker;
  std::optional<TaskAddress> task;
};

// What this event says went wrong; nothing for events in the course of things.
[[nodiscard]] std::optional<JobException> exception_of(const JobEvent& event, const JobState& state);

}  // namespace sluice
