#include "runtime/task/task_meter.h"

#include <gtest/gtest.h>

#include <thread>

namespace sluice {
namespace {

using namespace std::chrono_literals;

TEST(TaskMeter, NothingBeforeTheFirstTurn) {
  abi::TaskContext context{};
  const TaskMeter meter(context);
  EXPECT_EQ(meter.times().busy + meter.times().blocked + meter.times().idle, 0ns);
}

// The clock goes on by itself: what is waited for is told by it.
TEST(TaskMeter, ATaskThatWaitsForRoomIsBlockedAtOnce) {
  abi::TaskContext context{};
  TaskMeter meter(context);
  meter.begin_turn();
  meter.end_turn(true);
  while (meter.times().blocked < 2ms) std::this_thread::yield();
  EXPECT_LT(meter.times().idle, 2ms);
  meter.begin_turn();
  meter.end_turn(false);
  const auto blocked = meter.times().blocked;
  EXPECT_GE(blocked, 2ms);
  while (meter.times().idle < 2ms) std::this_thread::yield();
  EXPECT_EQ(meter.times().blocked, blocked);
}

TEST(TaskMeter, TimeStandsStillBehindTheEnd) {
  abi::TaskContext context{};
  TaskMeter meter(context);
  meter.begin_turn();
  meter.end_turn(true);
  meter.end();
  const auto before = meter.times();
  const auto start = std::chrono::steady_clock::now();
  while (std::chrono::steady_clock::now() - start < 2ms) std::this_thread::yield();
  const auto after = meter.times();
  EXPECT_EQ(before.busy, after.busy);
  EXPECT_EQ(before.blocked, after.blocked);
  EXPECT_EQ(before.idle, after.idle);
}

}  // namespace
}  // namespace sluice
