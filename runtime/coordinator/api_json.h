// api_json: what clients are told about workers and jobs, as JSON. docs/cluster.md and openapi.json describe it.
#pragma once

#include <nlohmann/json.hpp>

#include "runtime/coordinator/coordinator.h"

namespace sluice {

using Json = nlohmann::ordered_json;

[[nodiscard]] Json json_of(const WorkerInfo& info);
// As it stands in a list of jobs.
[[nodiscard]] Json summary_of(const JobInfo& info);
[[nodiscard]] Json json_of(const JobInfo& info);
// What its tasks did, stage by stage.
[[nodiscard]] Json metrics_of(const JobInfo& info);

[[nodiscard]] Json json_of(const LogPage& page);
[[nodiscard]] Json json_of(const JobException& exception);

}  // namespace sluice
