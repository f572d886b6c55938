#include "runtime/state/shared_panes.h"

#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <random>

namespace sluice {
namespace {

// An entry: the hash, a key, how many rows it had.
struct Entry {
  uint64_t hash;
  uint64_t key;
  uint64_t rows;
};

using Window = std::pair<int64_t, int64_t>;   // end, start
using Counts = std::map<uint64_t, uint64_t>;  // by key
using PaneEntries = std::map<std::pair<int64_t, int64_t>, std::map<uint64_t, Entry*>>;

// Two keys with one hash each.
uint64_t hash_of(uint64_t key) { return key / 2 * 0x9e3779b97f4a7c15; }

int64_t floor_to(int64_t value, int64_t step) {
  const int64_t rest = value % step;
  return value - (rest < 0 ? rest + step : rest);
}

std::vector<Window> windows_of(const WindowShape& shape, int64_t time) {
  std::vector<Window> windows;
  if (shape.kind == WindowKind::Cumulate) {
    const int64_t start = floor_to(time - shape.offset, shape.size) + shape.offset;
    for (int64_t end = start + shape.step; end <= start + shape.size; end += shape.step)
      if (time < end) windows.emplace_back(end, start);
    return windows;
  }
  for (int64_t start = floor_to(time - shape.offset, shape.step) + shape.offset; time < start + shape.size;
       start -= shape.step)
    windows.emplace_back(start + shape.size, start);
  return windows;
}

Counts given_out(SharedPanes& panes) {
  Counts counts;
  uint64_t last_hash = 0;
  while (const uint64_t entries = panes.next_group()) {
    uint64_t hash = 0;
    for (uint64_t i = 0; i < entries; ++i) {
      Entry entry;
      std::memcpy(&entry, panes.group[i], sizeof entry);
      if (i == 0) hash = entry.hash;
      EXPECT_EQ(entry.hash, hash);
      counts[entry.key] += entry.rows;
    }
    EXPECT_TRUE(hash > last_hash || counts.size() <= 2);
    last_hash = hash;
  }
  return counts;
}

// Rows in any order, of which some are late for their pane but not for all windows, against a map of windows.
void try_out(const WindowShape& shape, int64_t pane, unsigned seed) {
  uint64_t account = 0;
  SharedPanes panes(sizeof(Entry), seed % 2 == 0, {}, shape, 0, &account);
  std::map<Window, Counts> expected;
  PaneEntries entries;
  std::mt19937 random(seed);
  int64_t watermark = -100;
  for (int i = 0; i < 3000; ++i) {
    const int64_t time = watermark + static_cast<int64_t>(random() % 60) - 20;
    const uint64_t key = random() % 20;
    const int64_t start = floor_to(time - shape.offset, pane) + shape.offset;
    int64_t end = start + pane;
    if (end <= watermark) end = floor_to(watermark - shape.offset, pane) + shape.offset + pane;
    bool counts = false;
    for (const Window& window : windows_of(shape, time)) {
      if (window.first <= watermark) continue;
      ++expected[window][key];
      counts = true;
    }
    if (!counts) continue;
    GroupTable& table = panes.at(start, end);
    EXPECT_EQ(panes.latest, &table);
    Entry*& entry = entries[{start, end}][key];
    if (entry == nullptr) {
      entry = reinterpret_cast<Entry*>(table.insert(hash_of(key)));
      entry->key = key;
    }
    ++entry->rows;
    if (random() % 8 != 0) continue;
    watermark += static_cast<int64_t>(random() % 12);
    while (panes.due(watermark)) {
      ASSERT_FALSE(expected.empty());
      const auto& [window, of_window] = *expected.begin();
      ASSERT_EQ(Window(panes.window_end, panes.window_start), window);
      ASSERT_TRUE(panes.due(watermark));  // it goes on with the same
      ASSERT_EQ(given_out(panes), of_window);
      panes.drop();
      expected.erase(expected.begin());
    }
    ASSERT_EQ(panes.first_due(), expected.empty() ? std::nullopt : std::optional(expected.begin()->first.first));
  }
  panes.clear();
  EXPECT_EQ(panes.group_count(), 0u);
}

TEST(SharedPanes, WindowsThatHop) {
  for (unsigned seed = 0; seed < 20; ++seed) {
    try_out({WindowKind::Hop, 10, 2, 0, {}}, 2, seed);
    try_out({WindowKind::Hop, 10, 4, 1, {}}, 2, seed);
    try_out({WindowKind::Hop, 6, 4, 3, {}}, 2, seed);
    try_out({WindowKind::Hop, 3, 5, 0, {}}, 1, seed);  // with gaps
    try_out({WindowKind::Hop, 70, 1, 0, {}}, 1, seed);
  }
}

TEST(SharedPanes, WindowsThatCumulate) {
  for (unsigned seed = 0; seed < 20; ++seed) {
    try_out({WindowKind::Cumulate, 12, 3, 0, {}}, 3, seed);
    try_out({WindowKind::Cumulate, 50, 5, 7, {}}, 5, seed);
  }
}

TEST(SharedPanes, GivesItsMemoryBack) {
  uint64_t account = 0;
  {
    SharedPanes panes(sizeof(Entry), false, {}, {WindowKind::Hop, 4, 2, 0, {}}, 0, &account);
    const uint64_t empty = account;
    for (int64_t start = 0; start < 200; start += 2) {
      GroupTable& table = panes.at(start, start + 2);
      for (uint64_t key = 0; key < 1000; ++key) reinterpret_cast<Entry*>(table.insert(hash_of(2 * key)))->key = 2 * key;
      while (panes.due(start)) {
        EXPECT_EQ(given_out(panes).size(), 1000u);
        panes.drop();
      }
      EXPECT_LT(account, empty + 400'000);  // three panes
    }
  }
  EXPECT_EQ(account, 0u);
}

}  // namespace
}  // namespace sluice
