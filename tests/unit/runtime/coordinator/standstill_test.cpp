// Workers of a job that wait for each other are found out, and one is helped.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <variant>
#include <vector>

#include "runtime/coordinator/job_state.h"

namespace sluice {
namespace {

// A job of three tasks that run on workers 1 to 3.
struct Driver {
  Driver() {
    on(JobAccepted{});
    std::vector<TaskPlacement> placement;
    for (uint32_t i = 0; i < 3; ++i) placement.push_back({{StageId(size_t{0}), i}, 1 + i, 0});
    on(TasksPlaced{placement});
    for (uint32_t worker = 1; worker <= 3; ++worker) on(TasksDeployed{worker});
    EXPECT_EQ(state.phase, JobPhase::Running);
  }
  std::vector<WorkerCommand> on(JobEvent event) {
    auto commands = apply(state, std::move(event));
    EXPECT_TRUE(commands.has_value());
    return commands ? std::move(*commands) : std::vector<WorkerCommand>();
  }
  // The question that all are asked then; 0: none.
  uint64_t asks(JobEvent event) {
    const auto commands = on(std::move(event));
    if (commands.empty() || !std::holds_alternative<AskStandstill>(commands[0])) return 0;
    return std::get<AskStandstill>(commands[0]).question;
  }
  // The worker that is helped then; 0: none.
  uint32_t relieves(JobEvent event) {
    const auto commands = on(std::move(event));
    if (commands.empty() || !std::holds_alternative<RelieveCongestion>(commands[0])) return 0;
    return std::get<RelieveCongestion>(commands[0]).worker;
  }
  JobState state;
};

// Two of them wait for room; the counts are those of a job in which nothing is under way.
Standstill still(uint32_t worker, uint64_t question) {
  return {worker, question, true, worker != 1, 10 * worker, 40 - 10 * worker};
}

TEST(Standstill, IsHelpedWhenNothingMovesTwice) {
  Driver job;
  for (const uint32_t helped : {2u, 3u, 2u}) {
    const uint64_t first = job.asks(still(2, 0));
    ASSERT_NE(first, 0u);
    EXPECT_EQ(job.asks(still(3, 0)), 0u) << "they are being asked already";
    EXPECT_EQ(job.asks(still(1, first)), 0u);
    EXPECT_EQ(job.asks(still(1, first)), 0u) << "twice the same";
    EXPECT_EQ(job.asks(still(2, first)), 0u);
    const uint64_t second = job.asks(still(3, first));
    ASSERT_GT(second, first);
    EXPECT_EQ(job.relieves(still(3, first)), 0u) << "too late";
    EXPECT_EQ(job.relieves(still(1, second)), 0u);
    EXPECT_EQ(job.relieves(still(2, second)), 0u);
    EXPECT_EQ(job.relieves(still(3, second)), helped) << "each in its turn";
  }
}

TEST(Standstill, IsNoneWhenSomebodyHasSomethingToDo) {
  Driver job;
  const uint64_t question = job.asks(still(2, 0));
  Standstill busy = still(1, question);
  busy.stands_still = false;
  EXPECT_EQ(job.asks(busy), 0u);
  EXPECT_EQ(job.asks(still(2, question)), 0u);
  EXPECT_EQ(job.asks(still(3, question)), 0u);
  EXPECT_NE(job.asks(still(2, 0)), 0u) << "it may ask again";
}

TEST(Standstill, IsNoneWhileRowsAreUnderWay) {
  Driver job;
  const uint64_t question = job.asks(still(2, 0));
  Standstill sender = still(1, question);
  ++sender.sent;
  job.on(sender);
  job.on(still(2, question));
  EXPECT_EQ(job.asks(still(3, question)), 0u);
}

TEST(Standstill, IsNoneWhenRowsCameAndWentInBetween) {
  Driver job;
  const uint64_t first = job.asks(still(2, 0));
  for (const uint32_t worker : {1u, 2u}) job.on(still(worker, first));
  const uint64_t second = job.asks(still(3, first));
  for (const uint32_t worker : {1u, 2u, 3u}) {
    Standstill moved = still(worker, second);
    if (worker == 1) ++moved.sent;
    if (worker == 3) ++moved.received;
    EXPECT_EQ(job.relieves(moved), 0u);
  }
  EXPECT_NE(job.asks(still(2, 0)), 0u);
}

// Behind a slow one all others say again and again that they stand still.
TEST(Standstill, IsLookedForLessAndLessOftenWhileSomebodyWorks) {
  using std::chrono::milliseconds;
  Driver job;
  EXPECT_EQ(pause_behind(job.state.inquiry), milliseconds(0));
  milliseconds before(0);
  for (int i = 0; i < 10; ++i) {
    Standstill busy = still(1, job.asks(still(2, 0)));
    busy.stands_still = false;
    job.on(busy);
    EXPECT_EQ(pause_behind(job.state.inquiry), i == 0 ? milliseconds(25) : std::min(2 * before, milliseconds(1'000)));
    before = pause_behind(job.state.inquiry);
  }
  EXPECT_EQ(before, milliseconds(1'000));
  const uint64_t first = job.asks(still(2, 0));
  for (const uint32_t worker : {1u, 2u}) job.on(still(worker, first));
  const uint64_t second = job.asks(still(3, first));
  EXPECT_EQ(pause_behind(job.state.inquiry), before);
  for (const uint32_t worker : {1u, 2u}) job.on(still(worker, second));
  EXPECT_NE(job.relieves(still(3, second)), 0u);
  EXPECT_EQ(pause_behind(job.state.inquiry), milliseconds(0)) << "they did wait for each other, and may do so again";
}

TEST(Standstill, ConcernsWorkersOfAJobThatRuns) {
  Driver job;
  EXPECT_EQ(job.asks(still(9, 0)), 0u);
  const uint64_t question = job.asks(still(2, 0));
  job.on(StopRequested{});
  for (const uint32_t worker : {1u, 2u, 3u}) EXPECT_EQ(job.asks(still(worker, question)), 0u);
  EXPECT_EQ(job.asks(still(2, 0)), 0u);
}

}  // namespace
}  // namespace sluice
