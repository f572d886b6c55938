// RestorePoint: the checkpoint that a job goes on from, as a deployment needs it: where its sources stood, and what
// every task begins with.
#pragma once

#include <map>
#include <string>

#include "runtime/task/saved_task.h"

namespace sluice {

struct RestorePoint {
  std::map<NodeId, std::string> sources;      // Source::position() of each
  std::map<TaskAddress, RestoredTask> tasks;  // all of them
};

}  // namespace sluice
