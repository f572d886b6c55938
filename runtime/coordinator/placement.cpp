#include "runtime/coordinator/placement.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace sluice {

namespace {

struct Slot {
  uint32_t worker;
  uint32_t slot;
};

// Slot 0 of every worker, then slot 1 of every worker, ...
std::vector<Slot> slots_in_turn(std::vector<WorkerSlots> workers) {
  std::ranges::sort(workers, {}, &WorkerSlots::worker);
  std::vector<Slot> slots;
  uint32_t most = 0;
  for (const auto& worker : workers) most = std::max(most, worker.slots);
  for (uint32_t slot = 0; slot < most; ++slot)
    for (const auto& worker : workers)
      if (slot < worker.slots) slots.push_back({worker.worker, slot});
  return slots;
}

}  // namespace

Result<std::vector<TaskPlacement>> place_tasks(const JobPlan& plan, const std::vector<WorkerSlots>& workers) {
  const auto slots = slots_in_turn(workers);
  uint32_t needed = 0;
  for (const auto& stage : plan.stages) needed = std::max(needed, stage.parallelism);
  if (slots.size() < needed)
    return user_error(
        fmt::format("the job needs {} slots, but the workers have {}: start more workers or lower "
                    "--parallel",
                    needed, slots.size()));
  std::vector<TaskPlacement> placement;
  for (size_t stage = 0; stage < plan.stages.size(); ++stage)
    for (uint32_t task = 0; task < plan.stages[StageId(stage)].parallelism; ++task)
      placement.push_back({{StageId(stage), task}, slots[task].worker, slots[task].slot});
  return placement;
}

}  // namespace sluice
