#include "runtime/worker/output_window.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <stop_token>
#include <thread>

namespace sluice {
namespace {

TEST(OutputWindow, WhoeverFindsNoRoomWaitsForIt) {
  const auto window = std::make_shared<OutputWindow>(100);
  auto first = window->take(60, {});
  auto second = window->take(40, {});
  EXPECT_EQ(window->taken(), 100U);
  std::atomic<bool> has_room = false;
  std::jthread third([&](const std::stop_token& stop) {
    const auto room = window->take(30, stop);
    EXPECT_LE(window->taken(), 100U);
    has_room = room != nullptr;
  });
  EXPECT_FALSE(has_room);
  second.reset();
  third.join();
  EXPECT_TRUE(has_room);
  EXPECT_EQ(window->taken(), 60U);
}

TEST(OutputWindow, MoreThanThereEverIsGoesAlone) {
  const auto window = std::make_shared<OutputWindow>(100);
  EXPECT_NE(window->take(1'000, {}), nullptr);
  EXPECT_EQ(window->taken(), 0U);
}

TEST(OutputWindow, WhoeverWaitsCanBeStopped) {
  const auto window = std::make_shared<OutputWindow>(100);
  const auto all = window->take(100, {});
  std::atomic<bool> is_stopped = false;
  std::jthread waiting([&](const std::stop_token& stop) { is_stopped = window->take(1, stop) == nullptr; });
  waiting.request_stop();
  waiting.join();
  EXPECT_TRUE(is_stopped);
  EXPECT_EQ(window->taken(), 100U);
}

}  // namespace
}  // namespace sluice
