#include "cli/support/job_text.h"

#include <fmt/format.h>

#include <chrono>
#include <ctime>
#include <nlohmann/json.hpp>

#include "lang/support/visible_text.h"

namespace sluice {

std::string clock_text(int64_t milliseconds) {
  const std::time_t seconds = milliseconds / 1000;
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  return fmt::format("{:02}:{:02}:{:02}.{:03}Z", parts.tm_hour, parts.tm_min, parts.tm_sec, milliseconds % 1000);
}

JobProgress progress_in(const nlohmann::ordered_json& job) {
  JobProgress progress;
  progress.elapsed = std::chrono::milliseconds(job.value("elapsed_ms", int64_t{0}));
  progress.rows_in = job.value("rows_in", uint64_t{0});
  progress.rows_out = job.value("rows_out", uint64_t{0});
  progress.rows_late = job.value("rows_late", uint64_t{0});
  progress.bytes_in = job.value("bytes_in", uint64_t{0});
  progress.bytes_total = job.value("bytes_total", uint64_t{0});
  progress.state_bytes = job.value("state_bytes", uint64_t{0});
  return progress;
}

std::string failure_text(const nlohmann::ordered_json& job) {
  if (job.contains("row_error"))
    return visible_text(
        fmt::format("{} [{}]", job["row_error"].value("message", ""), job["row_error"].value("code", "")));
  if (job.contains("error")) return visible_text(job.value("error", ""));
  return fmt::format("job {} {}", job.value("job", uint64_t{0}), job.value("state", ""));
}

}  // namespace sluice
