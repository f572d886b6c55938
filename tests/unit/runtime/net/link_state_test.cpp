#include "runtime/net/link_state.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace sluice {
namespace {

Frame credit(uint64_t value) {
  Frame frame = make_channel_frame(FrameKind::Credit, 1, 1);
  frame.header.value = value;
  return frame;
}

TEST(LinkState, FramesAreKeptUntilTheyAreAcknowledged) {
  LinkState link;
  for (uint64_t i = 1; i <= 5; ++i) EXPECT_EQ(link.number(credit(i), 0)->header.sequence, i);
  EXPECT_EQ(link.kept_bytes(), 5 * sizeof(FrameHeader));
  EXPECT_TRUE(link.acknowledge(3).has_value());
  EXPECT_EQ(link.kept_bytes(), 2 * sizeof(FrameHeader));
  const auto missing = link.resume(4);
  ASSERT_TRUE(missing.has_value());
  ASSERT_EQ(missing->size(), 1u);
  EXPECT_EQ(missing->front()->header.value, 5u);
}

TEST(LinkState, APeerThatIsNotTheOneItWasIsRefused) {
  LinkState link;
  for (uint64_t i = 1; i <= 5; ++i) static_cast<void>(link.number(credit(i), 0));
  EXPECT_FALSE(link.acknowledge(6).has_value());
  EXPECT_FALSE(link.resume(9).has_value());
  EXPECT_TRUE(link.acknowledge(3).has_value());
  EXPECT_FALSE(link.resume(0).has_value());  // asks for frames that it had
}

TEST(LinkState, WhatComesTwiceIsDroppedAndGapsAreErrors) {
  LinkState sender;
  LinkState receiver;
  std::vector<std::shared_ptr<const Frame>> frames;
  for (uint64_t i = 1; i <= 4; ++i) frames.push_back(sender.number(credit(i), 0));
  EXPECT_EQ(receiver.arrive(frames[0]->header), LinkState::Arrival::Take);
  EXPECT_EQ(receiver.arrive(frames[1]->header), LinkState::Arrival::Take);
  EXPECT_EQ(receiver.arrive(frames[0]->header), LinkState::Arrival::Drop);
  EXPECT_EQ(receiver.arrive(frames[3]->header).error().message, "frames 3 to 3 were lost");
  EXPECT_EQ(receiver.last_received(), 2u);
}

TEST(LinkState, ItOwesAnAcknowledgementNowAndThen) {
  LinkState sender;
  LinkState receiver;
  uint32_t count = 0;
  while (!receiver.owes_acknowledgement()) {
    ASSERT_TRUE(receiver.arrive(sender.number(credit(1), 0)->header).has_value());
    ASSERT_LT(++count, 1'000'000u);
  }
  receiver.acknowledged();
  EXPECT_FALSE(receiver.owes_acknowledgement());
}

// Connections that lose whatever is under way, at random: every frame is taken once and in order.
TEST(LinkState, ExactlyOnceOverConnectionsThatAreLost) {
  for (uint32_t seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    LinkState sender;
    LinkState receiver;
    std::vector<std::shared_ptr<const Frame>> under_way;
    uint64_t next = 1;
    uint64_t taken = 0;
    while (taken < 200) {
      if (next <= 200 && random() % 2 == 0) under_way.push_back(sender.number(credit(next++), 0));
      if (random() % 10 == 0) {
        const auto missing = sender.resume(receiver.last_received());
        ASSERT_TRUE(missing.has_value());
        under_way = *missing;
      }
      if (under_way.empty()) continue;
      const auto frame = under_way.front();
      under_way.erase(under_way.begin());
      const auto arrival = receiver.arrive(frame->header);
      ASSERT_TRUE(arrival.has_value());
      if (*arrival == LinkState::Arrival::Take) EXPECT_EQ(frame->header.value, ++taken);
      if (random() % 5 == 0) ASSERT_TRUE(sender.acknowledge(receiver.last_received()).has_value());
    }
    ASSERT_TRUE(sender.acknowledge(200).has_value());
    EXPECT_EQ(sender.kept_bytes(), 0u);
  }
}

}  // namespace
}  // namespace sluice
