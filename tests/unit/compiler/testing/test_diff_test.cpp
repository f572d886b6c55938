#include "compiler/testing/test_diff.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice {
namespace {

// "=a1 -b2 +b3[.x]": the lines of a diff of rows with two columns, and which of them differ.
std::string text_of(const std::vector<DiffLine>& diff) {
  std::string text;
  for (const auto& line : diff) {
    text += text.empty() ? "" : " ";
    text += line.kind == DiffLine::Kind::Same ? '=' : line.kind == DiffLine::Kind::Missing ? '-' : '+';
    for (const auto& value : line.row) text += value.get<std::string>();
    if (line.differs.empty()) continue;
    text += '[';
    for (const bool differs : line.differs) text += differs ? 'x' : '.';
    text += ']';
  }
  return text;
}

std::vector<TestRow> rows(const std::vector<std::string>& texts) {
  std::vector<TestRow> result;
  for (const auto& text : texts) result.push_back({text.substr(0, 1), text.substr(1)});
  return result;
}

std::string diff(const std::vector<std::string>& expected, const std::vector<std::string>& got, bool is_ordered) {
  return text_of(diff_rows(rows(expected), rows(got), is_ordered));
}

TEST(TestDiff, RowsInAnyOrderAreTheSame) {
  EXPECT_EQ(diff({"a1", "b2"}, {"b2", "a1"}, false), "=a1 =b2");
  EXPECT_TRUE(is_same(diff_rows(rows({"a1", "b2"}), rows({"b2", "a1"}), false)));
  EXPECT_FALSE(is_same(diff_rows(rows({"a1", "a1"}), rows({"a1"}), false)));
  EXPECT_TRUE(is_same(diff_rows({}, {}, false)));
}

TEST(TestDiff, EqualRowsCount) {
  EXPECT_EQ(diff({"a1", "a1"}, {"a1"}, false), "=a1 -a1");
  EXPECT_EQ(diff({"a1"}, {"a1", "a1"}, false), "=a1 +a1");
}

TEST(TestDiff, TheMostSimilarRowStandsBehindTheMissingOne) {
  EXPECT_EQ(diff({"a1", "b2"}, {"c3", "b9"}, false), "-a1 -b2 +b9[.x] +c3");
  EXPECT_EQ(diff({"a1"}, {"b1"}, false), "-a1 +b1[x.]");
}

TEST(TestDiff, OrderCountsWhereItIsAsked) {
  EXPECT_EQ(diff({"a1", "b2"}, {"b2", "a1"}, true), "-a1 =b2 +a1");
  EXPECT_EQ(diff({"a1", "b2", "c3"}, {"a1", "b9", "c3"}, true), "=a1 -b2 +b9[.x] =c3");
  EXPECT_EQ(diff({"b2"}, {"a1", "b2", "c3"}, true), "+a1 =b2 +c3");
}

TEST(TestDiff, RoundingIsNoDifferenceWhereItIsAllowed) {
  const std::vector<TestRow> expected{{0.3, Json{{"x", 1.0}}}};
  const std::vector<TestRow> got{{0.1 + 0.2, Json{{"x", 1.0 + 1e-15}}}};
  EXPECT_FALSE(is_same(diff_rows(expected, got, false)));
  EXPECT_TRUE(is_same(diff_rows(expected, got, false, true)));
  EXPECT_TRUE(is_same(diff_rows(expected, got, true, true)));
  EXPECT_FALSE(is_same(diff_rows(expected, {{0.31, Json{{"x", 1.0}}}}, false, true)));
}

}  // namespace
}  // namespace sluice
