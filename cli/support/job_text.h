// job_text: what the coordinator's JSON says about a job, as people read it.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "runtime/control/job_progress.h"

namespace sluice {

// "14:03:07.120Z", of milliseconds since 1970.
[[nodiscard]] std::string clock_text(int64_t milliseconds);
// How far a job is that was submitted so long ago.
[[nodiscard]] JobProgress progress_in(const nlohmann::ordered_json& job);
// Why it failed: "division by zero [R0102]"; "job 3 stopped" when nothing is said.
[[nodiscard]] std::string failure_text(const nlohmann::ordered_json& job);

}  // namespace sluice
