#include "runtime/data/ranking.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include "runtime/abi/runtime_functions.h"
#include "runtime/data/row_view.h"
#include "runtime/state/changed_groups.h"

namespace sluice {
namespace {

constexpr uint32_t kRowSize = 16;
using Row = std::tuple<int64_t, std::string>;
using Shown = std::map<std::pair<Row, uint64_t>, int64_t>;  // row and rank (0 without ranks) -> how often

int32_t compare_number(const char* a, const char* a_end, const char* b, const char* b_end) {
  const auto x = RowView{a, a_end}.get<int64_t>(0);
  const auto y = RowView{b, b_end}.get<int64_t>(0);
  return x < y ? -1 : x > y ? 1 : 0;
}
int32_t compare_all(const char* a, const char* a_end, const char* b, const char* b_end) {
  if (const int32_t order = compare_number(a, a_end, b, b_end); order != 0) return order;
  return RowView{a, a_end}.text(8).compare(RowView{b, b_end}.text(8));
}

void fill(abi::RowWriter& writer, const Row& row) {
  put(writer, 0, std::get<0>(row));
  put_text(writer, 8, std::get<1>(row));
}

Shown wanted(std::vector<Row> rows, const Ranking::Rule& rule) {
  std::ranges::sort(rows);
  size_t kept = std::min<size_t>(rule.limit, rows.size());
  while (rule.compare_ties != nullptr && kept > 0 && kept < rows.size() &&
         std::get<0>(rows[kept]) == std::get<0>(rows[kept - 1]))
    ++kept;
  Shown shown;
  for (size_t i = 0; i < kept; ++i) ++shown[{rows[i], rule.has_ranks ? i + 1 : 0}];
  return shown;
}

// Rows come and go at random; after each the changes so far must add up to what a sort would show.
void run(const Ranking::Rule& rule, uint32_t seed) {
  std::mt19937 random(seed);
  uint64_t account = 0;
  {
    Ranking ranking(kRowSize, &account);
    std::vector<Row> rows;
    Shown shown;
    for (int i = 0; i < 1500; ++i) {
      const bool removes = rule.keeps_behind && !rows.empty() && random() % 5 < 2;
      Row row{static_cast<int64_t>(random() % 12), std::string(random() % 3, 'x')};
      if (removes) {
        const auto victim = rows.begin() + static_cast<ptrdiff_t>(random() % rows.size());
        row = *victim;
        rows.erase(victim);
      } else {
        rows.push_back(row);
      }
      fill(*ranking.reserve(std::get<1>(row).size()), row);
      int64_t previous = -1;
      ASSERT_TRUE(ranking.change(rule, removes ? -1 : 1));
      for (const auto& change : ranking.changes()) {
        ASSERT_GE(change.weight, previous) << "rows go before rows come";
        previous = change.weight;
        const RowView view{change.row.row, change.row.end};
        const Row changed{view.get<int64_t>(0), std::string(view.text(8))};
        auto& count = shown[{changed, rule.has_ranks ? change.rank : 0}];
        count += change.weight;
        ASSERT_GE(count, 0);
        if (count == 0) shown.erase({changed, rule.has_ranks ? change.rank : 0});
      }
      ASSERT_EQ(shown, wanted(rows, rule)) << "after " << i;
    }
  }
  EXPECT_EQ(account, 0u);
}

TEST(Ranking, ChangesAddUpToASort) {
  uint32_t seed = 1;
  for (const uint64_t limit : {0, 1, 2, 5, 50})
    for (abi::RowCompare ties : {static_cast<abi::RowCompare>(nullptr), &compare_number})
      for (const bool has_ranks : {false, true})
        for (const bool keeps_behind : {false, true}) run({&compare_all, ties, limit, has_ranks, keeps_behind}, seed++);
}

TEST(Ranking, WithoutRemovalsOnlyShownRowsStay) {
  uint64_t account = 0;
  Ranking ranking(kRowSize, &account);
  for (int64_t i = 0; i < 10000; ++i) {
    fill(*ranking.reserve(0), {10000 - i, ""});
    ASSERT_TRUE(ranking.change({&compare_all, nullptr, 3, false, false}, 1));
    ASSERT_LE(account, 5 * kRowSize);
  }
}

TEST(Ranking, ARowThatIsNotThereCannotGo) {
  uint64_t account = 0;
  Ranking ranking(kRowSize, &account);
  const Ranking::Rule rule{&compare_all, nullptr, 3, false, true};
  EXPECT_FALSE((fill(*ranking.reserve(0), {1, ""}), ranking.change(rule, -1)));
  EXPECT_TRUE((fill(*ranking.reserve(0), {1, ""}), ranking.change(rule, 1)));
  EXPECT_FALSE((fill(*ranking.reserve(0), {2, ""}), ranking.change(rule, -1)));
  EXPECT_TRUE((fill(*ranking.reserve(0), {1, ""}), ranking.change(rule, -1)));
}

// What is collected adds up to a sort as well, and nothing goes that comes again.
TEST(Ranking, CollectedChangesAddUpToASort) {
  std::mt19937 random(3);
  for (const bool has_ranks : {false, true}) {
    uint64_t account = 0;
    {
      Ranking ranking(kRowSize, &account);
      const Ranking::Rule rule{&compare_all, &compare_number, 4, has_ranks, false};
      std::vector<Row> rows;
      Shown shown;
      for (int i = 0; i < 600; ++i) {
        const Row row{static_cast<int64_t>(500 - i / 3 - static_cast<int>(random() % 30)),
                      std::string(random() % 3, 'x')};
        rows.push_back(row);
        fill(*ranking.reserve(std::get<1>(row).size()), row);
        ASSERT_TRUE(ranking.change(rule, 1));
        const bool was_listed = ranking.is_listed();
        EXPECT_NE(ranking.wait(i), was_listed);
        if (random() % 4 != 0) continue;
        if (random() % 2 == 0) ranking.unlist();
        ranking.give_out(rule);
        Shown net;
        for (const auto& change : ranking.changes()) {
          const RowView view{change.row.row, change.row.end};
          const Row changed{view.get<int64_t>(0), std::string(view.text(8))};
          net[{changed, has_ranks ? change.rank : 0}] += change.weight;
          if (!has_ranks) {
            EXPECT_NE((net[{changed, 0}]), 0);
          }
        }
        for (const auto& [row_and_rank, weight] : net)
          if ((shown[row_and_rank] += weight) == 0) shown.erase(row_and_rank);
        ASSERT_EQ(shown, wanted(rows, rule)) << "after " << i;
        ranking.give_out(rule);
        EXPECT_TRUE(ranking.changes().empty());
      }
    }
    EXPECT_EQ(account, 0u);
  }
}

TEST(Ranking, WhatWaitsIsDueAtTheLatestTimeGiven) {
  uint64_t account = 0;
  Ranking ranking(kRowSize, &account);
  EXPECT_TRUE(ranking.wait(20));
  EXPECT_FALSE(ranking.wait(10));
  EXPECT_EQ(ranking.due(), 20);
  EXPECT_FALSE(ranking.wait(30));
  EXPECT_EQ(ranking.due(), 30);
  ranking.give_out({&compare_all, nullptr, 3, false, false});
  EXPECT_FALSE(ranking.wait(40)) << "it is in the list still, for a time that comes before";
  ranking.unlist();
  EXPECT_TRUE(ranking.wait(10));
  EXPECT_EQ(ranking.due(), 10);
}

// Rows come in every interval, and what each changes is given out when that of the next one comes, before the watermark
// comes by. One place in the list is enough for that.
TEST(Ranking, StandsInTheListOnce) {
  uint64_t account = 0;
  ChangedGroups changed(&account);
  {
    Ranking ranking(kRowSize, &account);
    const Ranking::Rule rule{&compare_all, nullptr, 3, false, false};
    for (int64_t due = 10; due <= 1000; due += 10) {
      if (abi::rt_ranking_is_due_before(&ranking, due) != 0) ranking.give_out(rule);
      fill(*ranking.reserve(0), {-due, ""});
      ASSERT_TRUE(ranking.change(rule, 1));
      if (abi::rt_ranking_wait(&ranking, due) != 0) abi::rt_changed_add(&changed, &ranking, due);
      size_t places = 0;
      while (changed.next(due - 10) != nullptr) {
        ASSERT_EQ(++places, 1u) << "at " << due;
        ASSERT_EQ(abi::rt_ranking_due(&ranking), due);
        abi::rt_changed_add(&changed, &ranking, due);
      }
    }
    ASSERT_NE(changed.next(1000), nullptr);
    abi::rt_ranking_unlist(&ranking);
    EXPECT_EQ(changed.next(1000), nullptr);
    EXPECT_TRUE(ranking.wait(2000));
  }
  EXPECT_EQ(account, 0u);
}

// A key that is forgotten leaves nothing behind; its ranking serves another.
TEST(Ranking, KeysAreForgotten) {
  uint64_t account = 0;
  Ranking all(kRowSize, &account);
  const Ranking::Rule rule{&compare_all, nullptr, 2, false, false};
  void* slots[2] = {nullptr, nullptr};
  Ranking& first = all.of_key(&slots[0]);
  fill(*first.reserve(3), {1, "abc"});
  ASSERT_TRUE(first.change(rule, 1));
  ASSERT_TRUE(first.wait(5));
  first.unlist();
  first.give_out(rule);
  ASSERT_TRUE(first.wait(6));
  EXPECT_NE(account, 0u);
  all.forget_key(&slots[0]);
  EXPECT_EQ(slots[0], nullptr);
  EXPECT_EQ(account, 0u);
  Ranking& second = all.of_key(&slots[1]);
  EXPECT_EQ(&second, &first);
  EXPECT_FALSE(second.is_listed());
  second.give_out(rule);
  EXPECT_TRUE(second.changes().empty());
}

TEST(Ranking, OnePerKey) {
  uint64_t account = 0;
  {
    Ranking all(kRowSize, &account);
    void* slots[2] = {nullptr, nullptr};
    Ranking& first = all.of_key(&slots[0]);
    EXPECT_EQ(&first, &all.of_key(&slots[0]));
    EXPECT_NE(&first, &all.of_key(&slots[1]));
    fill(*first.reserve(0), {1, ""});
    ASSERT_TRUE(first.change({&compare_all, nullptr, 1, false, true}, 1));
    EXPECT_EQ(first.changes().size(), 1u);
  }
  EXPECT_EQ(account, 0u);
}

}  // namespace
}  // namespace sluice
