#include <gtest/gtest.h>

#include "pass_testing.h"

namespace sluice {
namespace {

using Lines = std::vector<std::string>;

// Node 2 is the left side, node 4 the right one; `left` and `right` are lines of their sources.
std::string joined(
    const std::string& left, const std::string& right, const std::string& kind,
    const std::string& step = "filter (3) \"where v > 0\"\n  name f\n  condition gt(v:int, 0:int):bool\n") {
  return "graph \"g\"\nnode 1 source \"from bids\"\n  name bids\n  connector " + left +
         "  declared k: int, x: int\n  schema k: int, x: int\n"
         "node 2 project (1) \"select k, x\"\n  name p\n  column k = k:int\n  column x = x:int\n  schema k: int, x: "
         "int\n"
         "node 3 source \"from side\"\n  name side\n  connector " +
         right +
         "  declared key: int, v: int\n  schema key: int, v: int\n"
         "node 4 " +
         step +
         "  schema key: int, v: int\n"
         "node 5 join (2, 4) \"join side\"\n  name j\n  join " +
         kind + "\n  left_key k = k:int\n  right_key k = key:int\n  right s.v = v:int\n  schema k: int, x: int\n" +
         testing::sink("6", "5", "k: int, x: int");
}

const std::string kCsv = "csv\n  option path = \"a.csv\"\n";
const std::string kPipe = "csv\n  option path = \"-\"\n";

TEST(LookupJoins, ATableInAFileIsReadFirst) {
  const auto result = testing::run(joined(kPipe, kCsv, "left"), {"lookup_joins"});
  EXPECT_EQ(testing::notes_of(result),
            (Lines{"+ 5: the other side is read first: rows of this one are answered as they come"}));
  EXPECT_TRUE(testing::find_node(result.graph, "5")->as<JoinNode>()->is_lookup);
}

TEST(LookupJoins, EveryTaskGetsTheTableAndTheRowsStay) {
  const auto result = testing::run(joined(kPipe, kCsv, "inner"), {"lookup_joins", "place_exchanges"});
  EXPECT_EQ(testing::find_node(result.graph, "E1")->as<ExchangeNode>()->kind, ExchangeKind::Broadcast);
  EXPECT_EQ(result.graph.nodes[testing::find_node(result.graph, "5")->inputs[0]].label, "2");
}

TEST(LookupJoins, WhatHasNoEndIsNotReadFirst) {
  const auto result = testing::run(joined(kCsv, kPipe, "inner"), {"lookup_joins"});
  EXPECT_EQ(testing::notes_of(result), (Lines{"- 5: the other side is not read from files"}));
  EXPECT_FALSE(testing::find_node(result.graph, "5")->as<JoinNode>()->is_lookup);
}

TEST(LookupJoins, RowsWithoutALeftPartnerHaveToWait) {
  std::string text = joined(kPipe, kCsv, "full");
  for (size_t at = text.find("join full"); (at = text.find("  schema k: int, x: int\n", at)) != std::string::npos;)
    text.replace(at, 24, "  schema k: int?, x: int?\n");
  EXPECT_TRUE(testing::notes_of(testing::run(text, {"lookup_joins"})).empty());
}

TEST(LookupJoins, WhatIsComputedAtItsEndIsNotReadFirst) {
  const std::string sort = "sort (3) \"sort by key\"\n  name s\n  order key:int asc\n";
  EXPECT_EQ(testing::notes_of(testing::run(joined(kPipe, kCsv, "semi", sort), {"lookup_joins"})),
            (Lines{"- 5: the other side is computed: rows of both sides are kept"}));
}

// A second reader of the table: the join gets a table of its own when its left side may never end.
std::string shared(const std::string& left) {
  std::string text = joined(left, kCsv, "anti");
  return joined(left, kCsv, "anti") + testing::sink("7", "4", "key: int, v: int");
}

TEST(LookupJoins, ATableWithOtherReadersIsReadOnceMore) {
  const auto result = testing::run(shared(kPipe), {"lookup_joins"});
  const Node& join = *testing::find_node(result.graph, "5");
  EXPECT_TRUE(join.as<JoinNode>()->is_lookup);
  EXPECT_EQ(result.graph.nodes[join.inputs[1]].label, "4a");
  EXPECT_EQ(testing::notes_of(testing::run(shared(kCsv), {"lookup_joins"})),
            (Lines{"- 5: the other side has other readers, too"}));
}

TEST(LookupJoins, ATableToBroadcastIsReadOnceMoreToo) {
  std::string text = shared(kCsv);
  text.insert(text.find("node 6"), "  hint broadcast\n");
  const auto result = testing::run(text, {"lookup_joins"});
  EXPECT_EQ(result.graph.nodes[testing::find_node(result.graph, "5")->inputs[1]].label, "4a");
  const std::string full = "  schema k: int?, x: int?\n";
  std::string outer = joined(kCsv, kCsv, "full");
  for (size_t at = outer.find("join full"); (at = outer.find("  schema k: int, x: int\n", at)) != std::string::npos;)
    outer.replace(at, full.size() - 2, full);
  outer.insert(outer.find("node 6"), "  hint broadcast\n");
  EXPECT_EQ(testing::notes_of(testing::run(outer, {"lookup_joins"})),
            (Lines{"- 5: `@broadcast`: its rows of both sides have to meet in one task"}));
}

// A copy would ask for the time again.
TEST(LookupJoins, ATableWithNowAndOtherReadersIsNotCopied) {
  const std::string stamp =
      "project (3) \"extend seen = now()\"\n  name t\n  column key = key:int\n  column v = v:int\n"
      "  column seen = call now flow_now():timestamp\n";
  std::string text = joined(kPipe, kCsv, "left", stamp);
  const std::string row = "  schema key: int, v: int\nnode 5";
  text.replace(text.find(row), row.size(), "  schema key: int, v: int, seen: timestamp\nnode 5");
  const std::string other = testing::sink("7", "4", "key: int, v: int, seen: timestamp");
  EXPECT_EQ(testing::notes_of(testing::run(text, {"lookup_joins"})),
            (Lines{"+ 5: the other side is read first: rows of this one are answered as they come"}));
  EXPECT_EQ(testing::notes_of(testing::run(text + other, {"lookup_joins"})),
            (Lines{"- 5: the other side has other readers, who must see the same `now()`"}));
}

}  // namespace
}  // namespace sluice
