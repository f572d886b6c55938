// JobProfile: what every task of a job did.
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "runtime/task/task_profile.h"

namespace sluice {

struct SourceProfile {
  NodeId node;
  uint64_t bytes = 0;  // 0: it reads none
};

struct JobProfile {
  std::chrono::nanoseconds elapsed{};
  uint32_t threads = 1;            // that run the tasks
  std::vector<TaskProfile> tasks;  // stage by stage
  std::vector<SourceProfile> sources;
};

}  // namespace sluice
