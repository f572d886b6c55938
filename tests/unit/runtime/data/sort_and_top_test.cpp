#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include "runtime/abi/runtime_functions.h"
#include "runtime/data/row_view.h"
#include "runtime/data/sort_state.h"
#include "runtime/data/top_state.h"

namespace sluice {
namespace {

using namespace sluice::abi;
using Row = std::tuple<int64_t, std::string>;
constexpr uint32_t kRowSize = 16;

int32_t compare_number(const char* a, const char* a_end, const char* b, const char* b_end) {
  const auto x = RowView{a, a_end}.get<int64_t>(0);
  const auto y = RowView{b, b_end}.get<int64_t>(0);
  return x < y ? -1 : x > y ? 1 : 0;
}
int32_t compare_all(const char* a, const char* a_end, const char* b, const char* b_end) {
  if (const int32_t order = compare_number(a, a_end, b, b_end); order != 0) return order;
  return RowView{a, a_end}.text(8).compare(RowView{b, b_end}.text(8));
}
Ptr address(RowCompare compare) { return reinterpret_cast<void*>(compare); }

void fill(void* writer_address, const Row& row) {
  auto& writer = *static_cast<RowWriter*>(writer_address);
  put(writer, 0, std::get<0>(row));
  put_text(writer, 8, std::get<1>(row));
  writer.row += kRowSize;  // generated code may advance the writer or not
}

std::vector<Row> random_rows(size_t count, int64_t range, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<Row> rows;
  for (size_t i = 0; i < count; ++i)
    rows.emplace_back(static_cast<int64_t>(random() % static_cast<uint64_t>(range)),
                      std::string(random() % 20, static_cast<char>('a' + random() % 26)));
  return rows;
}

Row read(void* row, char* end) {
  const RowView view{static_cast<char*>(row), end};
  return {view.get<int64_t>(0), std::string(view.text(8))};
}

TEST(SortState, OrdersLikeStdSort) {
  for (const size_t count : {0, 1, 2, 1000, 50000, 200000}) {
    uint64_t account = 0;
    {
      SortState state(kRowSize, &account);
      auto rows = random_rows(count, 1000, 1);
      for (const auto& row : rows) {
        fill(rt_sort_reserve(nullptr, &state, static_cast<int64_t>(std::get<1>(row).size())), row);
        rt_sort_commit(nullptr, &state);
      }
      std::ranges::sort(rows);
      ASSERT_EQ(rt_sort_finish(nullptr, &state, address(compare_all)), static_cast<int64_t>(count));
      for (size_t i = 0; i < count; ++i) {
        char* end = nullptr;
        void* row = rt_sort_row(&state, static_cast<int64_t>(i), &end);
        ASSERT_EQ(read(row, end), rows[i]);
      }
      if (count > 0) EXPECT_GE(account, count * kRowSize);
    }
    EXPECT_EQ(account, 0u);
  }
}

std::atomic<bool> is_cancelled{false};
int compared = 0;

int32_t compare_until_cancelled(const char* a, const char* a_end, const char* b, const char* b_end) {
  if (++compared == 1'000'000) is_cancelled = true;
  return compare_all(a, a_end, b, b_end);
}

TEST(SortState, EndsEarlyWhenTheJobIsCancelled) {
  uint64_t account = 0;
  SortState state(kRowSize, &account, is_cancelled);
  for (const auto& row : random_rows(400'000, 1'000'000, 1)) {
    fill(rt_sort_reserve(nullptr, &state, static_cast<int64_t>(std::get<1>(row).size())), row);
    rt_sort_commit(nullptr, &state);
  }
  EXPECT_EQ(rt_sort_finish(nullptr, &state, address(compare_until_cancelled)), 0);
  EXPECT_LT(compared, 2'000'000);  // all of it takes seven millions
}

std::vector<Row> expected_top(std::vector<Row> rows, size_t limit, bool with_ties) {
  std::ranges::sort(rows);
  size_t kept = std::min(limit, rows.size());
  while (with_ties && kept > 0 && kept < rows.size() && std::get<0>(rows[kept]) == std::get<0>(rows[kept - 1])) ++kept;
  rows.resize(kept);
  return rows;
}

std::vector<Row> rows_of(void* top) {
  std::vector<Row> rows;
  const int64_t count = rt_top_finish(nullptr, top, address(compare_all));
  for (int64_t i = 0; i < count; ++i) {
    char* end = nullptr;
    void* row = rt_top_row(top, i, &end);
    rows.push_back(read(row, end));
  }
  return rows;
}

void add(void* top, const Row& row, bool with_ties, int64_t limit) {
  fill(rt_top_reserve(nullptr, top, static_cast<int64_t>(std::get<1>(row).size())), row);
  rt_top_commit(nullptr, top, address(compare_all), with_ties ? address(compare_number) : nullptr, limit);
}

TEST(TopState, KeepsWhatASortWouldPutFirst) {
  for (const size_t limit : {0, 1, 2, 3, 20, 1000, 100000})
    for (const bool with_ties : {false, true})
      for (const int64_t range : {3, 500, 1000000}) {
        uint64_t account = 0;
        TopState top(kRowSize, &account);
        const auto rows = random_rows(20000, range, static_cast<uint32_t>(limit + 7));
        for (const auto& row : rows) add(&top, row, with_ties, static_cast<int64_t>(limit));
        ASSERT_EQ(rows_of(&top), expected_top(rows, limit, with_ties)) << limit << " " << with_ties << " " << range;
      }
}

TEST(TopState, WorstOrderOfArrivalStaysBounded) {
  uint64_t account = 0;
  TopState top(kRowSize, &account);
  uint64_t most = 0;
  for (int64_t i = 200000; i > 0; --i) {
    add(&top, {i, std::string(10, 'x')}, false, 10);
    most = std::max(most, account);
    ASSERT_LE(top.candidates(), 20u);
  }
  EXPECT_LT(most, 10000u);
  EXPECT_EQ(rows_of(&top).back(), (Row{10, std::string(10, 'x')}));
}

TEST(TopState, OneTopPerKey) {
  for (const bool with_ties : {false, true})
    for (const size_t limit : {1, 3}) {
      uint64_t account = 0;
      {
        TopState all(0, &account);
        std::map<int64_t, void*> slots;
        std::map<int64_t, std::vector<Row>> rows_by_key;
        for (const auto& row : random_rows(20000, 1000, 3)) {
          const int64_t key = std::get<0>(row) % 100;
          add(rt_top_of_key(nullptr, &all, &slots[key], kRowSize), row, with_ties, static_cast<int64_t>(limit));
          rows_by_key[key].push_back(row);
        }
        ASSERT_EQ(slots.size(), 100u);
        for (const auto& [key, slot] : slots)
          EXPECT_EQ(rows_of(slot), expected_top(rows_by_key[key], limit, with_ties)) << limit << with_ties;
      }
      EXPECT_EQ(account, 0u);
    }
}

TEST(TopState, OneRowOfManyKeysTakesLittleMoreThanTheRows) {
  uint64_t account = 0;
  TopState all(0, &account);
  constexpr size_t kKeys = 50000;
  constexpr size_t kText = 100;
  std::vector<void*> slots(kKeys);
  char* end = nullptr;
  for (int64_t number = 10; number > 0; --number)  // texts grow and shrink
    for (auto& slot : slots) {
      void* top = rt_top_of_key(nullptr, &all, &slot, kRowSize);
      EXPECT_EQ(rt_top_worst(top, &end) == nullptr, number == 10);
      add(top, {number, std::string(static_cast<size_t>(number * 37) % kText, 'x')}, false, 1);
    }
  for (void* slot : slots) ASSERT_EQ(rows_of(slot), (std::vector<Row>{{1, std::string(37, 'x')}}));
  EXPECT_LE(account, 4 * kKeys * (kRowSize + kText + sizeof(OnlyRow)));
}

// The top of a key of which there are millions: one row, and no more memory than some of them.
TEST(TopState, OneRowIsKnownAtOnce) {
  uint64_t account = 0;
  TopState state(kRowSize, &account);
  char* end = nullptr;
  EXPECT_EQ(rt_top_worst(&state, &end), nullptr);
  const std::string text(500, 'x');
  for (int64_t number = 1000; number > 0; --number) {
    for (const int64_t each : {number, number + 1, number}) {
      fill(rt_top_reserve(nullptr, &state, static_cast<int64_t>(text.size())), {each, text});
      rt_top_commit(nullptr, &state, address(compare_all), nullptr, 1);
      void* worst = rt_top_worst(&state, &end);
      ASSERT_NE(worst, nullptr);
      EXPECT_EQ(std::get<0>(read(worst, end)), number);
    }
    EXPECT_EQ(state.candidates(), 1u);
  }
  EXPECT_LE(account, 8 * text.size());
}

TEST(TopState, TheWorstIsUnknownWhileAnyRowIsKept) {
  uint64_t account = 0;
  TopState state(kRowSize, &account);
  char* end = nullptr;
  for (int64_t number = 0; number < 3; ++number) {
    fill(rt_top_reserve(nullptr, &state, 0), {number, ""});
    rt_top_commit(nullptr, &state, address(compare_all), nullptr, 4);
    EXPECT_EQ(rt_top_worst(&state, &end), nullptr);
  }
}

}  // namespace
}  // namespace sluice
