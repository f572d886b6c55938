// MeasuredProcess: runs a command to its end and says what it used: time, CPU time, memory.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lang/support/result.h"

namespace sluice {

struct ProcessUsage {
  int exit_code = 0;  // 128 + the signal that ended it
  std::chrono::nanoseconds wall{};
  std::chrono::nanoseconds cpu{};  // user and system
  uint64_t peak_bytes = 0;         // of resident memory
};

// `words`: the program and its arguments. `input` is what the command reads from standard input (at most 64 KiB, what a
// pipe holds); its output and errors go where ours go.
[[nodiscard]] Result<ProcessUsage> run_measured(const std::vector<std::string>& words, std::string_view input);

}  // namespace sluice
