#include "runtime/coordinator/job_state.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sluice {
namespace {

const TaskAddress kA{StageId(size_t{0}), 0};
const TaskAddress kB{StageId(size_t{1}), 0};

TaskEnded ended(TaskAddress task, TaskReport::End how, std::string message = "") {
  TaskReport report{how, task, std::nullopt, std::nullopt};
  if (!message.empty()) report.error = external_error(std::move(message)).error();
  return {report};
}
TaskEnded finished(TaskAddress task) { return ended(task, TaskReport::End::Finished); }
TaskEnded cancelled(TaskAddress task) { return ended(task, TaskReport::End::Cancelled); }

std::string names(const std::vector<WorkerCommand>& commands) {
  static constexpr const char* kNames[] = {"deploy", "start", "end-input", "cancel",
                                           "commit", "abort", "ask",       "relieve"};
  std::string text;
  for (const auto& command : commands) text += std::string(text.empty() ? "" : " ") + kNames[command.index()];
  return text;
}

// A job of two tasks on the given number of workers, driven by hand.
struct Driver {
  explicit Driver(uint32_t workers = 1) : placement{{kA, 0, 0}, {kB, workers - 1, 0}} {
    EXPECT_EQ(on(JobAccepted{}), "");
    EXPECT_EQ(state.phase, JobPhase::Scheduled);
  }
  // The commands, or "illegal"; an illegal event changes nothing.
  std::string on(JobEvent event) {
    const JobState before = state;
    const auto commands = apply(state, std::move(event));
    if (commands) return names(*commands);
    EXPECT_EQ(commands.error().domain, ErrorDomain::Internal);
    EXPECT_EQ(state.phase, before.phase);
    EXPECT_EQ(state.tasks, before.tasks);
    return "illegal";
  }
  Driver& run() {
    EXPECT_EQ(on(TasksPlaced{placement}), "deploy");
    EXPECT_EQ(on(TasksDeployed{0}), "start");
    return *this;
  }
  std::vector<TaskPlacement> placement;
  JobState state;
};

TEST(JobState, GoodJob) {
  Driver job;
  EXPECT_EQ(job.on(TasksPlaced{job.placement}), "deploy");
  EXPECT_EQ(job.state.phase, JobPhase::Deploying);
  EXPECT_EQ(job.on(TasksDeployed{0}), "start");
  EXPECT_EQ(job.state.phase, JobPhase::Running);
  EXPECT_EQ(job.on(finished(kA)), "");
  EXPECT_EQ(job.on(finished(kB)), "commit");
  EXPECT_EQ(job.state.phase, JobPhase::Committing);
  EXPECT_EQ(job.on(SinksCommitted{0}), "");
  EXPECT_EQ(job.state.phase, JobPhase::Finished);
  EXPECT_TRUE(is_end(job.state.phase));
}

TEST(JobState, TimeIsUpOnce) {
  Driver job;
  job.run();
  EXPECT_EQ(job.on(TimeIsUp{}), "end-input");
  EXPECT_EQ(job.on(TimeIsUp{}), "");
  EXPECT_EQ(job.state.phase, JobPhase::Running);
  (void)job.on(finished(kA));
  EXPECT_EQ(job.on(finished(kB)), "commit");
  EXPECT_EQ(job.on(TimeIsUp{}), "");
}

TEST(JobState, TimeIsUpBeforeTheStart) {
  Driver job;
  EXPECT_EQ(job.on(TasksPlaced{job.placement}), "deploy");
  EXPECT_EQ(job.on(TimeIsUp{}), "");
  EXPECT_EQ(job.on(TasksDeployed{0}), "end-input start");
}

TEST(JobState, EnoughOutputIsCommitted) {
  Driver job;
  job.run();
  EXPECT_EQ(job.on(EnoughOutput{}), "cancel");
  EXPECT_EQ(job.on(EnoughOutput{}), "");
  EXPECT_EQ(job.on(cancelled(kA)), "");
  // What went wrong behind the rows that were wanted does not matter.
  EXPECT_EQ(job.on(ended(kB, TaskReport::End::Failed, "no space left")), "commit");
  EXPECT_EQ(job.on(SinksCommitted{0}), "");
  EXPECT_EQ(job.state.phase, JobPhase::Finished);
  EXPECT_FALSE(job.state.error);
}

TEST(JobState, EnoughOutputOfAFailedJob) {
  Driver job;
  job.run();
  EXPECT_EQ(job.on(ended(kA, TaskReport::End::Failed, "no space left")), "cancel");
  EXPECT_EQ(job.on(EnoughOutput{}), "");
  EXPECT_EQ(job.on(cancelled(kB)), "abort");
  EXPECT_EQ(job.state.phase, JobPhase::Failed);
}

TEST(JobState, WaitsForEveryWorker) {
  Driver job(2);
  EXPECT_EQ(job.on(TasksPlaced{job.placement}), "deploy");
  EXPECT_EQ(job.on(TasksDeployed{1}), "");
  EXPECT_EQ(job.on(TasksDeployed{1}), "illegal");
  EXPECT_EQ(job.on(TasksDeployed{0}), "start");
  (void)job.on(finished(kA));
  EXPECT_EQ(job.on(finished(kB)), "commit");
  EXPECT_EQ(job.on(SinksCommitted{0}), "");
  EXPECT_EQ(job.state.phase, JobPhase::Committing);
  EXPECT_EQ(job.on(SinksCommitted{1}), "");
  EXPECT_EQ(job.state.phase, JobPhase::Finished);
}

TEST(JobState, AFailureCancelsTheOthersAndAborts) {
  Driver job;
  job.run();
  EXPECT_EQ(job.on(ended(kB, TaskReport::End::Failed, "disk full")), "cancel");
  EXPECT_EQ(job.state.phase, JobPhase::Failing);
  EXPECT_EQ(job.on(cancelled(kA)), "abort");
  EXPECT_EQ(job.state.phase, JobPhase::Failed);
  EXPECT_EQ(job.state.error->message, "disk full");
}

TEST(JobState, TheFirstFailureIsTheCause) {
  Driver job;
  job.run();
  (void)job.on(ended(kB, TaskReport::End::Failed, "first"));
  EXPECT_EQ(job.on(ended(kA, TaskReport::End::Failed, "second")), "abort");
  EXPECT_EQ(job.state.error->message, "first");
}

TEST(JobState, TheLastTaskFails) {
  Driver job;
  job.run();
  (void)job.on(finished(kA));
  EXPECT_EQ(job.on(ended(kB, TaskReport::End::Failed, "late")), "abort");
  EXPECT_EQ(job.state.phase, JobPhase::Failed);
}

TEST(JobState, StopWhileRunning) {
  Driver job;
  job.run();
  EXPECT_EQ(job.on(StopRequested{}), "cancel");
  EXPECT_EQ(job.state.phase, JobPhase::Cancelling);
  EXPECT_EQ(job.on(StopRequested{}), "");
  EXPECT_EQ(job.on(ended(kA, TaskReport::End::Failed, "on the way out")), "");
  EXPECT_EQ(job.on(finished(kB)), "abort");
  EXPECT_EQ(job.state.phase, JobPhase::Cancelled);
  EXPECT_FALSE(job.state.error) << "the stop is why it ended";
}

TEST(JobState, StopBeforeAndDuringDeployment) {
  Driver early;
  EXPECT_EQ(early.on(StopRequested{}), "");
  EXPECT_EQ(early.state.phase, JobPhase::Cancelled);
  Driver job(2);
  (void)job.on(TasksPlaced{job.placement});
  (void)job.on(TasksDeployed{0});
  EXPECT_EQ(job.on(StopRequested{}), "cancel");
  EXPECT_EQ(job.on(TasksDeployed{1}), "abort");
  EXPECT_EQ(job.state.phase, JobPhase::Cancelled);
}

TEST(JobState, DeploymentFails) {
  Driver job(2);
  (void)job.on(TasksPlaced{job.placement});
  EXPECT_EQ(job.on(DeployFailed{1, external_error("no such file").error()}), "cancel");
  EXPECT_EQ(job.on(TasksDeployed{0}), "abort");
  EXPECT_EQ(job.state.phase, JobPhase::Failed);
  EXPECT_EQ(job.state.error->message, "no such file");
}

TEST(JobState, CommitFails) {
  Driver job;
  job.run();
  (void)job.on(finished(kA));
  (void)job.on(finished(kB));
  EXPECT_EQ(job.on(CommitFailed{0, external_error("cannot rename").error()}), "abort");
  EXPECT_EQ(job.state.phase, JobPhase::Failed);
}

TEST(JobState, EventsThatCannotBeAreRefused) {
  Driver created;
  created.state = JobState();
  EXPECT_EQ(created.on(TasksPlaced{created.placement}), "illegal") << "nobody has accepted it";
  EXPECT_EQ(created.on(RestartDue{}), "illegal");
  EXPECT_EQ(created.on(JobResumed{}), "illegal");
  EXPECT_EQ(created.on(TasksDeployed{0}), "illegal");
  EXPECT_EQ(created.on(DeployFailed{0, {}}), "illegal");
  EXPECT_EQ(created.on(finished(kA)), "illegal");
  EXPECT_EQ(created.on(SinksCommitted{0}), "illegal");
  EXPECT_EQ(created.on(CommitFailed{0, {}}), "illegal");
  EXPECT_EQ(created.on(TasksPlaced{}), "illegal");
  Driver running;
  running.run();
  EXPECT_EQ(running.on(TasksPlaced{running.placement}), "illegal");
  EXPECT_EQ(running.on(JobAccepted{}), "illegal");
  EXPECT_EQ(running.on(RestartDue{}), "illegal");
  EXPECT_EQ(running.on(TasksDeployed{0}), "illegal");
  EXPECT_EQ(running.on(cancelled(kA)), "illegal") << "nobody asked for it";
  EXPECT_EQ(running.on(finished({StageId(size_t{7}), 0})), "illegal");
  (void)running.on(finished(kA));
  EXPECT_EQ(running.on(finished(kA)), "illegal") << "twice";
  EXPECT_EQ(running.on(SinksCommitted{0}), "illegal");
  (void)running.on(finished(kB));
  EXPECT_EQ(running.on(SinksCommitted{9}), "illegal");
  (void)running.on(SinksCommitted{0});
  EXPECT_EQ(running.on(finished(kB)), "illegal") << "after the end";
  EXPECT_EQ(running.on(StopRequested{}), "");
  EXPECT_EQ(running.state.phase, JobPhase::Finished);
}

TEST(JobState, PhasesHaveNames) {
  EXPECT_EQ(phase_name(JobPhase::Created), "created");
  EXPECT_EQ(phase_name(JobPhase::Committing), "committing");
  EXPECT_EQ(phase_name(TaskPhase::Cancelled), "cancelled");
  for (const auto phase : {TaskPhase::Deploying, TaskPhase::Running}) EXPECT_FALSE(is_end(phase));
  for (const auto phase : {TaskPhase::Finished, TaskPhase::Cancelled, TaskPhase::Failed}) EXPECT_TRUE(is_end(phase));
}

Error gone() { return external_error("worker 1 was lost", true).error(); }

TEST(JobState, AWorkerThatIsLostFailsTheJob) {
  Driver job(2);
  EXPECT_EQ(job.on(TasksPlaced{job.placement}), "deploy");
  EXPECT_EQ(job.on(TasksDeployed{0}), "");
  EXPECT_EQ(job.on(TasksDeployed{1}), "start");
  EXPECT_EQ(job.on(WorkerLost{7, gone()}), "");  // has nothing to do with it
  EXPECT_EQ(job.on(WorkerLost{1, gone()}), "cancel");
  EXPECT_EQ(job.state.phase, JobPhase::Failing);
  EXPECT_EQ(job.on(cancelled(kA)), "abort");
  EXPECT_EQ(job.state.phase, JobPhase::Failed);
  EXPECT_EQ(job.state.error->message, "worker 1 was lost");
}

TEST(JobState, AWorkerThatIsLostWhileTasksAreDeployed) {
  Driver job(2);
  EXPECT_EQ(job.on(TasksPlaced{job.placement}), "deploy");
  EXPECT_EQ(job.on(WorkerLost{1, gone()}), "cancel");
  EXPECT_EQ(job.on(TasksDeployed{0}), "abort");
  EXPECT_EQ(job.state.phase, JobPhase::Failed);

  Driver other(2);  // it had answered already
  EXPECT_EQ(other.on(TasksPlaced{other.placement}), "deploy");
  EXPECT_EQ(other.on(TasksDeployed{1}), "");
  EXPECT_EQ(other.on(WorkerLost{1, gone()}), "cancel");
  EXPECT_EQ(other.on(TasksDeployed{0}), "abort");
  EXPECT_EQ(other.state.phase, JobPhase::Failed);
}

TEST(JobState, AWorkerWhoseTasksHadFinishedHeldTheirResults) {
  Driver job(2);
  job.on(TasksPlaced{job.placement});
  job.on(TasksDeployed{0});
  job.on(TasksDeployed{1});
  EXPECT_EQ(job.on(finished(kB)), "");
  EXPECT_EQ(job.on(WorkerLost{1, gone()}), "cancel");
  EXPECT_EQ(job.on(finished(kA)), "abort");
  EXPECT_EQ(job.state.phase, JobPhase::Failed);
}

TEST(JobState, AWorkerThatIsLostWhileCommitting) {
  for (const bool has_committed : {false, true}) {
    Driver job(2);
    job.on(TasksPlaced{job.placement});
    job.on(TasksDeployed{0, {}, false, {"a.csv", "b.csv"}});
    job.on(TasksDeployed{1, {}, false, {"c.csv"}});
    job.on(finished(kA));
    EXPECT_FALSE(job.state.has_committed);
    EXPECT_EQ(job.on(finished(kB)), "commit");
    EXPECT_TRUE(job.state.has_committed);
    if (has_committed) EXPECT_EQ(job.on(SinksCommitted{1}), "");
    EXPECT_EQ(job.on(WorkerLost{1, gone()}), "");
    EXPECT_EQ(job.on(SinksCommitted{0}), has_committed ? "" : "abort") << "whatever the others did, it failed";
    EXPECT_EQ(job.state.phase, has_committed ? JobPhase::Finished : JobPhase::Failed);
    if (!has_committed)
      EXPECT_EQ(job.state.error->context,
                (std::vector<std::string>{"these files are there, complete: a.csv, b.csv",
                                          "these may be there, complete, or not be written: c.csv"}));
    EXPECT_EQ(job.on(WorkerLost{0, gone()}), "");
  }
}

TEST(JobState, AllWorkersAreLost) {
  Driver job(2);
  job.on(TasksPlaced{job.placement});
  job.on(TasksDeployed{0});
  job.on(TasksDeployed{1});
  EXPECT_EQ(job.on(WorkerLost{0, gone()}), "cancel");
  EXPECT_EQ(job.on(WorkerLost{1, gone()}), "abort");
  EXPECT_EQ(job.state.phase, JobPhase::Failed);
}

TEST(JobState, RowsThatAreLostOnTheirWayFailTheJob) {
  Driver job;
  EXPECT_EQ(job.on(RowsLost{gone()}), "");  // of an attempt that has not begun
  job.run();
  EXPECT_EQ(job.on(RowsLost{gone()}), "cancel");
  EXPECT_EQ(job.on(RowsLost{gone()}), "");
  EXPECT_EQ(job.on(cancelled(kA)), "");
  EXPECT_EQ(job.on(cancelled(kB)), "abort");
  EXPECT_EQ(job.state.phase, JobPhase::Failed);
}

TEST(JobState, WorkersThatShareASourceMustFindTheSameFiles) {
  const NodeId files(size_t{4});
  const NodeId others(size_t{5});
  Driver job(2);
  EXPECT_EQ(job.on(TasksPlaced{job.placement}), "deploy");
  EXPECT_EQ(job.on(TasksDeployed{0, {{files, 11}, {others, 7}}}), "");
  EXPECT_EQ(job.on(TasksDeployed{1, {{files, 11}}}), "start");

  Driver changed(2);
  EXPECT_EQ(changed.on(TasksPlaced{changed.placement}), "deploy");
  EXPECT_EQ(changed.on(TasksDeployed{0, {{files, 11}}}), "");
  EXPECT_EQ(changed.on(TasksDeployed{1, {{files, 12}}}), "abort");
  EXPECT_EQ(changed.state.phase, JobPhase::Failed);
  EXPECT_TRUE(changed.state.error->retryable);
  EXPECT_NE(changed.state.error->message.find("finds other input files"), std::string::npos);
}

RestartStrategy fixed(uint32_t attempts) {
  return {RestartStrategy::Kind::Fixed, attempts, std::chrono::milliseconds(50), {}};
}

// A job of two workers that begins anew, in the given phase.
Driver restartable(uint32_t attempts = 2) {
  Driver job(2);
  job.state.strategy = fixed(attempts);
  return job;
}
void run_on_two(Driver& job) {
  EXPECT_EQ(job.on(TasksPlaced{job.placement}), "deploy");
  EXPECT_EQ(job.on(TasksDeployed{0}), "");
  EXPECT_EQ(job.on(TasksDeployed{1}), "start");
}

TEST(JobState, BeginsAnewAfterTheLossOfAWorker) {
  Driver job = restartable();
  run_on_two(job);
  EXPECT_EQ(job.on(WorkerLost{1, gone()}), "cancel");
  EXPECT_EQ(job.on(RestartDue{}), "illegal") << "the old attempt has not ended";
  EXPECT_EQ(job.on(cancelled(kA)), "abort");
  EXPECT_EQ(job.state.phase, JobPhase::Restarting);
  EXPECT_EQ(job.state.restart_delay, std::chrono::milliseconds(50));
  EXPECT_EQ(job.state.error->message, "worker 1 was lost");
  EXPECT_EQ(job.on(TasksPlaced{job.placement}), "illegal") << "too early";
  EXPECT_EQ(job.on(RestartDue{}), "");
  EXPECT_EQ(job.state.phase, JobPhase::Scheduled);
  EXPECT_EQ(job.state.restarts, 1U);
  EXPECT_EQ(job.on(WorkerLost{1, gone()}), "") << "an echo of the old attempt";
  EXPECT_EQ(job.on(finished(kA)), "illegal") << "likewise";
  run_on_two(job);
  EXPECT_EQ(job.on(finished(kA)), "");
  EXPECT_EQ(job.on(finished(kB)), "commit");
  EXPECT_EQ(job.on(SinksCommitted{0}), "");
  EXPECT_EQ(job.on(SinksCommitted{1}), "");
  EXPECT_EQ(job.state.phase, JobPhase::Finished);
  EXPECT_FALSE(job.state.error);
}

TEST(JobState, BeginsAnewOnlySoOften) {
  Driver job = restartable(2);
  for (int attempt = 0; attempt < 3; ++attempt) {
    run_on_two(job);
    EXPECT_EQ(job.on(WorkerLost{1, gone()}), "cancel");
    EXPECT_EQ(job.on(cancelled(kA)), "abort");
    EXPECT_EQ(job.state.phase, attempt < 2 ? JobPhase::Restarting : JobPhase::Failed);
    if (attempt < 2) EXPECT_EQ(job.on(RestartDue{}), "");
  }
  EXPECT_EQ(job.state.error->to_string(), "worker 1 was lost (it began anew 2 times)");
}

TEST(JobState, WhatWouldGoWrongAgainEndsIt) {
  Driver job = restartable();
  run_on_two(job);
  EXPECT_EQ(job.on(ended(kA, TaskReport::End::Failed, "division by zero")), "cancel");
  EXPECT_EQ(job.on(WorkerLost{1, gone()}), "abort") << "the first cause counts";
  EXPECT_EQ(job.state.phase, JobPhase::Failed);
}

TEST(JobState, RowsThatWereShownAreNotShownAgain) {
  Driver job = restartable();
  run_on_two(job);
  EXPECT_EQ(job.on(CannotRepeat{"rows of it were shown already"}), "");
  EXPECT_EQ(job.on(WorkerLost{1, gone()}), "cancel");
  EXPECT_EQ(job.on(cancelled(kA)), "abort");
  EXPECT_EQ(job.state.phase, JobPhase::Failed);
  EXPECT_NE(job.state.error->to_string().find("rows of it were shown already"), std::string::npos);
}

TEST(JobState, AStopMeansThatItDoesNotBeginAnew) {
  Driver job = restartable();
  run_on_two(job);
  EXPECT_EQ(job.on(WorkerLost{1, gone()}), "cancel");
  EXPECT_EQ(job.on(StopRequested{}), "");
  EXPECT_EQ(job.on(cancelled(kA)), "abort");
  EXPECT_EQ(job.state.phase, JobPhase::Failed);

  Driver waiting = restartable();
  run_on_two(waiting);
  EXPECT_EQ(waiting.on(WorkerLost{0, gone()}), "cancel");
  EXPECT_EQ(waiting.on(WorkerLost{1, gone()}), "abort");
  EXPECT_EQ(waiting.state.phase, JobPhase::Restarting);
  EXPECT_EQ(waiting.on(StopRequested{}), "");
  EXPECT_EQ(waiting.state.phase, JobPhase::Cancelled);
  EXPECT_EQ(waiting.on(RestartDue{}), "");
  EXPECT_EQ(waiting.state.phase, JobPhase::Cancelled);
}

TEST(JobState, BeginsAnewWhenADeploymentOrACommitFailsForAWhile) {
  Driver deploying = restartable();
  EXPECT_EQ(deploying.on(TasksPlaced{deploying.placement}), "deploy");
  EXPECT_EQ(deploying.on(DeployFailed{1, gone()}), "cancel");
  EXPECT_EQ(deploying.on(TasksDeployed{0}), "abort");
  EXPECT_EQ(deploying.state.phase, JobPhase::Restarting);

  Driver committing = restartable();
  run_on_two(committing);
  EXPECT_EQ(committing.on(finished(kA)), "");
  EXPECT_EQ(committing.on(finished(kB)), "commit");
  EXPECT_EQ(committing.on(WorkerLost{1, gone()}), "");
  EXPECT_EQ(committing.state.phase, JobPhase::Failing);
  EXPECT_EQ(committing.on(SinksCommitted{0}), "abort");
  EXPECT_EQ(committing.state.phase, JobPhase::Restarting) << "all results are written again";
  EXPECT_EQ(committing.on(RestartDue{}), "");
  EXPECT_EQ(committing.on(TasksPlaced{committing.placement}), "deploy");
  EXPECT_EQ(committing.state.attempts, 2U);
  EXPECT_TRUE(committing.state.has_committed);
}

TEST(JobState, WhatReadsAPipeDoesNotBeginAnew) {
  Driver job = restartable();
  EXPECT_EQ(job.on(TasksPlaced{job.placement}), "deploy");
  EXPECT_EQ(job.on(TasksDeployed{0, {}, true}), "");
  EXPECT_EQ(job.on(TasksDeployed{1}), "start");
  EXPECT_EQ(job.on(WorkerLost{1, gone()}), "cancel");
  EXPECT_EQ(job.on(cancelled(kA)), "abort");
  EXPECT_EQ(job.state.phase, JobPhase::Failed);
  EXPECT_NE(job.state.error->to_string().find("it cannot begin anew: it reads or writes a pipe"), std::string::npos);
}

JobState suspended(RestartStrategy strategy, bool has_begun) {
  JobState state;
  state.phase = JobPhase::Suspended;
  state.strategy = strategy;
  state.has_begun = has_begun;
  state.error = gone();  // of an attempt before
  return state;
}

TEST(JobState, IsResumedByTheNextCoordinator) {
  JobState state = suspended(fixed(1), true);
  state.restarts = 1;  // this is none, so it does not matter
  EXPECT_TRUE(apply(state, JobResumed{}));
  EXPECT_EQ(state.phase, JobPhase::Scheduled);
  EXPECT_EQ(state.restarts, 1U);
  EXPECT_FALSE(state.error);
  EXPECT_FALSE(apply(state, JobResumed{}));

  JobState waiting = suspended({}, false);
  EXPECT_TRUE(apply(waiting, JobResumed{}));
  EXPECT_EQ(waiting.phase, JobPhase::Scheduled) << "one that has not begun can begin";

  JobState shown = suspended(fixed(1), true);
  shown.cannot_repeat = "rows of it were shown already";
  JobState once = suspended({}, true);
  for (JobState* failed : {&shown, &once}) {
    EXPECT_TRUE(apply(*failed, JobResumed{}));
    EXPECT_EQ(failed->phase, JobPhase::Failed);
    EXPECT_NE(failed->error->to_string().find("the coordinator ended"), std::string::npos);
  }

  JobState unwanted = suspended(fixed(1), true);
  EXPECT_TRUE(apply(unwanted, StopRequested{}));
  EXPECT_EQ(unwanted.phase, JobPhase::Cancelled);
}

}  // namespace
}  // namespace sluice
