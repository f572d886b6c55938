#include "runtime/state/panes.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace sluice {
namespace {

constexpr uint32_t kEntrySize = 16;

TEST(PaneTables, OnePanePerEndWhicheverOrderTheyAreAskedIn) {
  uint64_t account = 0;
  PaneTables panes(kEntrySize, {}, 0, 0, &account);
  std::map<int64_t, abi::Pane*> expected;
  std::mt19937_64 random(1);
  int64_t watermark = 0;
  for (int i = 0; i < 20000; ++i) {
    // Mostly one overlapping window after the other, sometimes any, and some are over.
    const int64_t end = watermark + (random() % 8 == 0 ? static_cast<int64_t>(random() % 40) : i % 5) + 1;
    abi::Pane& pane = panes.at(end);
    ASSERT_EQ(pane.end, end);
    ASSERT_EQ(panes.latest, &pane);
    ASSERT_EQ(panes.latest_end, end);
    const auto [it, is_new] = expected.try_emplace(end, &pane);
    ASSERT_EQ(it->second, &pane) << end;
    if (is_new) {
      ASSERT_EQ(pane.table->count, 0u);
    }
    if (random() % 16 != 0) continue;
    ++watermark;
    while (const abi::Pane* due = panes.due(watermark)) {
      ASSERT_EQ(due, expected.begin()->second);
      ASSERT_LE(due->end, watermark);
      expected.erase(expected.begin());
      panes.drop_first();
      ASSERT_TRUE(panes.latest == nullptr || panes.latest == expected[panes.latest_end]);
    }
    ASSERT_EQ(panes.first_due(), expected.empty() ? std::nullopt : std::optional(expected.begin()->first));
  }
  panes.clear();
  EXPECT_EQ(account, 0u);
}

TEST(PaneTables, APaneHasRoomForAsManyGroupsAsTheOneBefore) {
  uint64_t account = 0;
  PaneTables panes(kEntrySize, {}, 0, 0, &account);
  const auto fill = [&](int64_t end) {
    auto& table = *static_cast<GroupTable*>(panes.at(end).table);
    const uint64_t slots = table.slot_count;
    for (uint64_t i = 0; i < 5000; ++i) static_cast<void>(table.insert(i * 0x9e3779b97f4a7c15));
    return table.slot_count == slots;
  };
  EXPECT_FALSE(fill(1));
  panes.drop_first();
  EXPECT_TRUE(fill(2));
}

}  // namespace
}  // namespace sluice
