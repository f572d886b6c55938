#include "runtime/coordinator/job_state.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "runtime/coordinator/placement.h"

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
  static constexpr const char* kNames[] = {"deploy", "start", "end-input", "cancel", "commit", "abort"};
  std::string text;
  for (const auto& command : commands) text += std::string(text.empty() ? "" : " ") + kNames[command.index()];
  return text;
}

// A job of two tasks on the given number of workers, driven by hand.
struct Driver {
  explicit Driver(uint32_t workers = 1) : placement{{kA, 0, 0}, {kB, workers - 1, 0}} {}
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
    EXPECT_EQ(on(JobSubmitted{placement}), "deploy");
    EXPECT_EQ(on(TasksDeployed{0}), "start");
    return *this;
  }
  std::vector<TaskPlacement> placement;
  JobState state;
};

TEST(JobState, GoodJob) {
  Driver job;
  EXPECT_EQ(job.on(JobSubmitted{job.placement}), "deploy");
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
  EXPECT_EQ(job.on(JobSubmitted{job.placement}), "deploy");
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
  EXPECT_EQ(job.on(JobSubmitted{job.placement}), "deploy");
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
  EXPECT_EQ(job.state.phase, JobPhase::Cancelling);
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
  EXPECT_EQ(job.on(ended(kB, TaskReport::End::Failed, "late")), "cancel abort");
  EXPECT_EQ(job.state.phase, JobPhase::Failed);
}

TEST(JobState, StopWhileRunning) {
  Driver job;
  job.run();
  EXPECT_EQ(job.on(StopRequested{}), "cancel");
  EXPECT_EQ(job.on(StopRequested{}), "");
  EXPECT_EQ(job.on(ended(kA, TaskReport::End::Failed, "on the way out")), "");
  EXPECT_EQ(job.on(finished(kB)), "abort");
  EXPECT_EQ(job.state.phase, JobPhase::Stopped);
  EXPECT_FALSE(job.state.error) << "the stop is why it ended";
}

TEST(JobState, StopBeforeAndDuringDeployment) {
  Driver early;
  EXPECT_EQ(early.on(StopRequested{}), "");
  EXPECT_EQ(early.state.phase, JobPhase::Stopped);
  Driver job(2);
  (void)job.on(JobSubmitted{job.placement});
  (void)job.on(TasksDeployed{0});
  EXPECT_EQ(job.on(StopRequested{}), "cancel");
  EXPECT_EQ(job.on(TasksDeployed{1}), "abort");
  EXPECT_EQ(job.state.phase, JobPhase::Stopped);
}

TEST(JobState, DeploymentFails) {
  Driver job(2);
  (void)job.on(JobSubmitted{job.placement});
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
  EXPECT_EQ(job.on(StopRequested{}), "") << "too late";
  EXPECT_EQ(job.on(CommitFailed{0, external_error("cannot rename").error()}), "abort");
  EXPECT_EQ(job.state.phase, JobPhase::Failed);
}

TEST(JobState, EventsThatCannotBeAreRefused) {
  Driver created;
  EXPECT_EQ(created.on(TasksDeployed{0}), "illegal");
  EXPECT_EQ(created.on(DeployFailed{0, {}}), "illegal");
  EXPECT_EQ(created.on(finished(kA)), "illegal");
  EXPECT_EQ(created.on(SinksCommitted{0}), "illegal");
  EXPECT_EQ(created.on(CommitFailed{0, {}}), "illegal");
  EXPECT_EQ(created.on(JobSubmitted{}), "illegal");
  Driver running;
  running.run();
  EXPECT_EQ(running.on(JobSubmitted{running.placement}), "illegal");
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
  EXPECT_EQ(phase_name(JobPhase::Committing), "committing its results");
  EXPECT_EQ(phase_name(TaskPhase::Cancelled), "cancelled");
  for (const auto phase : {TaskPhase::Created, TaskPhase::Running}) EXPECT_FALSE(is_end(phase));
  for (const auto phase : {TaskPhase::Finished, TaskPhase::Cancelled, TaskPhase::Failed}) EXPECT_TRUE(is_end(phase));
}

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

Error gone() { return external_error("worker 1 was lost").error(); }

TEST(JobState, AWorkerThatIsLostFailsTheJob) {
  Driver job(2);
  EXPECT_EQ(job.on(JobSubmitted{job.placement}), "deploy");
  EXPECT_EQ(job.on(TasksDeployed{0}), "");
  EXPECT_EQ(job.on(TasksDeployed{1}), "start");
  EXPECT_EQ(job.on(WorkerLost{7, gone()}), "");  // has nothing to do with it
  EXPECT_EQ(job.on(WorkerLost{1, gone()}), "cancel");
  EXPECT_EQ(job.state.phase, JobPhase::Cancelling);
  EXPECT_EQ(job.on(cancelled(kA)), "abort");
  EXPECT_EQ(job.state.phase, JobPhase::Failed);
  EXPECT_EQ(job.state.error->message, "worker 1 was lost");
}

TEST(JobState, AWorkerThatIsLostWhileTasksAreDeployed) {
  Driver job(2);
  EXPECT_EQ(job.on(JobSubmitted{job.placement}), "deploy");
  EXPECT_EQ(job.on(WorkerLost{1, gone()}), "cancel");
  EXPECT_EQ(job.on(TasksDeployed{0}), "abort");
  EXPECT_EQ(job.state.phase, JobPhase::Failed);

  Driver other(2);  // it had answered already
  EXPECT_EQ(other.on(JobSubmitted{other.placement}), "deploy");
  EXPECT_EQ(other.on(TasksDeployed{1}), "");
  EXPECT_EQ(other.on(WorkerLost{1, gone()}), "cancel");
  EXPECT_EQ(other.on(TasksDeployed{0}), "abort");
  EXPECT_EQ(other.state.phase, JobPhase::Failed);
}

TEST(JobState, AWorkerWhoseTasksHadFinishedHeldTheirResults) {
  Driver job(2);
  job.on(JobSubmitted{job.placement});
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
    job.on(JobSubmitted{job.placement});
    job.on(TasksDeployed{0});
    job.on(TasksDeployed{1});
    job.on(finished(kA));
    EXPECT_EQ(job.on(finished(kB)), "commit");
    if (has_committed) EXPECT_EQ(job.on(SinksCommitted{1}), "");
    EXPECT_EQ(job.on(WorkerLost{1, gone()}), has_committed ? "" : "abort");
    if (has_committed) EXPECT_EQ(job.on(SinksCommitted{0}), "");
    EXPECT_EQ(job.state.phase, has_committed ? JobPhase::Finished : JobPhase::Failed);
    EXPECT_EQ(job.on(WorkerLost{0, gone()}), "");
  }
}

TEST(JobState, AllWorkersAreLost) {
  Driver job(2);
  job.on(JobSubmitted{job.placement});
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

}  // namespace
}  // namespace sluice
