#include "runtime/net/ring_channel.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace sluice {
namespace {

struct Counting : Wakeable {
  std::atomic<int> wakes{0};
  void wake() noexcept override { ++wakes; }
};

Block numbered(uint64_t number) {
  Block block = Block::make(sizeof(abi::BlockHeader), 1);
  block.header()->sequence = number;
  return block;
}

struct RingChannelTest : ::testing::Test {
  RingChannelTest() { channel.connect(producer, consumer); }
  bool push(uint64_t number) {
    Block block = numbered(number);
    const bool was_taken = channel.try_push(block);
    EXPECT_EQ(static_cast<bool>(block), !was_taken);
    return was_taken;
  }
  Counting producer;
  Counting consumer;
  RingChannel channel{2};
};

TEST_F(RingChannelTest, HandsBlocksOverInOrder) {
  EXPECT_TRUE(push(1));
  EXPECT_TRUE(push(2));
  EXPECT_FALSE(push(3));
  EXPECT_EQ(consumer.wakes, 2);
  Block block;
  ASSERT_TRUE(channel.try_pop(block));
  EXPECT_EQ(block.header()->sequence, 1u);
  EXPECT_EQ(producer.wakes, 1) << "it waited for room";
  EXPECT_TRUE(push(3));
  ASSERT_TRUE(channel.try_pop(block));
  ASSERT_TRUE(channel.try_pop(block));
  EXPECT_EQ(block.header()->sequence, 3u);
  EXPECT_FALSE(channel.try_pop(block));
  EXPECT_EQ(producer.wakes, 1) << "nobody waited any more";
}

TEST_F(RingChannelTest, EndsWhenClosedAndEmpty) {
  EXPECT_TRUE(push(1));
  channel.close();
  EXPECT_EQ(consumer.wakes, 2);
  EXPECT_FALSE(channel.is_ended());
  Block block;
  ASSERT_TRUE(channel.try_pop(block));
  EXPECT_TRUE(channel.is_ended());
}

TEST_F(RingChannelTest, CancelledChannelTakesEverythingAndKeepsNothing) {
  EXPECT_TRUE(push(1));
  EXPECT_TRUE(push(2));
  channel.cancel();
  EXPECT_EQ(producer.wakes, 1);
  EXPECT_TRUE(channel.is_cancelled());
  for (uint64_t i = 3; i < 10; ++i) EXPECT_TRUE(push(i));
}

TEST_F(RingChannelTest, UsedBlocksComeBack) {
  EXPECT_FALSE(channel.spare());
  Block block = numbered(7);
  const void* memory = block.header();
  channel.give_back(std::move(block));
  Block spare = channel.spare();
  EXPECT_EQ(spare.header(), memory);
  for (uint64_t i = 0; i < 5; ++i) channel.give_back(numbered(i));  // more than there is room for are freed
}

// Both sides give up the processor only when they cannot go on; a lost wake-up would leave one of them waiting.
TEST(RingChannel, NoWakeUpIsLost) {
  struct Flag : Wakeable {
    std::atomic<bool> is_set{false};
    void wake() noexcept override {
      is_set.store(true);
      is_set.notify_one();
    }
    void wait() {
      is_set.wait(false);
      is_set.store(false);
    }
  } producer, consumer;
  RingChannel channel(1);
  channel.connect(producer, consumer);
  constexpr uint64_t kBlocks = 20000;
  std::thread sender([&] {
    for (uint64_t i = 0; i < kBlocks; ++i) {
      Block block = channel.spare();
      if (!block) block = numbered(0);
      block.header()->sequence = i;
      while (!channel.try_push(block)) producer.wait();
    }
    channel.close();
  });
  uint64_t expected = 0;
  while (!channel.is_ended()) {
    Block block;
    if (!channel.try_pop(block)) {
      if (!channel.is_ended()) consumer.wait();
      continue;
    }
    ASSERT_EQ(block.header()->sequence, expected++);
    channel.give_back(std::move(block));
  }
  EXPECT_EQ(expected, kBlocks);
  sender.join();
}

}  // namespace
}  // namespace sluice
