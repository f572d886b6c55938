#include "runtime/coordinator/pending_checkpoint.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

const TaskAddress kFirst{StageId(0), 0};
const TaskAddress kSecond{StageId(1), 0};

SavedTask saved(const TaskAddress& task, uint64_t checkpoint) {
  SavedTask result;
  result.task = task;
  result.checkpoint = checkpoint;
  return result;
}

TEST(PendingCheckpoint, IsCompleteWhenAllTasksHaveSavedThemselves) {
  PendingCheckpoint pending(3, {kFirst, kSecond}, {});
  pending.add(saved(kFirst, 3));
  EXPECT_FALSE(pending.is_complete());
  EXPECT_EQ(pending.missing(), std::set<TaskAddress>{kSecond});
  pending.add(saved(kSecond, 3));
  EXPECT_TRUE(pending.is_complete());
}

TEST(PendingCheckpoint, LeavesOtherCheckpointsAside) {
  PendingCheckpoint pending(3, {kFirst}, {});
  pending.add(saved(kFirst, 2));
  pending.add(saved(kFirst, 4));
  EXPECT_FALSE(pending.is_complete());
}

TEST(PendingCheckpoint, TasksThatHaveFinishedBelongToAllToCome) {
  PendingCheckpoint pending(3, {kFirst, kSecond}, {{kFirst, saved(kFirst, 0)}});
  EXPECT_EQ(pending.missing(), std::set<TaskAddress>{kSecond});
  pending.add(saved(kSecond, 0));
  EXPECT_TRUE(pending.is_complete());
}

TEST(PendingCheckpoint, ATaskThatFinishesBehindTheBarrierCountsAsItStoodThere) {
  PendingCheckpoint pending(3, {kFirst, kSecond}, {});
  pending.add(saved(kFirst, 3));
  pending.add(saved(kFirst, 0));
  EXPECT_EQ(pending.tasks().at(kFirst).checkpoint, 3u);
}

TEST(PendingCheckpoint, ComesToNothingWhenATaskCannotSaveItself) {
  PendingCheckpoint pending(3, {kFirst}, {});
  SavedTask failed = saved(kFirst, 3);
  failed.error = external_error("no room").error();
  pending.add(std::move(failed));
  EXPECT_FALSE(pending.is_complete());
  ASSERT_TRUE(pending.error().has_value());
  EXPECT_EQ(pending.error()->message, "no room");
}

}  // namespace
}  // namespace sluice
