#include "runtime/task/edge_reader.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "runtime/net/ring_channel.h"

namespace sluice {
namespace {

using Kind = EdgeReader::Next::Kind;

struct Nobody : Wakeable {
  void wake() noexcept override {}
};

struct EdgeReaderTest : ::testing::Test {
  EdgeReader reader_of(size_t producers, bool is_ordered) {
    std::vector<ChannelReader*> borrowed;
    for (size_t i = 0; i < producers; ++i) {
      channels.push_back(std::make_unique<RingChannel>(8));
      channels.back()->connect(nobody, nobody);
      borrowed.push_back(channels.back().get());
    }
    return {borrowed, is_ordered};
  }
  void send(size_t producer, uint64_t sequence, bool ends = true, uint32_t rows = 1) {
    Block block = Block::make(sizeof(abi::BlockHeader) + rows, 1);
    block.header()->row_count = rows;
    block.header()->sequence = sequence;
    block.header()->flags = ends ? kEndsSequence : 0;
    ASSERT_TRUE(channels[producer]->try_push(block));
  }
  void send_barrier(size_t producer, uint64_t progress, int64_t checkpoint, int64_t watermark = kNoWatermark) {
    Block block = Block::make(sizeof(abi::BlockHeader), 1);
    block.header()->sequence = progress == 0 ? 0 : progress - 1;
    block.header()->flags = kBarrier | (progress == 0 ? 0 : kEndsSequence);
    block.header()->min_time = checkpoint;
    block.header()->watermark = watermark;
    ASSERT_TRUE(channels[producer]->try_push(block));
  }
  // What can be read now: "producer:sequence ...", then "wait", "barrier" or "end".
  static std::string read_all(EdgeReader& reader) {
    std::string text;
    while (true) {
      auto next = reader.next();
      if (next.kind == Kind::Wait) return text + "wait";
      if (next.kind == Kind::End) return text + "end";
      if (next.kind == Kind::Barrier) return text + "barrier";
      text += std::to_string(next.producer) + ":" + std::to_string(next.block.header()->sequence) + " ";
      reader.give_back(next.producer, std::move(next.block));
    }
  }
  Nobody nobody;
  std::vector<std::unique_ptr<RingChannel>> channels;
};

TEST_F(EdgeReaderTest, AsTheyComeTakesTurns) {
  auto reader = reader_of(2, false);
  send(0, 1);
  send(0, 2);
  send(1, 3);
  EXPECT_EQ(read_all(reader), "0:1 1:3 0:2 wait");
  channels[0]->close();
  send(1, 4);
  channels[1]->close();
  EXPECT_EQ(read_all(reader), "1:4 end");
}

TEST_F(EdgeReaderTest, InOrderWaitsForWhoeverMayBringLowerSequences) {
  auto reader = reader_of(2, true);
  send(1, 1);
  EXPECT_EQ(read_all(reader), "wait");
  send(0, 0, false);
  send(0, 0, true);
  EXPECT_EQ(read_all(reader), "0:0 0:0 wait") << "producer 0 may still bring 1";
  send(0, 3, false);
  EXPECT_EQ(read_all(reader), "1:1 wait") << "producer 1 may still bring 2";
  send(1, 4);
  EXPECT_EQ(read_all(reader), "0:3 wait") << "producer 0 has not ended 3";
  channels[0]->close();
  EXPECT_EQ(read_all(reader), "1:4 wait");
  channels[1]->close();
  EXPECT_EQ(read_all(reader), "end");
}

TEST_F(EdgeReaderTest, BlocksWithoutRowsOnlyTellProgress) {
  auto reader = reader_of(3, true);
  send(0, 5);
  send(1, 4, true, 0);
  send(2, 2, true, 0);
  EXPECT_EQ(read_all(reader), "wait");
  EXPECT_EQ(reader.next().progress, 3u);
  send(2, 7, true, 0);
  EXPECT_EQ(read_all(reader), "wait") << "producer 1 may still bring 5";
  send(1, 5, true, 0);
  EXPECT_EQ(read_all(reader), "0:5 wait");
  EXPECT_EQ(reader.next().progress, 6u);
}

TEST_F(EdgeReaderTest, StandsAtABarrierUntilAllProducersHaveSentIt) {
  for (const bool is_ordered : {false, true}) {
    channels.clear();
    auto reader = reader_of(2, is_ordered);
    send(0, 0);
    send_barrier(0, 1, 7);
    send(0, 2);
    EXPECT_EQ(read_all(reader), is_ordered ? "wait" : "0:0 wait") << "what is behind the barrier waits";
    send(1, 1);
    EXPECT_EQ(read_all(reader), is_ordered ? "0:0 1:1 wait" : "1:1 wait");
    send_barrier(1, 2, 7);
    EXPECT_EQ(reader.next().kind, Kind::Barrier);
    EXPECT_EQ(reader.next().kind, Kind::Barrier) << "until it is passed";
    EXPECT_EQ(reader.barrier(), 7u);
    reader.pass_barrier(7);
    EXPECT_EQ(reader.barrier(), 0u);
    send(1, 3);
    channels[0]->close();
    channels[1]->close();
    EXPECT_EQ(read_all(reader), "0:2 1:3 end");
  }
}

TEST_F(EdgeReaderTest, AProducerThatHasEndedSendsNoBarrier) {
  auto reader = reader_of(2, false);
  send_barrier(0, 0, 1);
  EXPECT_EQ(read_all(reader), "wait");
  send(1, 0);
  channels[1]->close();
  EXPECT_EQ(read_all(reader), "1:0 barrier");
}

// Some consumers of a producer come to a barrier before it ends, some behind that: they are the same far there.
TEST_F(EdgeReaderTest, ThereIsABarrierAlsoWhenAllHaveEndedBehindIt) {
  for (const bool is_ordered : {false, true}) {
    channels.clear();
    auto reader = reader_of(2, is_ordered);
    send_barrier(0, 0, 1, 50);
    channels[0]->close();
    send_barrier(1, 0, 1, 70);
    EXPECT_EQ(read_all(reader), "barrier");
    EXPECT_EQ(reader.watermark(), 50) << "that of the one that has ended counts until the barrier is passed";
    channels[1]->close();
    EXPECT_EQ(read_all(reader), "barrier");
    EXPECT_EQ(reader.watermark(), 50);
    reader.pass_barrier(1);
    EXPECT_EQ(read_all(reader), "end");
    EXPECT_EQ(reader.watermark(), kEndOfTime);
  }
}

TEST_F(EdgeReaderTest, ABarrierThatWasGivenUpIsPassedWhenItComes) {
  auto reader = reader_of(2, false);
  send_barrier(0, 0, 1);
  send(0, 1);
  EXPECT_EQ(read_all(reader), "wait");
  reader.pass_barrier(1);
  EXPECT_EQ(read_all(reader), "0:1 wait");
  send_barrier(1, 0, 1);
  send(1, 2);
  EXPECT_EQ(read_all(reader), "1:2 wait") << "rows that stand behind it are found at once";
  send_barrier(0, 3, 2);
  send_barrier(1, 3, 2);
  EXPECT_EQ(read_all(reader), "barrier");
}

TEST_F(EdgeReaderTest, ABarrierBringsTheWatermark) {
  auto reader = reader_of(1, false);
  send_barrier(0, 0, 1, 50);
  EXPECT_EQ(read_all(reader), "barrier");
  EXPECT_EQ(reader.watermarks(), std::vector<int64_t>{50});
  auto later = reader_of(1, false);
  later.set_watermarks({50});
  EXPECT_EQ(later.watermark(), 50);
}

TEST_F(EdgeReaderTest, RowsOfFinishPhasesComeLastInTheOrderOfTheTasks) {
  auto reader = reader_of(3, true);
  send(2, 9);
  send(2, kFinishSequence + 2, false);
  send(0, kFinishSequence + 0, false);
  send(0, kFinishSequence + 0, false);
  send(1, kFinishSequence + 1, false);
  for (auto& channel : channels) channel->close();
  EXPECT_EQ(read_all(reader),
            "2:9 0:9223372036854775808 0:9223372036854775808 1:9223372036854775809 2:9223372036854775810 end");
}

TEST_F(EdgeReaderTest, OneProducerIsInOrderByItself) {
  auto reader = reader_of(1, true);
  send(0, 5);
  EXPECT_EQ(read_all(reader), "0:5 wait");
}

TEST_F(EdgeReaderTest, AFailureIsReachedInItsPlace) {
  auto reader = reader_of(3, true);
  send(0, 5, false);
  channels[0]->fail();
  send(1, 4);
  EXPECT_EQ(read_all(reader), "wait");
  send(2, 6);
  EXPECT_EQ(read_all(reader), "1:4 wait") << "producer 1 may still bring 5";
  send(1, 7);
  EXPECT_EQ(read_all(reader), "0:5 wait");
  EXPECT_TRUE(channels[0]->is_failure_reached()) << "the rows in front of it were read";
}

TEST_F(EdgeReaderTest, OfSeveralFailuresTheFirstInOrderIsReached) {
  auto reader = reader_of(2, true);
  send(0, 8, true, 0);
  channels[0]->fail();
  EXPECT_EQ(read_all(reader), "wait");
  EXPECT_FALSE(channels[0]->is_failure_reached());
  send(1, 3, true, 0);
  channels[1]->fail();
  EXPECT_EQ(read_all(reader), "wait");
  EXPECT_FALSE(channels[0]->is_failure_reached());
  EXPECT_TRUE(channels[1]->is_failure_reached());
}

TEST_F(EdgeReaderTest, AFailureOfTheOnlyProducerIsReachedBehindItsBlocks) {
  auto reader = reader_of(1, true);
  send(0, 1);
  channels[0]->fail();
  EXPECT_EQ(reader.next().kind, Kind::Block);
  EXPECT_FALSE(channels[0]->is_failure_reached());
  EXPECT_EQ(reader.next().kind, Kind::Wait);
  EXPECT_TRUE(channels[0]->is_failure_reached());
}

TEST_F(EdgeReaderTest, CancelledEdgesHaveEnded) {
  auto reader = reader_of(2, true);
  send(0, 5);
  reader.cancel();
  EXPECT_TRUE(channels[0]->is_cancelled());
  EXPECT_TRUE(channels[1]->is_cancelled());
  EXPECT_EQ(read_all(reader), "end");
}

}  // namespace
}  // namespace sluice
