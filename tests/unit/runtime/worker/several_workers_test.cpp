// Jobs on several workers give what they give on one.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "run_on_workers.h"

namespace sluice::testing {
namespace {

uint32_t partitions;  // of the hash exchange under test

Code print_rows(TaskContext* context, const void* unit) {
  return for_each_row(context, unit, [&](const Row& row) { return print_row(context, row); });
}
Code print_rows_taking_25(TaskContext* context, const void* unit) {
  return for_each_row(context, unit, [&](const Row& row) {
    if (const Code code = print_row(context, row); code != Code::Done) return code;
    return ++context->counters[0] == 25 ? Code::Satisfied : Code::Done;
  });
}
Code forward_rows(TaskContext* context, const void* unit) {
  return for_each_row(context, unit, [&](const Row& row) {
    write_row(context, 0, row);
    return Code::Done;
  });
}
Code forward_records(TaskContext* context, const void* unit) {
  return for_each_record(context, unit, [&](const Row& row) {
    write_row(context, 0, row);
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

std::string joined(const std::vector<std::string>& pieces) {
  std::string text;
  for (const auto& piece : pieces) text += piece;
  return text;
}

struct Setting {
  uint32_t workers;
  uint32_t parallelism;
  uint32_t block_bytes;
  uint32_t ring_blocks;
};
class SeveralWorkers : public ::testing::TestWithParam<Setting> {
 protected:
  void configure(Job& job) const {
    job.options.threads = 2;
    job.options.block_bytes = GetParam().block_bytes;
    job.options.ring_blocks = GetParam().ring_blocks;
    partitions = GetParam().parallelism;
  }
  // The sums of the values by key, over a hash exchange, in the order of the tasks' results.
  NodeId build_sums(Job& job, int64_t records, int64_t keys) const {
    const auto source = job.add_source({numbered_pieces(records, keys, 100)});
    const auto read = job.add_stage(GetParam().parallelism, {{shuffle_records}, {}}, {source});
    const auto sum = job.add_stage(GetParam().parallelism, {{sum_rows}, {send_sums}});
    const auto print = job.add_stage(1, {{print_rows}, {}});
    job.add_edge(read, sum, ExchangeKind::Hash);
    job.add_table(sum);
    job.add_edge(sum, print, ExchangeKind::Gather, true);
    job.add_sink(print);
    return source;
  }
  static void expect_sums(Job& job, int64_t records, int64_t keys) {
    std::map<int64_t, int64_t> sums;
    for (int64_t i = 0; i < records; ++i) sums[i * 7919 % keys] += i;
    std::vector<std::string> expected;
    for (const auto& [key, sum] : sums) expected.push_back(fmt::format("{} {}", key, sum));
    std::vector<std::string> lines;
    std::string text = job.log.text();
    for (size_t begin = 0; begin < text.size();) {
      const size_t end = text.find('\n', begin);
      lines.push_back(text.substr(begin, end - begin));
      begin = end + 1;
    }
    std::ranges::sort(expected);
    std::ranges::sort(lines);
    EXPECT_TRUE(lines == expected) << lines.size() << " rows for " << expected.size();
  }
};

TEST_P(SeveralWorkers, AnOrderedGatherKeepsTheOrderOfTheInput) {
  Job job;
  configure(job);
  const auto source = job.add_source({numbered_pieces(20'000, 100, 37)});
  const auto read = job.add_stage(GetParam().parallelism, {{forward_records}, {}}, {source});
  const auto print = job.add_stage(1, {{print_rows}, {}});
  job.add_edge(read, print, ExchangeKind::Gather, true);
  job.add_sink(print);
  EXPECT_EQ(WorkersHere(GetParam().workers).run(job).phase, JobPhase::Finished);
  EXPECT_TRUE(job.log.text() == joined(job.scripts[source.value].pieces));
  EXPECT_EQ(job.log.commits, 1u);
}

TEST_P(SeveralWorkers, AShuffleBringsEveryRowOnce) {
  Job job;
  configure(job);
  build_sums(job, 50'000, 1'000);
  EXPECT_EQ(WorkersHere(GetParam().workers).run(job).phase, JobPhase::Finished);
  expect_sums(job, 50'000, 1'000);
}

TEST_P(SeveralWorkers, NothingIsLostWhenConnectionsAre) {
  Job job;
  configure(job);
  build_sums(job, 30'000, 1'000);
  WorkersHere workers(GetParam().workers);
  std::atomic<bool> is_done{false};
  std::thread breaker([&] {
    for (uint32_t breaks = 0; breaks < 20 && !is_done.load();) {
      for (uint32_t worker = 2; worker <= GetParam().workers; ++worker) {
        Link& link = workers.link(1 + breaks % (worker - 1), worker);
        if (link.lost_since()) continue;
        link.interrupt();
        ++breaks;
      }
      std::this_thread::yield();
    }
  });
  EXPECT_EQ(workers.run(job).phase, JobPhase::Finished);
  is_done.store(true);
  breaker.join();
  expect_sums(job, 30'000, 1'000);
}

TEST_P(SeveralWorkers, AConsumerThatHasEnoughStopsItsProducers) {
  Job job;
  configure(job);
  const auto source = job.add_source({numbered_pieces(1'000, 10, 100), true});
  const auto read = job.add_stage(GetParam().parallelism, {{forward_records}, {}}, {source});
  const auto print = job.add_stage(1, {{print_rows_taking_25}, {}});
  job.add_edge(read, print, ExchangeKind::Gather, true);
  job.add_sink(print);
  StatePlan state;
  state.kind = StateKind::Counter;
  state.name = "take";
  state.node = NodeId(size_t{0});
  job.plan.stages[print].states.push_back(std::move(state));
  EXPECT_EQ(WorkersHere(GetParam().workers).run(job).phase, JobPhase::Finished);
  EXPECT_EQ(std::ranges::count(job.log.text(), '\n'), 25);
}

// Of two workers each sends the rows of its piece to one consumer only, and has no room there for all of them. The
// consumer waits to hear that the other worker has none that belong in front, which that one says behind its piece.
// That they wait for each other neither sees by itself.
TEST(WorkersThatWait, OrderedWaysThatWaitForEachOtherGoOn) {
  Job job;
  job.options.threads = 2;
  job.options.block_bytes = 1;
  job.options.ring_blocks = 1;
  const auto source = job.add_source({numbered_pieces(30, 10, 5)});
  const auto send_pieces_in_turn = [](TaskContext* context, const void* unit) {
    return for_each_row(context, unit, [&](const Row& row) {
      write_row(context, (row.value / 5) % 2, row);
      return Code::Done;
    });
  };
  const auto read = job.add_stage(2, {{forward_records}, {}}, {source});
  const auto send = job.add_stage(2, {{send_pieces_in_turn}, {}});
  const auto take = job.add_stage(2, {{forward_rows}, {}});
  const auto print = job.add_stage(1, {{print_rows}, {}});
  job.add_edge(read, send, ExchangeKind::Forward, true);
  job.add_edge(send, take, ExchangeKind::Hash, true);
  job.add_edge(take, print, ExchangeKind::Gather, true);
  job.add_sink(print);
  const JobState state = WorkersHere(2).run(job);
  EXPECT_EQ(state.phase, JobPhase::Finished);
  EXPECT_NE(state.inquiry.relieved, 0u);
  EXPECT_TRUE(job.log.text() == joined(job.scripts[source.value].pieces)) << job.log.text();
}

INSTANTIATE_TEST_SUITE_P(Workers, SeveralWorkers,
                         ::testing::Values(Setting{2, 2, 4096, 4}, Setting{3, 3, 256, 1}, Setting{2, 5, 1, 2},
                                           Setting{3, 6, 256 << 10, 8}));

}  // namespace
}  // namespace sluice::testing
