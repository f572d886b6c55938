#include "runtime/state/group_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <random>
#include <string>
#include <unordered_map>
#include <vector>

#include "runtime/abi/runtime_functions.h"
#include "runtime/plan/job_plan.h"

namespace sluice {
namespace {

using namespace sluice::abi;

struct Entry {
  uint64_t hash;
  int64_t key;
  int64_t sum;
};

uint64_t hash_key(int64_t key) {
  auto x = static_cast<uint64_t>(key) * 0x9e3779b97f4a7c15ull;
  x ^= x >> 32;
  return x * 0xd6e8feb86659fd93ull;
}

// As generated code does it: from the first slot of the hash to an empty one.
Entry* find(const HashTable& table, uint64_t hash, int64_t key) {
  const auto home =
      static_cast<uint64_t>((static_cast<unsigned __int128>(hash - table.hash_base) * table.hash_scale) >> 64);
  for (uint64_t i = home;; ++i) {
    EXPECT_LT(i, table.slot_count);
    if (table.slots[i] == 0) return nullptr;
    if (table.slots[i] >> 48 != (hash & 0xffff)) continue;
    auto* entry = reinterpret_cast<Entry*>(GroupTable::entry_of(table.slots[i]));
    if (entry->hash == hash && entry->key == key) return entry;
  }
}

Entry* find_or_insert(GroupTable& table, uint64_t hash, int64_t key) {
  if (auto* entry = find(table, hash, key)) return entry;
  auto* entry = static_cast<Entry*>(rt_table_insert(nullptr, &table, static_cast<int64_t>(hash)));
  EXPECT_EQ(entry->hash, hash);
  EXPECT_EQ(entry->key, 0);
  EXPECT_EQ(entry->sum, 0);
  entry->key = key;
  return entry;
}

std::vector<Entry> all_entries(GroupTable& table) {
  std::vector<Entry> entries;
  uint64_t cursor = 0;
  while (auto* entry = static_cast<Entry*>(rt_table_next(&table, &cursor))) entries.push_back(*entry);
  EXPECT_EQ(rt_table_next(&table, &cursor), nullptr);
  return entries;
}

class Ranges : public testing::TestWithParam<uint32_t> {};

TEST_P(Ranges, AgreesWithUnorderedMap) {
  const uint32_t parallelism = GetParam();
  for (uint32_t task = 0; task < parallelism; ++task) {
    const HashRange range = parallelism == 1 ? HashRange{}
                                             : hash_range(128, first_key_group(128, parallelism, task),
                                                          first_key_group(128, parallelism, task + 1));
    uint64_t account = 0;
    {
      GroupTable table(sizeof(Entry), range, &account);
      std::unordered_map<int64_t, int64_t> expected;
      std::mt19937_64 random(task);
      for (int i = 0; i < 200000; ++i) {
        const auto key = static_cast<int64_t>(random() % 60000);
        const uint64_t hash = hash_key(key);
        if (range.count != 0 && hash - range.first >= range.count) continue;
        find_or_insert(table, hash, key)->sum += i;
        expected[key] += i;
        if (i == 150000) {
          rt_table_clear(nullptr, &table);
          expected.clear();
        }
      }
      ASSERT_EQ(table.count, expected.size());
      for (const auto& [key, sum] : expected) ASSERT_EQ(find(table, hash_key(key), key)->sum, sum);
      const auto entries = all_entries(table);
      ASSERT_EQ(entries.size(), expected.size());
      EXPECT_TRUE(std::ranges::is_sorted(entries, {}, &Entry::hash));
      for (const auto& [key, sum] : expected) ASSERT_EQ(find(table, hash_key(key), key)->sum, sum) << "after sorting";
      EXPECT_GT(account, expected.size() * sizeof(Entry));
    }
    EXPECT_EQ(account, 0u);
  }
}

INSTANTIATE_TEST_SUITE_P(Parallelism, Ranges, testing::Values(1, 2, 3, 4, 128));

TEST(GroupTable, RangesCoverEveryHashOnce) {
  for (const uint32_t parallelism : {1u, 2u, 3u, 7u, 128u}) {
    uint64_t next = 0;
    for (uint32_t task = 0; task < parallelism; ++task) {
      const uint32_t first = first_key_group(128, parallelism, task);
      const uint32_t end = first_key_group(128, parallelism, task + 1);
      const HashRange range = hash_range(128, first, end);
      EXPECT_EQ(range.first, next);
      next += range.count;
      EXPECT_EQ(static_cast<uint64_t>((static_cast<unsigned __int128>(range.first) * 128) >> 64), first);
      EXPECT_EQ(static_cast<uint64_t>((static_cast<unsigned __int128>(next - 1) * 128) >> 64), end - 1);
    }
    EXPECT_EQ(next, 0u);  // 2^64
  }
}

TEST(GroupTable, BadHashesOnlyCostTime) {
  for (const uint64_t hash : {uint64_t{0}, uint64_t{12345} << 40, ~uint64_t{0}}) {
    uint64_t account = 0;
    GroupTable table(sizeof(Entry), {}, &account);
    for (int64_t key = 0; key < 2000; ++key) find_or_insert(table, hash, key)->sum = key;
    for (int64_t key = 0; key < 2000; ++key) ASSERT_EQ(find(table, hash, key)->sum, key);
    EXPECT_EQ(all_entries(table).size(), 2000u);
    EXPECT_LT(account, 1u << 20);
  }
}

TEST(GroupTable, IterationResumesFromItsCursor) {
  uint64_t account = 0;
  GroupTable table(sizeof(Entry), {}, &account);
  for (int64_t key = 0; key < 5000; ++key) find_or_insert(table, hash_key(key), key);
  const auto expected = all_entries(table);
  uint64_t cursor = 0;
  for (const auto& entry : expected) {
    uint64_t resumed = cursor;  // as after a Yield
    ASSERT_EQ(static_cast<Entry*>(rt_table_next(&table, &resumed))->key, entry.key);
    cursor = resumed;
  }
}

TEST(GroupTable, StringsOfKeysAndStates) {
  uint64_t account = 0;
  GroupTable table(sizeof(Entry), {}, &account);
  std::vector<std::pair<char*, std::string>> copies;
  for (size_t i = 0; i < 10000; ++i) {
    std::string text(i % 100, static_cast<char>('a' + i % 26));
    copies.emplace_back(static_cast<char*>(rt_table_copy(&table, text.data(), static_cast<int64_t>(text.size()))),
                        text);
  }
  for (const auto& [address, text] : copies) ASSERT_EQ(std::string(address, text.size()), text);
  GroupTable::StringField field{nullptr, 0, 0};
  const auto set = [&](std::string text) {
    rt_table_set_string(&table, &field, text.data(), static_cast<int64_t>(text.size()));
    EXPECT_EQ(std::string(field.data, field.size), text);
  };
  set("");
  set("hello");
  const char* bytes = field.data;
  set("hi");
  EXPECT_EQ(field.data, bytes);
  set(std::string(1000, 'x'));
  rt_table_set_string(&table, &field, field.data + 10, 20);  // a part of itself
  EXPECT_EQ(std::string(field.data, field.size), std::string(20, 'x'));
}

TEST(GroupTable, LargeTablesUseHugePagesAndStayWithinTheirBudget) {
  uint64_t account = 0;
  GroupTable table(24, {}, &account);
  constexpr int64_t kKeys = 1'000'000;
  for (int64_t key = 0; key < kKeys; ++key) find_or_insert(table, hash_key(key), key);
  EXPECT_EQ(table.count, static_cast<uint64_t>(kKeys));
  EXPECT_LT(account / kKeys, 56u);
}

TEST(HashBytes, IsXxh3) { EXPECT_EQ(static_cast<uint64_t>(rt_hash_bytes(nullptr, 0)), 0x2d06800538d394c2ull); }

TEST(GroupTable, KeysThatComeAndGoTakeNoMoreMemory) {
  uint64_t account = 0;
  GroupTable table(sizeof(Entry), {}, &account);
  table.expect_reuse();
  std::mt19937 random(3);
  std::vector<std::pair<char*, std::string_view>> live;
  uint64_t bytes = 0;
  for (int round = 0; round < 20'000; ++round) {
    char* entry = table.insert(hash_key(round));
    const std::string text(17 + random() % 100, static_cast<char>('a' + round % 26));
    live.emplace_back(entry, std::string_view(table.copy(text), text.size()));
    if (live.size() < 50) continue;
    std::swap(live[random() % live.size()], live.back());
    const auto& [gone, key] = live.back();
    EXPECT_TRUE(std::ranges::all_of(key, [&](char c) { return c == key[0]; }));
    table.reuse(const_cast<char*>(key.data()), key.size());
    table.erase(gone);
    live.pop_back();
    if (round == 2'000) bytes = account;
  }
  EXPECT_EQ(account, bytes);
  EXPECT_EQ(table.count, live.size());
}

TEST(GroupTable, StringsOfStatesServeThoseOfLaterEntries) {
  uint64_t account = 0;
  GroupTable table(8 + sizeof(GroupTable::StringField), {}, &account);
  table.expect_reuse();
  uint64_t bytes = 0;
  for (int round = 0; round < 1'000; ++round) {
    char* entry = table.insert(hash_key(round));
    auto* field = reinterpret_cast<GroupTable::StringField*>(entry + 8);
    for (const size_t size : {3, 40, 20, 1000}) {
      const std::string text(size, static_cast<char>('a' + round % 26));
      rt_table_set_string(&table, field, const_cast<char*>(text.data()), static_cast<int64_t>(size));
      ASSERT_EQ(std::string(field->data, field->size), text);
    }
    table.reuse(field->data, field->capacity);
    table.erase(entry);
    if (round == 0) bytes = account;
  }
  EXPECT_EQ(account, bytes);
}

}  // namespace
}  // namespace sluice
