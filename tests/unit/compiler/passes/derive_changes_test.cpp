#include <gtest/gtest.h>

#include "pass_testing.h"

namespace sluice {
namespace {

using testing::find_node;
using testing::hits;
using testing::kHitsRow;
using testing::sink;

PassResult derive(const std::string& rest) { return testing::run(hits(rest), {"derive_changes"}); }

std::string changes(const std::string& label, const std::string& input, const std::string& row) {
  return "node " + label + " changes (" + input + ")\n  column change\n  schema " + row + ", change: int\n";
}
std::string top(const std::string& label, const std::string& input) {
  return "node " + label + " top (" + input +
         ") \"top 3 by bytes desc\"\n  limit 3\n  order bytes:int desc\n  schema " + std::string(kHitsRow) + "\n";
}

TEST(DeriveChanges, StepsBecomeIncremental) {
  const std::string row(kHitsRow);
  const auto result = derive(top("2", "1") + changes("3", "2", row) + sink("4", "3", row + ", change: int"));
  EXPECT_EQ(testing::outline(result.graph), "1 source, 2a top, 3 project, 4 sink");
  EXPECT_TRUE(find_node(result.graph, "2a")->as<TopNode>()->is_incremental);
  EXPECT_NE(find_node(result.graph, "2a")->schema.find(kRowWeight), nullptr);
  EXPECT_EQ(find_node(result.graph, "3")->schema.find(kRowWeight), nullptr);
}

TEST(DeriveChanges, TopsOverWindowsThatAreTables) {
  const std::string timed = std::string(kHitsRow) + ", `@time`: timestamp, `@mark`: timestamp";
  const std::string row = timed + ", window: window";
  const auto result = derive("node 2 time (1)\n  schema " + timed +
                             "\nnode 3 window (2)\n  window tumble 10 10 0\n  column window\n  schema " + row +
                             "\nnode 4 top (3) \"top 3 by bytes desc\"\n  table\n  limit 3\n  every 7 delay 0\n"
                             "  key window = window:window\n  order bytes:int desc\n  schema " +
                             row + "\n" + changes("5", "4", row) + sink("6", "5", row + ", change: int"));
  const Node* top = find_node(result.graph, "4a");
  ASSERT_NE(top, nullptr);
  EXPECT_EQ(top->as<TopNode>()->every, (Interval{7, 0}));
  EXPECT_TRUE(is_blocking(*top));
}

TEST(DeriveChanges, OtherReadersKeepTheirs) {
  const std::string row(kHitsRow);
  const auto result =
      derive(top("2", "1") + changes("3", "2", row) + sink("4", "3", row + ", change: int") + sink("5", "2", row));
  EXPECT_EQ(testing::outline(result.graph), "1 source, 2 top, 2a top, 3 project, 4 sink, 5 sink");
  EXPECT_FALSE(find_node(result.graph, "2")->as<TopNode>()->is_incremental);
  EXPECT_EQ(find_node(result.graph, "5")->inputs, (std::vector{NodeId(1)}));
}

TEST(DeriveChanges, FiltersCarryTheWeight) {
  const std::string row(kHitsRow);
  const auto result = derive(top("2", "1") + "node 3 filter (2)\n  condition gt(bytes:int, 1:int):bool\n  schema " +
                             row + "\n" + changes("4", "3", row) + sink("5", "4", row + ", change: int"));
  EXPECT_EQ(testing::outline(result.graph), "1 source, 2a top, 3a filter, 4 project, 5 sink");
  EXPECT_NE(find_node(result.graph, "3a")->schema.find(kRowWeight), nullptr);
}

TEST(DeriveChanges, StreamsOnlyCome) {
  const std::string row(kHitsRow);
  const auto result = derive(changes("2", "1", row) + sink("3", "2", row + ", change: int"));
  EXPECT_EQ(testing::outline(result.graph), "1 source, 2 project, 3 sink");
  EXPECT_EQ(find_node(result.graph, "2")->as<ProjectNode>()->columns.back().expr.kind, ExprKind::Literal);
}

TEST(DeriveChanges, NothingToDo) {
  const auto result = derive(top("2", "1") + sink("3", "2", kHitsRow));
  EXPECT_EQ(testing::outline(result.graph), "1 source, 2 top, 3 sink");
  EXPECT_TRUE(result.notes.empty());
}

// The graph as this pass gets it when `emit every(10s)` says how changes come.
TEST(DeriveChanges, AggregatesMayCollectThem) {
  const std::string timed = std::string(kHitsRow) + ", `@time`: timestamp, `@mark`: timestamp";
  const auto result =
      derive("node 2 time (1)\n  schema " + timed +
             "\nnode 3 aggregate (2) \"aggregate\"\n  table\n  key url = url:string\n  every 10000000 delay 5\n"
             "  schema url: string\n" +
             changes("4", "3", "url: string") + sink("5", "4", "url: string, change: int"));
  EXPECT_EQ(find_node(result.graph, "3a")->as<AggregateNode>()->every, (Interval{10'000'000, 5}));
  EXPECT_TRUE(is_blocking(*find_node(result.graph, "3a")));
  EXPECT_EQ(testing::notes_of(result).back(), "+ 3 3a: `aggregate` gives out what changes, every 10s");
}

TEST(DeriveChanges, SessionsAreForgottenAtTheirEnd) {
  const std::string timed = std::string(kHitsRow) + ", `@time`: timestamp, `@mark`: timestamp";
  const auto result = derive(
      "node 2 time (1)\n  schema " + timed +
      "\nnode 3 aggregate (2) \"aggregate\"\n  table\n  key url = url:string\n  session 10 0 0 window\n"
      "  schema url: string, window: window\n" +
      changes("4", "3", "url: string, window: window") + sink("5", "4", "url: string, window: window, change: int"));
  EXPECT_TRUE(find_node(result.graph, "3a")->as<AggregateNode>()->is_incremental);
  EXPECT_TRUE(is_blocking(*find_node(result.graph, "3a")));
  EXPECT_NE(find_node(result.graph, "3a")->schema.find(kRowWeight), nullptr);
}

// hits with `what` said of the source, and their distinct urls.
PassResult derive_distinct(const std::string& what) {
  std::string text = testing::hits("node 2 aggregate (1) \"distinct\"\n  key url = url:string\n  schema url: string\n" +
                                   sink("3", "2", "url: string"));
  text.insert(text.find("  schema "), what);
  return testing::run(text, {"derive_changes"});
}

TEST(DeriveChanges, DistinctEndlessRowsComeAtOnce) {
  const auto result = derive_distinct("  endless\n");
  EXPECT_TRUE(find_node(result.graph, "2")->as<AggregateNode>()->is_incremental);
  EXPECT_EQ(find_node(result.graph, "2")->schema.find(kRowWeight), nullptr);
  EXPECT_EQ(testing::notes_of(result),
            (std::vector<std::string>{"+ 2: `distinct` gives a row out when it comes first"}));
  EXPECT_FALSE(find_node(derive_distinct("").graph, "2")->as<AggregateNode>()->is_incremental);
}

}  // namespace
}  // namespace sluice
