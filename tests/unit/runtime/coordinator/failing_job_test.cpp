// How jobs end that do not finish: row errors, errors of sources and sinks, stop requests, plans that cannot run.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "hand_written_job.h"

namespace sluice::testing {
namespace {

using Kind = JobOutcome::Kind;

Code print_rows(TaskContext* context, const void* unit) {
  return for_each_row(context, unit, [&](const Row& row) { return print_row(context, row); });
}
Code forward_records(TaskContext* context, const void* unit) {
  return for_each_record(context, unit, [&](const Row& row) {
    write_row(context, 0, row);
    return Code::Done;
  });
}
Code divide_777_by_zero(TaskContext* context, const void* unit) {
  return for_each_record(context, unit, [&](const Row& row) {
    if (row.value == 777) {
      abi::rt_raise(context, 0, row.value, 0);
      return Code::Failed;
    }
    write_row(context, 0, row);
    return Code::Done;
  });
}

struct TwoStages : Job {
  TwoStages(SourceScript script, InputFunction first_function, uint32_t parallelism = 2) {
    options.threads = 2;
    source = add_source(std::move(script));
    first = add_stage(parallelism, {{first_function}, {}}, {source});
    last = add_stage(1, {{print_rows}, {}});
    add_edge(first, last, ExchangeKind::Gather, true);
    add_sink(last);
  }
  NodeId source;
  StageId first;
  StageId last;
};

TEST(FailingJob, RowErrorNamesProgramValuesAndRecord) {
  for (const uint32_t parallelism : {1u, 2u, 4u}) {
    TwoStages job({numbered_pieces(2000, 100, 10), true}, divide_777_by_zero, parallelism);
    const Span span{0, {7, 3}, {7, 9}};
    job.code[0]->sites = {{"R0102", span, NodeId(), {"value", "rate"}, {Type(TypeKind::Int), Type(TypeKind::Int)}}};
    const auto outcome = job.run();
    ASSERT_EQ(outcome.kind, Kind::RowFailed);
    ASSERT_TRUE(outcome.row_error);
    EXPECT_EQ(outcome.row_error->code, "R0102");
    EXPECT_EQ(outcome.row_error->message, "division by zero");
    EXPECT_EQ(outcome.row_error->operands, "value = 777, rate = 0");
    EXPECT_EQ(outcome.row_error->span, span);
    ASSERT_TRUE(outcome.row_error->record);
    EXPECT_EQ(outcome.row_error->record->file, "in/numbers.txt");
    EXPECT_EQ(outcome.row_error->record->line % 2000, 778u);
    EXPECT_EQ(outcome.row_error->record->column, 1u);
    EXPECT_EQ(outcome.row_error->record->record, fmt::format("{} 777", 777 * 7919 % 100));
    EXPECT_EQ(job.log.commits, 0u);
    EXPECT_EQ(job.log.aborts, 1u);
  }
}

// Many records fail, in pieces that different tasks process: the first in the input's order is reported.
TEST(FailingJob, TheFirstBadRecordIsReportedWhateverTheParallelism) {
  const auto fail_behind_500 = [](TaskContext* context, const void* unit) {
    return for_each_record(context, unit, [&](const Row& row) {
      write_row(context, 0, row);
      if (row.value < 500) return Code::Done;
      abi::rt_raise(context, 0, row.value, 0);
      return Code::Failed;
    });
  };
  for (const uint32_t parallelism : {1u, 2u, 4u})
    for (const uint32_t block_bytes : {1u, 256u << 10}) {
      TwoStages job({numbered_pieces(2000, 100, 10)}, fail_behind_500, parallelism);
      job.options.block_bytes = block_bytes;
      job.options.ring_blocks = 2;
      job.code[0]->sites = {{"R0102", {}, NodeId(), {"value"}, {Type(TypeKind::Int)}}};
      const auto outcome = job.run();
      ASSERT_EQ(outcome.kind, Kind::RowFailed);
      EXPECT_EQ(outcome.row_error->operands, "value = 500");
      EXPECT_EQ(outcome.row_error->record->line, 501u);
    }
}

// A `take` that is satisfied in front of a bad record never meets it, however far ahead the producers read.
TEST(FailingJob, RowsThatNobodyNeedsDoNotFail) {
  const auto fail_at_30 = [](TaskContext* context, const void* unit) {
    return for_each_record(context, unit, [&](const Row& row) {
      if (row.value == 30) {
        abi::rt_raise(context, 0, row.value, 0);
        return Code::Failed;
      }
      write_row(context, 0, row);
      return Code::Done;
    });
  };
  for (const uint32_t parallelism : {1u, 2u, 4u}) {
    TwoStages job({numbered_pieces(2000, 100, 7)}, fail_at_30, parallelism);
    job.code[0]->sites = {{"R0102", {}, NodeId(), {"value"}, {Type(TypeKind::Int)}}};
    job.code[1]->functions.inputs = {[](TaskContext* context, const void* unit) {
      return for_each_row(context, unit, [&](const Row& row) {
        if (const Code code = print_row(context, row); code != Code::Done) return code;
        return row.value == 24 ? Code::Satisfied : Code::Done;
      });
    }};
    EXPECT_EQ(job.run().kind, Kind::Finished);
    EXPECT_EQ(std::ranges::count(job.log.text(), '\n'), 25);
  }
}

TEST(FailingJob, BadRecordBehindGoodOnes) {
  TwoStages job({numbered_pieces(100, 100, 10), false, false, {}, {}, "12\xff\n"}, forward_records, 1);
  const auto outcome = job.run();
  ASSERT_EQ(outcome.kind, Kind::RowFailed);
  EXPECT_EQ(outcome.row_error->code, "R0204");
  EXPECT_EQ(outcome.row_error->span, job.plan.graph.nodes[job.source].span);
  EXPECT_EQ(outcome.row_error->record->line, 101u);
  EXPECT_EQ(outcome.row_error->record->column, 3u);
  EXPECT_EQ(outcome.row_error->record->record, "12\xff");
}

TEST(FailingJob, SourceError) {
  for (const bool may_block : {false, true}) {
    TwoStages job(
        {numbered_pieces(100, 100, 10), false, may_block, {}, external_error("cannot read b.csv").error(), {}},
        forward_records);
    const auto outcome = job.run();
    ASSERT_EQ(outcome.kind, Kind::Failed);
    EXPECT_EQ(outcome.error->message, "cannot read b.csv");
    EXPECT_EQ(job.log.commits, 0u);
    EXPECT_EQ(job.log.aborts, 1u);
  }
}

TEST(FailingJob, FullSink) {
  TwoStages job({numbered_pieces(1000, 100, 10), true}, forward_records);
  job.log.refuse_behind_bytes = 300000;
  const auto outcome = job.run();
  ASSERT_EQ(outcome.kind, Kind::Failed);
  EXPECT_EQ(outcome.error->message, "no space left on device");
  EXPECT_EQ(job.log.aborts, 1u);
}

TEST(FailingJob, FullSinkAtTheVeryEnd) {
  TwoStages job({numbered_pieces(100, 100, 100)}, forward_records, 1);
  job.log.refuse_behind_bytes = 10;
  EXPECT_EQ(job.run().kind, Kind::Failed);
  EXPECT_EQ(job.log.aborts, 1u);
}

TEST(FailingJob, CommitThatFails) {
  TwoStages job({numbered_pieces(100, 100, 10)}, forward_records);
  job.log.refuse_commit = true;
  const auto outcome = job.run();
  ASSERT_EQ(outcome.kind, Kind::Failed);
  EXPECT_EQ(outcome.error->message, "cannot rename the result");
  EXPECT_EQ(job.log.aborts, 1u);
}

TEST(FailingJob, StopInTheMiddle) {
  for (const bool may_block : {false, true})
    for (const uint32_t parallelism : {1u, 3u}) {
      TwoStages job({numbered_pieces(1000, 100, 100), true, may_block}, forward_records, parallelism);
      std::stop_source stop;
      job.options.stop = stop.get_token();
      job.log.on_write = [&] { stop.request_stop(); };
      const auto outcome = job.run();
      EXPECT_EQ(outcome.kind, Kind::Stopped);
      EXPECT_GT(outcome.totals.rows_out, 0u);
      EXPECT_EQ(job.log.commits, 0u);
      EXPECT_EQ(job.log.aborts, 1u);
    }
}

TEST(FailingJob, StopBeforeTheStart) {
  TwoStages job({numbered_pieces(1000, 100, 100), true}, forward_records);
  std::stop_source stop;
  stop.request_stop();
  job.options.stop = stop.get_token();
  EXPECT_EQ(job.run().kind, Kind::Stopped);
  EXPECT_EQ(job.log.text(), "");
}

TEST(FailingJob, StopWhileTheSourceWaits) {
  SourceScript script{{"1 1\n"}, true, true};
  std::stop_source stop;
  script.before_piece = [&](size_t piece, const std::atomic<bool>& interrupted) {
    if (piece == 0) return true;
    stop.request_stop();
    while (!interrupted) std::this_thread::yield();
    return false;
  };
  TwoStages job(script, forward_records);
  job.options.stop = stop.get_token();
  EXPECT_EQ(job.run().kind, Kind::Stopped);
}

// As for the reader of a pipe, until it is told to give up; never for ever, so that the test ends.
class WaitingSink final : public Sink {
 public:
  WaitingSink(std::stop_token stop, std::atomic<bool>& waits) : stop_(std::move(stop)), waits_(waits) {}
  Status write(std::string_view) override {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    waits_ = true;
    while (!stop_.stop_requested() && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
    EXPECT_TRUE(stop_.stop_requested());
    return external_error("given up");
  }
  Status commit() override { return {}; }
  void abort() noexcept override {}

 private:
  std::stop_token stop_;
  std::atomic<bool>& waits_;
};

struct WaitingJob : Job {
  std::atomic<bool> waits = false;
  Result<std::unique_ptr<Sink>> open_sink(const Node&, uint32_t, const JobAttempt& attempt) override {
    return std::make_unique<WaitingSink>(attempt.stop, waits);
  }
};

TEST(FailingJob, ASinkThatWaitsGivesUpWhenSomethingElseFails) {
  WaitingJob job;
  job.options.threads = 2;
  const auto print_records = [](TaskContext* context, const void* unit) {
    return for_each_record(context, unit, [&](const Row& row) { return print_row(context, row); });
  };
  const auto skip = [](TaskContext*, const void*) { return Code::Done; };
  job.add_sink(job.add_stage(1, {{print_records}, {}}, {job.add_source({numbered_pieces(100'000, 10, 10'000)})}));
  SourceScript fails{{"1 1\n"}};
  fails.before_piece = [&](size_t, const std::atomic<bool>& interrupted) {
    while (!job.waits && !interrupted) std::this_thread::yield();
    return true;
  };
  fails.error_at_end = external_error("cannot read").error();
  job.add_sink(job.add_stage(1, {{skip}, {}}, {job.add_source(std::move(fails))}));
  const auto outcome = job.run();
  ASSERT_EQ(outcome.kind, Kind::Failed);
  EXPECT_EQ(outcome.error->message, "cannot read");
}

TEST(FailingJob, StopDuringALongFinishPhase) {
  std::stop_source stop;
  Job job;
  const auto source = job.add_source({});
  const auto skip = [](TaskContext*, const void*) { return Code::Done; };
  const auto print_for_ever = [](TaskContext* context) {
    while (true)
      if (const Code code = print_row(context, {1, 2}); code != Code::Done) return code;
  };
  job.add_sink(job.add_stage(1, {{skip}, {print_for_ever}}, {source}));
  job.options.stop = stop.get_token();
  job.log.on_write = [&] { stop.request_stop(); };
  EXPECT_EQ(job.run().kind, Kind::Stopped);
}

TEST(FailingJob, CodeThatFailsWithoutAReasonIsOurDefect) {
  TwoStages job({numbered_pieces(10, 10, 10)}, [](TaskContext*, const void*) { return Code::Failed; });
  const auto outcome = job.run();
  ASSERT_EQ(outcome.kind, Kind::Failed);
  EXPECT_EQ(outcome.error->domain, ErrorDomain::Internal);
}

TEST(FailingJob, PlansThatDoNotFitTogetherAreRefused) {
  const auto refused = [](auto change) {
    TwoStages job({numbered_pieces(10, 10, 10)}, forward_records);
    change(job);
    const auto outcome = job.run();
    return outcome.kind == Kind::Failed && outcome.error->domain == ErrorDomain::Internal && job.log.text().empty();
  };
  const EdgeId edge(size_t{0});
  EXPECT_TRUE(refused([&](TwoStages& job) { job.plan.stages[job.last].parallelism = 2; }));
  EXPECT_TRUE(refused([&](TwoStages& job) { job.plan.stages[job.first].parallelism = 0; }));
  EXPECT_TRUE(refused([&](TwoStages& job) { job.plan.stages[job.first].parallelism = 129; }));
  EXPECT_TRUE(refused([&](TwoStages& job) { job.plan.edges[edge].from = StageId(size_t{7}); }));
  EXPECT_TRUE(refused([&](TwoStages& job) { job.plan.edges[edge].from = job.last; }));
  EXPECT_TRUE(refused([&](TwoStages& job) { job.plan.edges[edge].kind = ExchangeKind::Forward; }));
  EXPECT_TRUE(refused([&](TwoStages& job) { job.plan.stages[job.first].outputs.clear(); }));
  EXPECT_TRUE(refused([&](TwoStages& job) { job.plan.stages[job.last].inputs.clear(); }));
  EXPECT_TRUE(refused([&](TwoStages& job) { job.plan.stages[job.last].sinks = {job.source}; }));
  EXPECT_TRUE(refused([&](TwoStages& job) { job.plan.stages[job.first].inputs = {{NodeId(size_t{99}), EdgeId()}}; }));
  EXPECT_TRUE(refused([&](TwoStages& job) { job.code[0]->functions.inputs.clear(); }));
  EXPECT_TRUE(refused([&](TwoStages& job) { job.plan = JobPlan(); }));
}

}  // namespace
}  // namespace sluice::testing
