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
  LinkState link(1);
  for (uint64_t i = 1; i <= 5; ++i) EXPECT_EQ(link.number(credit(i))->header.sequence, i);
  EXPECT_EQ(link.kept_bytes(), 5 * sizeof(FrameHeader));
  EXPECT_TRUE(link.acknowledge(3).has_value());
  EXPECT_EQ(link.kept_bytes(), 2 * sizeof(FrameHeader));
  const auto missing = link.resume(4);
  ASSERT_TRUE(missing.has_value());
  ASSERT_EQ(missing->size(), 1u);
  EXPECT_EQ(missing->front()->header.value, 5u);
}

TEST(LinkState, APeerThatIsNotTheOneItWasIsRefused) {
  LinkState link(1);
  for (uint64_t i = 1; i <= 5; ++i) static_cast<void>(link.number(credit(i)));
  EXPECT_FALSE(link.acknowledge(6).has_value());
  EXPECT_FALSE(link.resume(9).has_value());
  EXPECT_TRUE(link.acknowledge(3).has_value());
  EXPECT_FALSE(link.resume(0).has_value());  // asks for frames that it had
}

// Either side may give a link up before the other one notices that it is broken.
TEST(LinkState, EndsOfDifferentLinksDoNotMeet) {
  using Meeting = LinkState::Meeting;
  LinkState here(1);
  LinkState there(2);
  EXPECT_EQ(there.meet(here.id(), here.joined_with()), Meeting::Join);
  EXPECT_EQ(here.meet(there.id(), there.joined_with()), Meeting::Join);
  EXPECT_EQ(there.meet(here.id(), here.joined_with()), Meeting::Join) << "over the next connection";
  LinkState next(3);  // instead of `here`
  EXPECT_EQ(there.meet(next.id(), next.joined_with()), Meeting::WeAreOld);
  EXPECT_EQ(next.meet(there.id(), there.joined_with()), Meeting::TheyAreOld);
  LinkState over_there(4);  // instead of `there`
  EXPECT_EQ(over_there.meet(next.id(), next.joined_with()), Meeting::Join);
  EXPECT_EQ(next.meet(over_there.id(), over_there.joined_with()), Meeting::Join);
}

// The answer to the first greeting was lost: the caller does not know that it was heard.
TEST(LinkState, AGreetingMayComeTwice) {
  LinkState caller(1);
  LinkState called(2);
  EXPECT_EQ(called.meet(caller.id(), 0), LinkState::Meeting::Join);
  EXPECT_EQ(called.meet(caller.id(), 0), LinkState::Meeting::Join);
  EXPECT_EQ(caller.meet(called.id(), called.joined_with()), LinkState::Meeting::Join);
}

TEST(LinkState, WhatComesTwiceIsDroppedAndGapsAreErrors) {
  LinkState sender(1);
  LinkState receiver(2);
  std::vector<std::shared_ptr<const Frame>> frames;
  for (uint64_t i = 1; i <= 4; ++i) frames.push_back(sender.number(credit(i)));
  EXPECT_EQ(receiver.arrive(frames[0]->header), LinkState::Arrival::Take);
  EXPECT_EQ(receiver.arrive(frames[1]->header), LinkState::Arrival::Take);
  EXPECT_EQ(receiver.arrive(frames[0]->header), LinkState::Arrival::Drop);
  EXPECT_EQ(receiver.arrive(frames[3]->header).error().message, "frames 3 to 3 were lost");
  EXPECT_EQ(receiver.last_received(), 2u);
}

TEST(LinkState, ItOwesAnAcknowledgementNowAndThen) {
  LinkState sender(1);
  LinkState receiver(2);
  uint32_t count = 0;
  while (!receiver.owes_acknowledgement()) {
    ASSERT_TRUE(receiver.arrive(sender.number(credit(1))->header).has_value());
    ASSERT_LT(++count, 1'000'000u);
  }
  receiver.acknowledged();
  EXPECT_FALSE(receiver.owes_acknowledgement());
}

// Connections that lose whatever is under way, at random: every frame is taken once and in order.
TEST(LinkState, ExactlyOnceOverConnectionsThatAreLost) {
  for (uint32_t seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    LinkState sender(1);
    LinkState receiver(2);
    std::vector<std::shared_ptr<const Frame>> under_way;
    uint64_t next = 1;
    uint64_t taken = 0;
    while (taken < 200) {
      if (next <= 200 && random() % 2 == 0) under_way.push_back(sender.number(credit(next++)));
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
