#include "runtime/state/join_rows.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "runtime/abi/kernel_abi.h"
#include "runtime/abi/runtime_functions.h"
#include "runtime/state/group_table.h"

namespace sluice {
namespace {

class JoinRows : public ::testing::Test {
 protected:
  void add(const std::string& row) {
    const size_t size = sizeof(abi::JoinCell) + row.size();
    auto* cell = static_cast<abi::JoinCell*>(
        abi::rt_join_cell(static_cast<abi::HashTable*>(&table_), static_cast<int64_t>(size)));
    ASSERT_EQ(reinterpret_cast<uintptr_t>(cell) % 8, 0u);
    *cell = {first_, 0, static_cast<uint32_t>(row.size()), 0};
    std::memcpy(cell + 1, row.data(), row.size());
    first_ = cell;
  }
  [[nodiscard]] std::vector<std::string> rows() const {
    std::vector<std::string> result;
    for (const auto* cell = first_; cell != nullptr; cell = cell->next)
      result.emplace_back(reinterpret_cast<const char*>(cell + 1), cell->size);
    return result;
  }

  uint64_t account_ = 0;
  GroupTable table_{24, {}, &account_};
  abi::JoinCell* first_ = nullptr;
};

TEST_F(JoinRows, NoRowsAndOneStayAsTheyAre) {
  abi::rt_join_sort(&first_);
  EXPECT_EQ(first_, nullptr);
  add("one");
  abi::rt_join_sort(&first_);
  EXPECT_EQ(rows(), (std::vector<std::string>{"one"}));
}

TEST_F(JoinRows, TheOrderIsThatOfTheBytesHoweverTheyCame) {
  const std::vector<std::string> sorted{"", std::string(1, '\0'), "a", "ab", "b", "b", "\xff"};
  for (const size_t start : {0, 3, 5}) {
    first_ = nullptr;
    for (size_t i = 0; i < sorted.size(); ++i) add(sorted[(start + i * 3) % sorted.size()]);
    abi::rt_join_sort(&first_);
    EXPECT_EQ(rows(), sorted);
  }
}

TEST_F(JoinRows, ARowThatIsNotThereCannotBeTakenBack) {
  abi::TaskContext context{};
  const auto remove = [&](char row) {
    struct {
      abi::JoinCell cell;
      char row;
    } wanted{{nullptr, 0, 1, 0}, row};
    abi::rt_join_remove(&context, static_cast<abi::HashTable*>(&table_), &first_, &wanted);
  };
  add("a");
  add("b");
  remove('a');
  EXPECT_EQ(rows(), (std::vector<std::string>{"b"}));
  EXPECT_EQ(context.failed, 0u);
  remove('a');
  EXPECT_NE(context.failed, 0u);
  EXPECT_EQ(abi::take_raised_text(), "a join takes back a row that it does not hold");
  EXPECT_EQ(rows(), (std::vector<std::string>{"b"}));
}

}  // namespace
}  // namespace sluice
