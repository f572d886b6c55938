#include <gtest/gtest.h>

#include <map>
#include <set>

#include "simulated_cluster.h"

namespace sluice {
namespace {

using testing::SimulatedCluster;

constexpr uint32_t kWorkers = 1'000;
constexpr uint32_t kTasks = 5'000;

SimulatedCluster large_cluster() {
  return {testing::large_plan(10, kTasks / 10),
          kWorkers,
          2,
          {RestartStrategy::Kind::Fixed, 10, std::chrono::milliseconds(1), {}}};
}

TEST(LargeCluster, RunsAJobOfThousandsOfTasks) {
  SimulatedCluster cluster = large_cluster();
  cluster.schedule();
  EXPECT_EQ(cluster.state.phase, JobPhase::Running);
  EXPECT_EQ(cluster.state.tasks.size(), kTasks);
  std::map<uint32_t, uint32_t> load;
  for (const auto& [task, worker] : cluster.state.worker_of) ++load[worker];
  EXPECT_EQ(load.size(), kTasks / 10) << "as many workers as there are slots in use: equally much each";
  for (const auto& [worker, tasks] : load) EXPECT_EQ(tasks, 10U);
  cluster.finish_all_tasks();
  EXPECT_EQ(cluster.state.phase, JobPhase::Finished);
  EXPECT_EQ(cluster.illegal, 0U);
}

TEST(LargeCluster, LosesManyWorkersAtOnce) {
  SimulatedCluster cluster = large_cluster();
  cluster.schedule();
  std::set<uint32_t> lost;
  for (uint32_t worker = 3; lost.size() < 100; worker += 4) lost.insert(worker);
  cluster.lose(lost);
  EXPECT_EQ(cluster.state.phase, JobPhase::Restarting);
  cluster.begin_anew();
  cluster.schedule();
  EXPECT_EQ(cluster.state.phase, JobPhase::Running);
  EXPECT_EQ(cluster.state.tasks.size(), kTasks);
  for (const auto& [task, worker] : cluster.state.worker_of) EXPECT_FALSE(lost.contains(worker));
  EXPECT_EQ(cluster.state.restarts, 1U) << "one loss of many is one failure";
  cluster.finish_all_tasks();
  EXPECT_EQ(cluster.state.phase, JobPhase::Finished);
  EXPECT_EQ(cluster.illegal, 0U);
}

}  // namespace
}  // namespace sluice
