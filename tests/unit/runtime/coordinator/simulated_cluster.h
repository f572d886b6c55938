// SimulatedCluster: the coordinator's decisions alone, against workers that answer as they should, without processes or
// sockets: for clusters that no test machine can hold. The benchmark bench/cluster_simulation.cpp uses it too.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "runtime/control/wire_codec.h"
#include "runtime/coordinator/job_state.h"
#include "runtime/coordinator/placement.h"

namespace sluice::testing {

// A job of so many stages with so many tasks each, every stage sending rows to the next one.
inline JobPlan large_plan(uint32_t stages, uint32_t parallelism) {
  JobPlan plan;
  for (uint32_t stage = 0; stage < stages; ++stage) {
    StagePlan added;
    added.name = "S" + std::to_string(stage);
    added.parallelism = parallelism;
    plan.stages.add(std::move(added));
  }
  return plan;
}

class SimulatedCluster {
 public:
  SimulatedCluster(JobPlan plan, uint32_t workers, uint32_t slots, RestartStrategy strategy)
      : plan_(std::move(plan)), slots_(slots) {
    for (uint32_t worker = 1; worker <= workers; ++worker) workers_.insert(worker);
    state.strategy = strategy;
    happen(JobAccepted{});
  }

  // Gives the job its slots and lets it run, as far as the workers let it.
  void schedule() {
    std::vector<WorkerSlots> free;
    for (const uint32_t worker : workers_) free.push_back({worker, slots_});
    auto placement = place_tasks(plan_, free);
    if (!placement) return;
    happen(TasksPlaced{std::move(*placement)});
    settle();
  }

  // These are gone, all at once.
  void lose(const std::set<uint32_t>& lost) {
    for (const uint32_t worker : lost) workers_.erase(worker);
    for (const uint32_t worker : lost)
      happen(WorkerLost{worker, external_error("worker " + std::to_string(worker) + " was lost", true).error()});
    settle();
  }

  void finish_all_tasks() {
    for (const auto& [task, phase] : state.tasks)
      if (!is_end(phase)) answers_.push_back(TaskEnded{{TaskReport::End::Finished, task, std::nullopt, std::nullopt}});
    settle();
  }

  void begin_anew() { happen(RestartDue{}); }

  JobState state;
  uint64_t commands = 0;  // that the coordinator sent, each to one worker
  uint64_t bytes = 0;     // of them, each counted once for all workers
  uint64_t reports = 0;   // that workers sent
  uint64_t illegal = 0;   // events that should not have been

 private:
  void happen(JobEvent event) {
    auto sent = apply(state, std::move(event));
    if (!sent) {
      ++illegal;
      return;
    }
    for (const auto& command : *sent) {
      commands += state.workers.size();
      bytes += wire::to_wire(1, command).SerializeAsString().size();
      answer(command);
    }
  }

  void answer(const WorkerCommand& command) {
    const bool deploys = std::holds_alternative<DeployTasks>(command);
    const bool commits = std::holds_alternative<CommitSinks>(command);
    for (const uint32_t worker : state.workers) {
      if (deploys) answers_.push_back(TasksDeployed{worker});
      if (commits) answers_.push_back(SinksCommitted{worker});
    }
    if (!std::holds_alternative<CancelTasks>(command) || !state.is_started) return;
    for (const auto& [task, phase] : state.tasks)
      if (!is_end(phase)) answers_.push_back(TaskEnded{{TaskReport::End::Cancelled, task, std::nullopt, std::nullopt}});
  }

  void settle() {
    while (!answers_.empty()) {
      JobEvent event = std::move(answers_.front());
      answers_.pop_front();
      // What a worker that is gone by now would have said is not heard.
      if (const auto* ended = std::get_if<TaskEnded>(&event);
          ended != nullptr && !workers_.contains(state.worker_of.at(ended->report.task)))
        continue;
      ++reports;
      happen(std::move(event));
    }
  }

  JobPlan plan_;
  uint32_t slots_;
  std::set<uint32_t> workers_;
  std::deque<JobEvent> answers_;
};

}  // namespace sluice::testing
