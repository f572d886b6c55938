#include "runtime/coordinator/restart_strategy.h"

#include <gtest/gtest.h>

#include <vector>

namespace sluice {
namespace {

TEST(RestartStrategy, Delays) {
  using Kind = RestartStrategy::Kind;
  using std::chrono::milliseconds;
  const RestartStrategy twice{Kind::Fixed, 2, milliseconds(50), {}};
  EXPECT_FALSE(restart_delay({Kind::None, 10, milliseconds(1), milliseconds(1)}, 0));
  const RestartStrategy growing{Kind::Exponential, 1'000'000, milliseconds(100), milliseconds(1'000)};
  std::vector<int64_t> delays;
  for (const uint32_t restarts : {0U, 1U, 2U, 3U, 4U, 999'999U})
    delays.push_back(restart_delay(growing, restarts)->count());
  EXPECT_EQ(delays, (std::vector<int64_t>{100, 200, 400, 800, 1'000, 1'000}));
  EXPECT_FALSE(restart_delay(growing, 1'000'000));
  EXPECT_EQ(restart_delay(twice, 1)->count(), 50);
  EXPECT_FALSE(restart_delay(twice, 2));
  for (const auto kind : {Kind::None, Kind::Fixed, Kind::Exponential})
    EXPECT_EQ(strategy_named(strategy_name(kind)), kind);
  EXPECT_FALSE(strategy_named("sometimes"));
}

}  // namespace
}  // namespace sluice
