#include "runtime/control/wire_codec.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(WireCodec, CommandsReadBack) {
  const WorkerCommand commands[] = {DeployTasks{{{{StageId(size_t{2}), 1}, 3, 4}, {{StageId(size_t{0}), 0}, 5, 0}}},
                                    StartTasks{},
                                    EndInput{},
                                    CancelTasks{},
                                    CommitSinks{},
                                    AbortSinks{},
                                    AskStandstill{~uint64_t{0}},
                                    RelieveCongestion{3}};
  for (const auto& command : commands) {
    wire::Command message;
    ASSERT_TRUE(message.ParseFromString(wire::to_wire(9, command).SerializeAsString()));
    EXPECT_EQ(message.deployment(), 9u);
    const auto read = wire::read_command(message);
    ASSERT_TRUE(read.has_value());
    EXPECT_TRUE(*read == command);
  }
  EXPECT_FALSE(wire::read_command({}).has_value());
}

TEST(WireCodec, FiguresOfTasksAndProcessesReadBack) {
  using std::chrono::microseconds;
  TaskMetrics metrics{{StageId(size_t{2}), 1}, 1,  2, 3, 4, 5, 6, microseconds(7), microseconds(8),
                      microseconds(9),         -10};
  EXPECT_EQ(wire::read_task_metrics(wire::to_wire(metrics)), metrics);
  metrics.watermark.reset();
  EXPECT_EQ(wire::read_task_metrics(wire::to_wire(metrics)), metrics);
  const auto figures = wire::read_heartbeat(wire::to_wire(ProcessFigures{11, microseconds(12)}));
  EXPECT_EQ(figures.resident_bytes, 11u);
  EXPECT_EQ(figures.cpu, microseconds(12));
}

TEST(WireCodec, ReportsReadBack) {
  TaskReport failed{TaskReport::End::Failed, {StageId(size_t{1}), 2}, std::nullopt, std::nullopt};
  failed.row_error =
      RowError{"R0102", "division by zero", {0, {3, 5}, {3, 9}}, "n = 0", RecordLocation{"in.csv", 4, 2, "0"}};
  const auto read = wire::read_report(wire::to_wire(9, TaskEnded{failed}), 6);
  ASSERT_TRUE(read.has_value());
  const auto& report = std::get<TaskEnded>(*read).report;
  EXPECT_EQ(report.end, TaskReport::End::Failed);
  EXPECT_EQ(report.task, failed.task);
  ASSERT_TRUE(report.row_error.has_value());
  EXPECT_EQ(report.row_error->span, failed.row_error->span);
  EXPECT_EQ(report.row_error->record->file, "in.csv");
  EXPECT_EQ(report.row_error->record->line, 4u);

  const TasksDeployed deployed{
      6, {{NodeId(size_t{3}), ~uint64_t{0}}, {NodeId(size_t{9}), 1}}, true, {"a.csv", "out/part-00001.csv"}, true};
  const auto answered = wire::read_report(wire::to_wire(9, deployed), 6);
  ASSERT_TRUE(answered.has_value());
  EXPECT_EQ(std::get<TasksDeployed>(*answered).inputs, deployed.inputs);
  EXPECT_TRUE(std::get<TasksDeployed>(*answered).is_final);
  EXPECT_TRUE(std::get<TasksDeployed>(*answered).replaces_input);
  EXPECT_EQ(std::get<TasksDeployed>(*answered).files, deployed.files);

  Error error{ErrorDomain::External, true, "no space", {"while writing x"}, 28};
  const auto refused = wire::read_report(wire::to_wire(9, DeployFailed{1, error}), 6);
  EXPECT_EQ(std::get<DeployFailed>(*refused).worker, 6u);  // whose connection it came over
  EXPECT_EQ(std::get<DeployFailed>(*refused).error.to_string(), error.to_string());
  EXPECT_EQ(std::get<DeployFailed>(*refused).error.error_number, 28);
  EXPECT_EQ(std::get<CommitFailed>(*wire::read_report(wire::to_wire(9, CommitFailed{1, error}), 6)).error.message,
            "no space");
  EXPECT_EQ(std::get<TasksDeployed>(*wire::read_report(wire::to_wire(9, TasksDeployed{1}), 6)).worker, 6u);
  const Standstill still{6, 5, true, true, 1'000, ~uint64_t{0}};
  EXPECT_EQ(std::get<Standstill>(*wire::read_report(wire::to_wire(9, still), 6)), still);
  EXPECT_EQ(std::get<SinksCommitted>(*wire::read_report(wire::to_wire(9, SinksCommitted{1}), 6)).worker, 6u);
}

TEST(WireCodec, WhatIsNoReportOfAJobIsRefused) {
  wire::Report message;
  EXPECT_FALSE(wire::read_report(message, 1).has_value());
  message.mutable_heartbeat();
  EXPECT_FALSE(wire::read_report(message, 1).has_value());
  message.mutable_ended()->set_end(static_cast<wire::TaskEnded::End>(77));
  EXPECT_FALSE(wire::read_report(message, 1).has_value());
}

TEST(WireCodec, ProgressReadsBack) {
  JobProgress progress;
  progress.rows_in = 1;
  progress.rows_out = 2;
  progress.state_bytes = 3;
  progress.watermark = -4;
  const JobProgress read = wire::read_progress(wire::to_wire(progress));
  EXPECT_EQ(read.rows_in, 1u);
  EXPECT_EQ(read.rows_out, 2u);
  EXPECT_EQ(read.state_bytes, 3u);
  EXPECT_EQ(read.watermark, -4);
  EXPECT_FALSE(read.event_time.has_value());
}

}  // namespace
}  // namespace sluice
