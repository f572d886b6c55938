#include "runtime/coordinator/local_job.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "hand_written_job.h"

namespace sluice::testing {
namespace {

using Kind = JobOutcome::Kind;

std::string joined(const std::vector<std::string>& pieces) {
  std::string text;
  for (const auto& piece : pieces) text += piece;
  return text;
}

uint32_t partitions;  // of the hash exchange under test

// Functions that play generated code.
Code print_records(TaskContext* context, const void* unit) {
  return for_each_record(context, unit, [&](const Row& row) { return print_row(context, row); });
}
Code print_rows(TaskContext* context, const void* unit) {
  return for_each_row(context, unit, [&](const Row& row) { return print_row(context, row); });
}
Code forward_records(TaskContext* context, const void* unit) {
  return for_each_record(context, unit, [&](const Row& row) {
    write_row(context, 0, row);
    return Code::Done;
  });
}
Code forward_rows(TaskContext* context, const void* unit) {
  return for_each_row(context, unit, [&](const Row& row) {
    write_row(context, 0, row);
    return Code::Done;
  });
}
Code forward_few_records(TaskContext* context, const void* unit) {  // none at all of most pieces
  return for_each_record(context, unit, [&](const Row& row) {
    if (row.value % 1000 < 30) write_row(context, 0, row);
    return Code::Done;
  });
}
Code shuffle_records(TaskContext* context, const void* unit) {
  return for_each_record(context, unit, [&](const Row& row) {
    write_row(context, partition_of(hash_key(row.key), partitions), row);
    return Code::Done;
  });
}
Code sum_rows(TaskContext* context, const void* unit) {
  return for_each_row(context, unit, [&](const Row& row) {
    add_to_group(context, 0, row);
    return Code::Done;
  });
}
Code send_sums(TaskContext* context) {
  while (!context->yield_requested) {
    auto* entry = static_cast<GroupEntry*>(abi::rt_table_next(context->tables[0], &context->cursor));
    if (entry == nullptr) return Code::Done;
    write_row(context, 0, {entry->key, entry->sum});
  }
  return Code::Yield;
}
Code print_rows_taking_25(TaskContext* context, const void* unit) {
  return for_each_row(context, unit, [&](const Row& row) {
    if (const Code code = print_row(context, row); code != Code::Done) return code;
    return ++context->counters[0] == 25 ? Code::Satisfied : Code::Done;
  });
}

void add_counter(Job& job, StageId stage) {
  StatePlan state;
  state.kind = StateKind::Counter;
  state.name = "take";
  state.node = NodeId(size_t{0});
  job.plan.stages[stage].states.push_back(std::move(state));
}

TEST(LocalJob, OneStage) {
  Job job;
  const auto source = job.add_source({numbered_pieces(1000, 10, 100)});
  const auto stage = job.add_stage(1, {{print_records}, {}}, {source});
  job.add_sink(stage);
  const auto outcome = job.run();
  EXPECT_EQ(outcome.kind, Kind::Finished);
  EXPECT_EQ(job.log.text(), joined(job.scripts[source.value].pieces));
  EXPECT_EQ(job.log.commits, 1u);
  EXPECT_EQ(job.log.aborts, 0u);
  EXPECT_EQ(outcome.totals.rows_in, 1000u);
  EXPECT_EQ(outcome.totals.rows_out, 1000u);
  EXPECT_GT(outcome.totals.elapsed.count(), 0);
}

TEST(LocalJob, EmptyInput) {
  Job job;
  const auto source = job.add_source({});
  job.add_sink(job.add_stage(1, {{print_records}, {}}, {source}));
  EXPECT_EQ(job.run().kind, Kind::Finished);
  EXPECT_EQ(job.log.text(), "");
  EXPECT_EQ(job.log.commits, 1u);
}

TEST(LocalJob, SourcesOfAStageAreReadOneAfterTheOther) {
  for (const uint32_t parallelism : {1u, 3u})
    for (const bool may_block : {false, true}) {
      Job job;
      const auto first = job.add_source({numbered_pieces(300, 10, 50), false, may_block});
      const auto second = job.add_source({numbered_pieces(200, 3, 20), false, !may_block});
      const auto stage = job.add_stage(parallelism, {{forward_records, forward_records}, {}}, {first, second});
      const auto print = job.add_stage(1, {{print_rows}, {}});
      job.add_edge(stage, print, ExchangeKind::Gather, true);
      job.add_sink(print);
      job.options.threads = 2;
      EXPECT_EQ(job.run().kind, Kind::Finished);
      EXPECT_EQ(job.log.text(), joined(job.scripts[first.value].pieces) + joined(job.scripts[second.value].pieces));
    }
}

TEST(LocalJob, ALimitEndsEndlessInputAndKeepsItsRows) {
  for (const uint32_t parallelism : {1u, 3u}) {
    Job job;
    const auto source = job.add_source({numbered_pieces(1000, 10, 100), true});
    const auto stage = job.add_stage(parallelism, {{print_records}, {}}, {source});
    job.add_sink(stage);
    job.options.threads = 2;
    std::stop_source enough;
    RowLimit limit(1234, [&] { enough.request_stop(); });
    job.log.limit = &limit;
    job.options.enough = enough.get_token();
    const auto outcome = job.run();
    EXPECT_EQ(outcome.kind, Kind::Finished);
    EXPECT_EQ(outcome.totals.rows_out, 1234u);
    EXPECT_EQ(std::ranges::count(job.log.text(), '\n'), 1234);
    EXPECT_EQ(job.log.commits, parallelism);
    EXPECT_EQ(job.log.aborts, 0u);
  }
}

TEST(LocalJob, WhenTimeIsUpTheInputEndsAndItsRowsAreTheResult) {
  for (const bool may_block : {false, true}) {
    Job job;
    const auto source = job.add_source({numbered_pieces(1000, 10, 100), true, may_block});
    const auto first = job.add_stage(2, {{forward_records}, {}}, {source});
    const auto last = job.add_stage(1, {{print_rows}, {}});
    job.add_edge(first, last, ExchangeKind::Gather, true);
    job.add_sink(last);
    job.options.threads = 2;
    job.options.end_input_after = std::chrono::milliseconds(5);
    const auto outcome = job.run();
    EXPECT_EQ(outcome.kind, Kind::Finished);
    EXPECT_EQ(outcome.totals.rows_out, outcome.totals.rows_in);
    EXPECT_EQ(static_cast<uint64_t>(std::ranges::count(job.log.text(), '\n')), outcome.totals.rows_in);
    EXPECT_EQ(job.log.commits, 1u);
  }
}

struct Setting {
  uint32_t parallelism;
  uint32_t block_bytes;
  uint32_t threads;
  uint32_t ring_blocks;
};
class Settings : public ::testing::TestWithParam<Setting> {
 protected:
  void configure(Job& job) const {
    job.options.threads = GetParam().threads;
    job.options.block_bytes = GetParam().block_bytes;
    job.options.ring_blocks = GetParam().ring_blocks;
  }
};

TEST_P(Settings, OrderedGatherKeepsTheOrderOfTheInput) {
  for (const bool may_block : {false, true}) {
    Job job;
    configure(job);
    const auto source = job.add_source({numbered_pieces(20000, 100, 37), false, may_block});
    const auto first = job.add_stage(GetParam().parallelism, {{forward_records}, {}}, {source});
    const auto second = job.add_stage(GetParam().parallelism, {{forward_rows}, {}});
    const auto last = job.add_stage(1, {{print_rows}, {}});
    job.add_edge(first, second, ExchangeKind::Forward, true);
    job.add_edge(second, last, ExchangeKind::Gather, true);
    job.add_sink(last);
    EXPECT_EQ(job.run().kind, Kind::Finished);
    EXPECT_TRUE(job.log.text() == joined(job.scripts[source.value].pieces));
  }
}

TEST_P(Settings, PiecesWithoutRowsDoNotHoldUpOthers) {
  Job job;
  configure(job);
  const auto source = job.add_source({numbered_pieces(20000, 100, 20)});
  const auto first = job.add_stage(GetParam().parallelism, {{forward_few_records}, {}}, {source});
  const auto last = job.add_stage(1, {{print_rows}, {}});
  job.add_edge(first, last, ExchangeKind::Gather, true);
  job.add_sink(last);
  EXPECT_EQ(job.run().kind, Kind::Finished);
  std::string expected;
  for (int64_t i = 0; i < 20000; ++i)
    if (i % 1000 < 30) expected += fmt::format("{} {}\n", i * 7919 % 100, i);
  EXPECT_TRUE(job.log.text() == expected);
}

TEST_P(Settings, HashExchangeAndSumsPerKey) {
  Job job;
  configure(job);
  partitions = GetParam().parallelism;
  const auto source = job.add_source({numbered_pieces(30000, 1013, 100)});
  const auto first = job.add_stage(partitions, {{shuffle_records}, {}}, {source});
  const auto sums = job.add_stage(partitions, {{sum_rows}, {send_sums}});
  const auto last = job.add_stage(1, {{print_rows}, {}});
  job.add_table(sums);
  const EdgeId hash = job.add_edge(first, sums, ExchangeKind::Hash);
  job.add_edge(sums, last, ExchangeKind::Gather, true);
  job.add_sink(last);
  // So that the table knows that it sees its own key groups only.
  auto& exchange = job.plan.graph.nodes[job.plan.edges[hash].exchange];
  std::get<ExchangeNode>(exchange.payload).keys = {"key"};
  job.plan.graph.nodes[job.plan.stages[sums].states[0].node].inputs = {job.plan.edges[hash].exchange};
  const auto outcome = job.run();
  EXPECT_EQ(outcome.kind, Kind::Finished);
  EXPECT_EQ(outcome.totals.rows_in, 30000u);
  EXPECT_EQ(outcome.totals.rows_out, 1013u);

  std::map<int64_t, int64_t> expected;
  for (int64_t i = 0; i < 30000; ++i) expected[i * 7919 % 1013] += i;
  std::vector<std::pair<int64_t, int64_t>> in_hash_order(expected.begin(), expected.end());
  std::ranges::sort(in_hash_order, {}, [](const auto& group) { return hash_key(group.first); });
  std::string text;
  for (const auto& [key, sum] : in_hash_order) text += fmt::format("{} {}\n", key, sum);
  EXPECT_TRUE(job.log.text() == text);
}

TEST_P(Settings, TakeEndsAnEndlessInput) {
  for (const bool may_block : {false, true}) {
    Job job;
    configure(job);
    const auto source = job.add_source({numbered_pieces(1000, 10, 10), true, may_block});
    const auto first = job.add_stage(GetParam().parallelism, {{forward_records}, {}}, {source});
    const auto last = job.add_stage(1, {{print_rows_taking_25}, {}});
    job.add_edge(first, last, ExchangeKind::Gather, true);
    job.add_sink(last);
    add_counter(job, last);
    EXPECT_EQ(job.run().kind, Kind::Finished);
    const std::string all = joined(job.scripts[source.value].pieces);
    EXPECT_EQ(job.log.text(), all.substr(0, job.log.text().size()));
    EXPECT_EQ(std::ranges::count(job.log.text(), '\n'), 25);
    EXPECT_EQ(job.log.commits, 1u);
  }
}

INSTANTIATE_TEST_SUITE_P(All, Settings,
                         ::testing::Values(Setting{1, 256 << 10, 1, 8}, Setting{1, 1, 1, 1},
                                           Setting{2, 256 << 10, 2, 8}, Setting{2, 1, 2, 1}, Setting{3, 1000, 1, 2},
                                           Setting{4, 1, 2, 8}, Setting{4, 4096, 4, 1}, Setting{4, 256 << 10, 3, 8}),
                         [](const auto& tested) {
                           return fmt::format("Parallel{}Block{}Threads{}Ring{}", tested.param.parallelism,
                                              tested.param.block_bytes, tested.param.threads, tested.param.ring_blocks);
                         });

TEST(LocalJob, UnionOfTwoEdgesAndABroadcast) {
  Job job;
  job.options.threads = 2;
  const auto a = job.add_source({numbered_pieces(1000, 10, 10)});
  const auto b = job.add_source({numbered_pieces(500, 10, 10)});
  const auto left = job.add_stage(2, {{forward_records}, {}}, {a});
  const auto right = job.add_stage(1, {{forward_records}, {}}, {b});
  const auto both = job.add_stage(3, {{print_rows, print_rows}, {}});
  job.add_edge(left, both, ExchangeKind::Broadcast);
  job.add_edge(right, both, ExchangeKind::Broadcast);
  job.add_sink(both);
  EXPECT_EQ(job.run().kind, Kind::Finished);
  ASSERT_EQ(job.log.text_of_task.size(), 3u);
  for (const auto& [task, text] : job.log.text_of_task) EXPECT_EQ(std::ranges::count(text, '\n'), 1500);
  EXPECT_EQ(job.log.commits, 3u);
}

std::atomic<int64_t> rows_sent;
std::atomic<int64_t> rows_received;
std::atomic<int64_t> most_in_flight;

TEST(LocalJob, ASlowConsumerSlowsItsProducersDown) {
  rows_sent = rows_received = most_in_flight = 0;
  Job job;
  job.options.threads = 2;
  job.options.block_bytes = 1;
  job.options.ring_blocks = 4;
  const auto source = job.add_source({numbered_pieces(20000, 10, 50)});
  const auto send = [](TaskContext* context, const void* unit) {
    return for_each_record(context, unit, [&](const Row& row) {
      write_row(context, 0, row);
      const int64_t in_flight = ++rows_sent - rows_received;
      int64_t most = most_in_flight;
      while (in_flight > most && !most_in_flight.compare_exchange_weak(most, in_flight)) {
      }
      return Code::Done;
    });
  };
  const auto receive = [](TaskContext* context, const void* unit) {
    return for_each_row(context, unit, [&](const Row&) {
      ++rows_received;
      return static_cast<Code>(abi::rt_sink_row(context, 0));
    });
  };
  const auto first = job.add_stage(2, {{send}, {}}, {source});
  const auto last = job.add_stage(1, {{receive}, {}});
  job.add_edge(first, last, ExchangeKind::Gather);
  job.add_sink(last);
  EXPECT_EQ(job.run().kind, Kind::Finished);
  EXPECT_EQ(rows_received, 20000);
  // Per producer: a ring of one-row blocks, the rows of one piece that wait, and one being built; and one being read.
  EXPECT_LE(most_in_flight, 2 * (4 + 50 + 1) + 1);
}

// Two ways from the same producers to the same consumer, each in order: with room for one row on each, the consumer
// waits for a producer that waits for the consumer of the other way.
TEST(LocalJob, OrderedWaysThatWaitForEachOtherGoOn) {
  partitions = 2;
  Job job;
  job.options.threads = 2;
  job.options.block_bytes = 1;
  job.options.ring_blocks = 1;
  const auto source = job.add_source({numbered_pieces(3000, 100, 25)});
  const auto send_both_ways = [](TaskContext* context, const void* unit) {
    return for_each_record(context, unit, [&](const Row& row) {
      write_row(context, 0, row);
      write_row(context, 1 + (row.value / 500) % 2, row);
      return Code::Done;
    });
  };
  const auto first = job.add_stage(2, {{send_both_ways}, {}}, {source});
  const auto middle = job.add_stage(2, {{forward_rows}, {}});
  const auto last = job.add_stage(1, {{print_rows, print_rows}, {}});
  job.add_edge(first, last, ExchangeKind::Gather, true);
  job.add_edge(first, middle, ExchangeKind::Hash, true);
  job.add_edge(middle, last, ExchangeKind::Gather, true);
  job.add_sink(last);
  EXPECT_EQ(job.run().kind, Kind::Finished);
  EXPECT_EQ(std::ranges::count(job.log.text(), '\n'), 6000);
}

// Every piece comes only when the row of the one before has been written: nothing may wait for a block to be full.
TEST(LocalJob, RowsOfASlowSourceAreNotHeldBack) {
  for (const uint32_t parallelism : {1u, 2u, 4u}) {
    Job job;
    job.options.threads = 2;
    SourceScript script;
    for (int i = 0; i < 20; ++i) script.pieces.push_back(fmt::format("{} {}\n", i, i));
    script.may_block = true;
    script.before_piece = [&job](size_t piece, const std::atomic<bool>& interrupted) {
      std::unique_lock lock(job.log.mutex);
      job.log.changed.wait(lock, [&] {
        return interrupted || static_cast<size_t>(std::ranges::count(job.log.text_of_task[0], '\n')) == piece;
      });
      return true;
    };
    const auto source = job.add_source(script);
    const auto first = job.add_stage(parallelism, {{forward_records}, {}}, {source});
    const auto last = job.add_stage(1, {{print_rows}, {}});
    job.add_edge(first, last, ExchangeKind::Gather, true);
    job.add_sink(last);
    EXPECT_EQ(job.run().kind, Kind::Finished);
    EXPECT_EQ(job.log.text(), joined(script.pieces));
  }
}

}  // namespace
}  // namespace sluice::testing
