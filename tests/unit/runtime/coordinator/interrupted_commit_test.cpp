// What a job may do, and what it says, behind a commit that was cut off or could not be kept.
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <variant>
#include <vector>

#include "runtime/coordinator/job_state.h"

namespace sluice {
namespace {

const TaskAddress kTask{StageId(size_t{0}), 0};

Error gone() { return external_error("worker 1 was lost", true).error(); }
StepNotKept not_kept(bool had_committed) {
  return {external_error("no space left on device", true).error(), had_committed};
}

// A job of a task on worker 1 that writes a.csv, and begins anew.
struct Driver {
  Driver() {
    state.strategy = {RestartStrategy::Kind::Fixed, 5, std::chrono::milliseconds(1), std::chrono::milliseconds(1)};
    on(JobAccepted{});
  }
  bool on(JobEvent event) { return apply(state, std::move(event)).has_value(); }
  void deploy(bool replaces_input = false) {
    EXPECT_TRUE(on(TasksPlaced{{{kTask, 1, 0}}}));
    EXPECT_TRUE(on(TasksDeployed{1, {}, false, {"a.csv"}, replaces_input}));
    EXPECT_EQ(state.phase, JobPhase::Running);
  }
  void commit() {
    EXPECT_TRUE(on(TaskEnded{{TaskReport::End::Finished, kTask, std::nullopt, std::nullopt}}));
    EXPECT_EQ(state.phase, JobPhase::Committing);
  }
  [[nodiscard]] std::string error() const { return state.error ? state.error->to_string() : ""; }
  [[nodiscard]] bool says(const std::string& text) const { return error().find(text) != std::string::npos; }
  JobState state;
};

TEST(InterruptedCommit, AJobThatReplacesItsInputCannotBeginAnew) {
  Driver job;
  job.deploy(true);
  job.commit();
  EXPECT_TRUE(job.on(WorkerLost{1, gone()}));
  EXPECT_EQ(job.state.phase, JobPhase::Failed);
  EXPECT_TRUE(job.says("it cannot begin anew: it replaces what it reads")) << job.error();
  EXPECT_TRUE(job.says("these may be there, complete, or not be written: a.csv")) << job.error();
}

TEST(InterruptedCommit, UntilThenItCan) {
  Driver job;
  job.deploy(true);
  EXPECT_TRUE(job.on(WorkerLost{1, gone()}));
  EXPECT_EQ(job.state.phase, JobPhase::Restarting);
  EXPECT_TRUE(job.on(RestartDue{}));
  job.deploy();  // it is known already
  job.commit();
  EXPECT_TRUE(job.on(WorkerLost{1, gone()}));
  EXPECT_EQ(job.state.phase, JobPhase::Failed);
}

TEST(InterruptedCommit, TheNextCoordinatorSaysWhatMayBeThere) {
  Driver job;
  job.state.strategy = {};
  job.deploy();
  job.commit();
  EXPECT_EQ(job.state.begun_files, std::set<std::string>{"a.csv"});
  job.state.phase = JobPhase::Suspended;
  EXPECT_TRUE(job.on(JobResumed{}));
  EXPECT_EQ(job.state.phase, JobPhase::Failed);
  EXPECT_TRUE(job.says("these may be there, complete, or not be written: a.csv")) << job.error();
}

TEST(InterruptedCommit, AFailureOfALaterAttemptSaysWhatMayBeThere) {
  Driver job;
  job.deploy();
  job.commit();
  EXPECT_TRUE(job.on(WorkerLost{1, gone()}));
  EXPECT_EQ(job.state.phase, JobPhase::Restarting);
  EXPECT_FALSE(job.says("a.csv"));
  EXPECT_TRUE(job.on(RestartDue{}));
  job.deploy();
  EXPECT_TRUE(job.on(TaskEnded{{TaskReport::End::Failed, kTask, std::nullopt, external_error("disk full").error()}}));
  EXPECT_EQ(job.state.phase, JobPhase::Failed);
  EXPECT_TRUE(job.says("disk full")) << job.error();
  EXPECT_TRUE(job.says("these may be there, complete, or not be written: a.csv")) << job.error();
}

TEST(InterruptedCommit, AnAttemptThatIsNotKeptFails) {
  Driver job;
  EXPECT_FALSE(job.on(not_kept(false)));
  EXPECT_TRUE(job.on(TasksPlaced{{{kTask, 1, 0}}}));
  EXPECT_TRUE(job.on(not_kept(false)));
  EXPECT_EQ(job.state.phase, JobPhase::Restarting);
  EXPECT_EQ(job.state.attempts, 1U) << "no two have the same number";
  EXPECT_TRUE(job.says("no space left")) << job.error();
  job.state.strategy = {};
  EXPECT_TRUE(job.on(RestartDue{}));
  EXPECT_TRUE(job.on(TasksPlaced{{{kTask, 1, 0}}}));
  EXPECT_TRUE(job.on(not_kept(false)));
  EXPECT_EQ(job.state.phase, JobPhase::Failed);
}

TEST(InterruptedCommit, AnAttemptThatMustBeTheLastDoesNotStartBeforeThatIsKept) {
  Driver job;
  EXPECT_TRUE(job.on(TasksPlaced{{{kTask, 1, 0}}}));
  EXPECT_TRUE(job.on(TasksDeployed{1, {}, true, {}}));
  EXPECT_EQ(job.state.phase, JobPhase::Running);
  const auto commands = apply(job.state, not_kept(false));
  ASSERT_TRUE(commands.has_value());
  ASSERT_EQ(commands->size(), 1U);
  EXPECT_TRUE(std::holds_alternative<AbortSinks>(commands->front()));
  EXPECT_EQ(job.state.phase, JobPhase::Failed);
  EXPECT_EQ(job.state.tasks.at(kTask), TaskPhase::Cancelled);
  EXPECT_TRUE(job.says("no space left")) << job.error();
  EXPECT_TRUE(job.says("it cannot begin anew: it reads or writes a pipe")) << job.error();
}

TEST(InterruptedCommit, BehindTheEndOfATaskThereWasAStart) {
  Driver job;
  EXPECT_TRUE(job.on(TasksPlaced{{{kTask, 1, 0}, {{StageId(size_t{0}), 1}, 1, 1}}}));
  EXPECT_TRUE(job.on(TasksDeployed{1, {}, true, {}}));
  EXPECT_TRUE(job.on(TaskEnded{{TaskReport::End::Finished, kTask, std::nullopt, std::nullopt}}));
  EXPECT_FALSE(job.on(not_kept(false)));
}

TEST(InterruptedCommit, ACommitThatIsNotKeptHasNotBegun) {
  Driver job;
  job.deploy(true);
  job.commit();
  EXPECT_FALSE(job.state.cannot_repeat.empty());
  const auto commands = apply(job.state, not_kept(false));
  ASSERT_TRUE(commands.has_value());
  ASSERT_EQ(commands->size(), 1U);
  EXPECT_TRUE(std::holds_alternative<AbortSinks>(commands->front()));
  EXPECT_EQ(job.state.phase, JobPhase::Restarting) << "nothing was replaced";
  EXPECT_FALSE(job.state.has_committed);
  EXPECT_TRUE(job.state.begun_files.empty());
  EXPECT_FALSE(job.on(SinksCommitted{1}));
}

TEST(InterruptedCommit, WhatAnAttemptBeforeHadBegunIsNotForgotten) {
  Driver job;
  job.deploy();
  job.commit();
  EXPECT_TRUE(job.on(WorkerLost{1, gone()}));
  EXPECT_TRUE(job.on(RestartDue{}));
  job.deploy();
  job.commit();
  EXPECT_TRUE(job.on(not_kept(true)));
  EXPECT_TRUE(job.state.has_committed);
  EXPECT_EQ(job.state.begun_files, std::set<std::string>{"a.csv"});
}

bool is_cancel(const Result<std::vector<WorkerCommand>>& commands) {
  return commands && commands->size() == 1 && std::holds_alternative<CancelTasks>(commands->front());
}

// It ends, one way or the other, and what goes wrong is said: files may have their names already.
TEST(InterruptedCommit, AStopEndsOneThatWaitsForSomebody) {
  for (const bool waits : {false, true}) {
    Driver job;
    job.deploy();
    job.commit();
    EXPECT_TRUE(is_cancel(apply(job.state, StopRequested{})));
    EXPECT_FALSE(is_cancel(apply(job.state, StopRequested{}))) << "once";
    EXPECT_EQ(job.state.phase, JobPhase::Committing);
    EXPECT_TRUE(waits ? job.on(CommitFailed{1, external_error("nobody reads it", true).error()})
                      : job.on(SinksCommitted{1}));
    EXPECT_EQ(job.state.phase, waits ? JobPhase::Failed : JobPhase::Finished);
    EXPECT_EQ(job.says("nobody reads it"), waits) << job.error();
    EXPECT_EQ(job.says("a.csv"), waits) << job.error();
  }
}

TEST(InterruptedCommit, AStopReachesItAlsoWhenAWorkerWasLost) {
  Driver job;
  EXPECT_TRUE(job.on(TasksPlaced{{{kTask, 1, 0}, {{StageId(size_t{0}), 1}, 2, 0}}}));
  for (const uint32_t worker : {1U, 2U}) EXPECT_TRUE(job.on(TasksDeployed{worker}));
  for (const uint32_t task : {0U, 1U})
    EXPECT_TRUE(job.on(TaskEnded{{TaskReport::End::Finished, {StageId(size_t{0}), task}, std::nullopt, std::nullopt}}));
  EXPECT_TRUE(job.on(WorkerLost{1, gone()}));
  EXPECT_EQ(job.state.phase, JobPhase::Failing);
  EXPECT_TRUE(is_cancel(apply(job.state, StopRequested{})));
  EXPECT_TRUE(job.on(SinksCommitted{2}));
  EXPECT_EQ(job.state.phase, JobPhase::Failed);
  EXPECT_TRUE(job.says("was lost")) << job.error();
}

TEST(InterruptedCommit, OneOfEnoughRowsSaysWhyItFailed) {
  Driver job;
  job.deploy();
  EXPECT_TRUE(job.on(EnoughOutput{}));
  EXPECT_TRUE(job.on(TaskEnded{{TaskReport::End::Cancelled, kTask, std::nullopt, std::nullopt}}));
  EXPECT_EQ(job.state.phase, JobPhase::Committing);
  EXPECT_TRUE(job.on(CommitFailed{1, external_error("disk full").error()}));
  EXPECT_EQ(job.state.phase, JobPhase::Failed);
  EXPECT_TRUE(job.says("disk full")) << job.error();
}

}  // namespace
}  // namespace sluice
