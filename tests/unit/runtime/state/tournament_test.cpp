#include "runtime/state/tournament.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace sluice {
namespace {

TEST(Tournament, MergesRunsByTheirHeadsThenTheirNumbers) {
  std::mt19937_64 random(1);
  for (size_t count = 1; count < 40; ++count) {
    std::vector<std::vector<uint64_t>> runs(count);
    std::vector<std::pair<uint64_t, size_t>> expected;
    for (size_t run = 0; run < count; ++run) {
      for (size_t size = 1 + random() % 20; runs[run].size() < size;)
        runs[run].push_back(random() % 8 == 0 ? ~uint64_t{0} : random() % 50);
      std::ranges::sort(runs[run]);
      for (const uint64_t value : runs[run]) expected.emplace_back(value, run);
    }
    std::ranges::sort(expected);
    std::vector<uint64_t> heads;
    for (const auto& run : runs) heads.push_back(run.front());
    Tournament tournament;
    tournament.begin(heads);
    std::vector<size_t> places(count);
    for (const auto& [value, run] : expected) {
      ASSERT_FALSE(tournament.is_over());
      ASSERT_EQ(tournament.head(), value);
      ASSERT_EQ(tournament.run(), run);
      if (++places[run] == runs[run].size()) {
        tournament.end_run();
      } else {
        tournament.replace(runs[run][places[run]]);
      }
    }
    EXPECT_TRUE(tournament.is_over());
  }
}

TEST(Tournament, OfNothingIsOver) {
  Tournament tournament;
  tournament.begin({});
  EXPECT_TRUE(tournament.is_over());
}

}  // namespace
}  // namespace sluice
