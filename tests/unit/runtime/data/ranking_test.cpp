#include "runtime/data/ranking.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include "runtime/data/row_view.h"

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
