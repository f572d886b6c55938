// JobProgress: how far a job is, for the status line. Times in microseconds.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace sluice {

struct JobProgress {
  std::chrono::nanoseconds elapsed{};
  uint64_t rows_in = 0;    // records read by sources
  uint64_t rows_out = 0;   // rows written to sinks
  uint64_t rows_late = 0;  // left out by windows that they came too late for, read by nobody
  uint64_t bytes_in = 0;
  uint64_t bytes_total = 0;  // 0: not known
  uint64_t state_bytes = 0;
  std::optional<int64_t> event_time;  // the latest that was seen; none: no source has event time, or no rows
  std::optional<int64_t> watermark;   // how far event time has come, where it is least far; none: not begun
  std::optional<int64_t> window_due;  // the watermark at which the first window is due; none: no window has rows
};

}  // namespace sluice
