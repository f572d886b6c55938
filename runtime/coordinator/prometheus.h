// prometheus: the figures of a cluster in the text format that Prometheus reads (version 0.0.4).
#pragma once

#include <string>
#include <vector>

#include "runtime/coordinator/coordinator.h"

namespace sluice {

struct ClusterFigures {
  std::vector<WorkerInfo> workers;
  std::vector<JobInfo> jobs;          // all of them
  std::vector<JobInfo> running_jobs;  // with their tasks
  ProcessFigures coordinator;
};
// Tasks have figures while their job runs, jobs as long as the coordinator knows them.
[[nodiscard]] std::string prometheus_text(const ClusterFigures& figures);

}  // namespace sluice
