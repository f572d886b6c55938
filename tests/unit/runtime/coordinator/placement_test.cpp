#include "runtime/coordinator/placement.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sluice {
namespace {

JobPlan plan_of(std::vector<uint32_t> parallelism) {
  JobPlan plan;
  for (const uint32_t tasks : parallelism) {
    StagePlan stage;
    stage.parallelism = tasks;
    plan.stages.add(std::move(stage));
  }
  return plan;
}

TEST(Placement, BalancedOverWorkersAndTheSameForEqualTasksOfAllStages) {
  const auto placement = place_tasks(plan_of({4, 1, 4}), {{2, 2}, {1, 3}});
  ASSERT_TRUE(placement);
  ASSERT_EQ(placement->size(), 9u);
  std::string text;
  for (const auto& task : *placement)
    text += std::to_string(task.task.stage.value) + "." + std::to_string(task.task.index) + "@" +
            std::to_string(task.worker) + "/" + std::to_string(task.slot) + " ";
  EXPECT_EQ(text, "0.0@1/0 0.1@2/0 0.2@1/1 0.3@2/1 1.0@1/0 2.0@1/0 2.1@2/0 2.2@1/1 2.3@2/1 ");
  EXPECT_EQ(*place_tasks(plan_of({4, 1, 4}), {{1, 3}, {2, 2}}), *placement) << "whatever the order of the workers";
}

TEST(Placement, TooFewSlots) {
  const auto placement = place_tasks(plan_of({3}), {{0, 1}, {1, 1}});
  ASSERT_FALSE(placement);
  EXPECT_EQ(placement.error().domain, ErrorDomain::User);
}

}  // namespace
}  // namespace sluice
