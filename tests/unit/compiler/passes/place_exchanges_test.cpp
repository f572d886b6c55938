#include <gtest/gtest.h>

#include "pass_testing.h"

namespace sluice {
namespace {

using testing::filter;
using testing::find_node;
using testing::hits;
using testing::kHitsRow;
using testing::sink;

using Lines = std::vector<std::string>;

PassResult place(const std::string& rest, uint32_t parallelism = 4) {
  return testing::run(hits(rest), {"place_exchanges", "fuse"}, parallelism);
}

std::string count_by(const std::string& label, const std::string& input, const std::string& key) {
  return "node " + label + " aggregate (" + input + ") \"count per " + key + "\"\n  name a" + label +
         "\n  key url = " + key +
         "\n  call n count\n    state n: int\n      init 0:int\n      step add($n:int, 1:int):int\n"
         "      merge add($n:int, $o.n:int):int\n    finish $n:int\n  schema url: string, n: int\n";
}

const std::string kCountRow = "url: string, n: int";

TEST(PlaceExchanges, OneTaskNeedsNone) {
  const auto result = place(count_by("2", "1", "url:string") + sink("3", "2", kCountRow), 1);
  EXPECT_EQ(testing::outline(result.graph), "1 source, 2 aggregate, 3 sink");
  EXPECT_EQ(testing::notes_of(result)[0], "-: every step runs where its input is: nothing has to move");
}

TEST(PlaceExchanges, HashBeforeKeysAndGatherBeforeSinks) {
  const auto result = place(count_by("2", "1", "url:string") + sink("3", "2", kCountRow));
  EXPECT_EQ(testing::outline(result.graph), "1 source, E1 exchange, 2 aggregate, E2 exchange, 3 sink");
  EXPECT_EQ(*find_node(result.graph, "E1")->as<ExchangeNode>(), (ExchangeNode{ExchangeKind::Hash, {"url"}}));
  EXPECT_EQ(*find_node(result.graph, "E2")->as<ExchangeNode>(), (ExchangeNode{ExchangeKind::Gather, {}}));
  EXPECT_EQ(find_node(result.graph, "2")->parallelism, 4u);
  EXPECT_EQ(find_node(result.graph, "3")->parallelism, 1u);
}

TEST(PlaceExchanges, ABlackholeTakesRowsFromEveryTask) {
  const auto result = place(sink("2", "1", kHitsRow, "blackhole"));
  EXPECT_EQ(testing::outline(result.graph), "1 source, 2 sink");
  EXPECT_EQ(find_node(result.graph, "2")->parallelism, 4u);
}

TEST(PlaceExchanges, ComputedKeysGetAColumn) {
  const auto result = place(count_by("2", "1", "call lower rt_lower(url:string):string") + sink("3", "2", kCountRow));
  EXPECT_EQ(testing::outline(result.graph), "1 source, 2a project, E1 exchange, 2 aggregate, E2 exchange, 3 sink");
  EXPECT_EQ(find_node(result.graph, "E1")->as<ExchangeNode>()->keys, Lines{"key.url"});
  EXPECT_EQ(write_expr(find_node(result.graph, "2")->as<AggregateNode>()->keys[0].expr, false), "key.url:string");
}

TEST(PlaceExchanges, AColumnMadeForATopIsDroppedBehindIt) {
  const std::string row(kHitsRow);
  const auto result = place(
      "node 2 top (1)\n  name t\n  limit 3\n  rank place\n  key k = call lower rt_lower(url:string):string\n"
      "  order bytes:int asc\n  schema " +
      row + ", place: int\n" + sink("3", "2", row + ", place: int"));
  EXPECT_EQ(testing::outline(result.graph),
            "1 source, 2a project, E1 exchange, 2 top, 2b project, E2 exchange, 3 sink");
  EXPECT_EQ(find_node(result.graph, "2b")->parallelism, 4u);
  EXPECT_EQ(find_node(result.graph, "2b")->schema, find_node(result.graph, "3")->schema);
}

TEST(PlaceExchanges, RowsAlreadyDistributedStay) {
  const auto result = place(count_by("2", "1", "url:string") + filter("3", "2", "gt(n:int, 1:int):bool", kCountRow) +
                            count_by("4", "3", "url:string") + sink("5", "4", kCountRow));
  EXPECT_EQ(testing::outline(result.graph),
            "1 source, E1 exchange, 2 aggregate, 3 filter, 4 aggregate, E2 exchange, 5 sink");
  EXPECT_EQ(testing::notes_of(result)[1], "+ 4: rows are already distributed by `url`: no exchange");
}

TEST(PlaceExchanges, NotWhenTheKeyIsComputedAnew) {
  const auto result = place(count_by("2", "1", "url:string") +
                            "node 3 project (2)\n  name p\n  column url = call lower rt_lower(url:string):string\n"
                            "  column n = n:int\n  schema url: string, n: int\n" +
                            count_by("4", "3", "url:string") + sink("5", "4", kCountRow));
  EXPECT_EQ(testing::outline(result.graph),
            "1 source, E1 exchange, 2 aggregate, 3 project, E2 exchange, 4 aggregate, E3 exchange, 5 sink");
}

TEST(PlaceExchanges, BehindAGatherEverythingIsOneTask) {
  const auto result = place("node 2 limit (1)\n  name l\n  take 10\n  schema " + std::string(kHitsRow) + "\n" +
                            count_by("3", "2", "url:string") + sink("4", "3", kCountRow));
  EXPECT_EQ(testing::outline(result.graph), "1 source, E1 exchange, 2 limit, 3 aggregate, 4 sink");
  EXPECT_EQ(find_node(result.graph, "3")->parallelism, 1u);
}

TEST(PlaceExchanges, ReadersOfOneNodeShareAnExchange) {
  const auto result = place(sink("2", "1", kHitsRow) + sink("3", "1", kHitsRow));
  EXPECT_EQ(testing::outline(result.graph), "1 source, E1 exchange, 2 sink, 3 sink");
  EXPECT_EQ(find_node(result.graph, "2")->stage, find_node(result.graph, "3")->stage);
}

TEST(PlaceExchanges, StatelessBranchesOfAUnionStayInOneStage) {
  const auto result =
      place(filter("2", "1", "lt(status:int, 400:int):bool") + "node 3 union (1, 2)\n  name u\n  schema " +
            std::string(kHitsRow) + "\n" + count_by("4", "3", "url:string") + sink("5", "4", kCountRow));
  EXPECT_EQ(testing::outline(result.graph),
            "1 source, 2 filter, 3 union, E1 exchange, 4 aggregate, E2 exchange, 5 sink");
  EXPECT_EQ(find_node(result.graph, "3")->stage, find_node(result.graph, "1")->stage);
}

// The rows of node 2 as they are, and counted: a union at different depths.
const std::string kMixedUnion =
    "node 2 project (1)\n  name p\n  column url = url:string\n  column n = bytes:int\n  schema url: string, n: int\n" +
    count_by("3", "2", "url:string") + "node 4 union (2, 3)\n  name u\n  schema " + kCountRow + "\n";

TEST(PlaceExchanges, BranchesAtDifferentDepthsMeetInOneTask) {
  const auto result = place(kMixedUnion + "node 5 sort (4)\n  name s\n  order n:int asc\n  schema " + kCountRow + "\n" +
                            sink("6", "5", kCountRow));
  EXPECT_EQ(testing::outline(result.graph),
            "1 source, 2 project, E1 exchange, 3 aggregate, E2 exchange, E3 exchange, 4 union, 5 sort, 6 sink");
  EXPECT_EQ(find_node(result.graph, "4")->parallelism, 1u);
}

TEST(PlaceExchanges, OneTaskReadsWhereBranchesWouldArriveInAnyOrder) {
  auto result = place(kMixedUnion + sink("5", "4", kCountRow));
  EXPECT_EQ(testing::outline(result.graph), "1 source, 2 project, 3 aggregate, 4 union, 5 sink");
  EXPECT_EQ(testing::notes_of(result)[1],
            "- 4: its branches would arrive in any order, so one task reads its sources: sort or aggregate behind the "
            "union to use more");
  result = place(kMixedUnion + sink("5", "4", kCountRow, "blackhole"));
  EXPECT_EQ(find_node(result.graph, "1")->parallelism, 4u);
}

TEST(PlaceExchanges, RowsThatWaitForTheEndComeInOrder) {
  const std::string one_row = "n: int";
  const auto total = [&](const std::string& label) {
    return "node " + label + " aggregate (1)\n  name a" + label +
           "\n  call n count\n    state n: int\n      init 0:int\n      step add($n:int, 1:int):int\n"
           "    finish $n:int\n  schema n: int\n";
  };
  const auto result = place(total("2") + total("3") + "node 4 union (2, 3)\n  name u\n  schema " + one_row + "\n" +
                            sink("5", "4", one_row));
  EXPECT_EQ(testing::outline(result.graph), "1 source, E1 exchange, 2 aggregate, 3 aggregate, 4 union, 5 sink");
  EXPECT_EQ(find_node(result.graph, "1")->parallelism, 4u);
}

TEST(PlaceExchanges, HintsAreKept) {
  auto text = hits(count_by("2", "1", "url:string") + sink("3", "2", kCountRow));
  text.insert(text.find("node 2"), "  parallelism 2\n");
  text.insert(text.find("node 3"), "  parallelism 8\n");
  const auto result = testing::run(text, {"place_exchanges", "fuse"});
  EXPECT_EQ(find_node(result.graph, "1")->parallelism, 2u);
  EXPECT_EQ(find_node(result.graph, "2")->parallelism, 8u);
}

TEST(PlaceExchanges, ReadersOnDifferentNumbersOfTasksDoNotShare) {
  auto text = hits(count_by("2", "1", "url:string") + count_by("3", "1", "url:string") +
                   sink("4", "2", kCountRow, "blackhole") + sink("5", "3", kCountRow, "blackhole"));
  text.insert(text.find("node 4"), "  parallelism 8\n");
  const auto result = testing::run(text, {"place_exchanges", "fuse"});
  EXPECT_EQ(testing::outline(result.graph),
            "1 source, E1 exchange, 2 aggregate, E2 exchange, 3 aggregate, 4 sink, 5 sink");
}

TEST(PlaceExchanges, OnlyOnce) {
  const auto result = testing::run(hits(sink("2", "1", kHitsRow)), {"place_exchanges", "place_exchanges"});
  EXPECT_EQ(testing::outline(result.graph), "1 source, E1 exchange, 2 sink");
  EXPECT_EQ(testing::notes_of(result)[1], "-: the graph has its exchanges already");
}

TEST(TwoPhase, AggregateOnBothSidesOfItsExchange) {
  const auto result = testing::run(testing::kWordCount, {"place_exchanges", "two_phase_aggregate", "two_phase_top"});
  EXPECT_EQ(testing::outline(result.graph),
            "1 source, 2 expand, 3a aggregate, E1 exchange, 3b aggregate, 4a top, E2 exchange, 4b top, 5 sink");
  const auto& merged = *find_node(result.graph, "3b")->as<AggregateNode>();
  EXPECT_EQ(merged.phase, AggregatePhase::Final);
  EXPECT_EQ(find_node(result.graph, "E1")->schema.names(), (Lines{"word", "count.n"}));
  EXPECT_EQ(find_node(result.graph, "3b")->name, "lines.aggregate");
  EXPECT_EQ(testing::notes_of(result)[2], "+ 3a 3b: one row per group and task crosses the exchange");
  EXPECT_EQ(testing::notes_of(result)[3], "+ 4a 4b: top 20 per task, then top 20 of what they kept");
}

TEST(TwoPhase, NotWithoutAnExchangeAMergeOrForDistinct) {
  const auto notes = [](std::string text, uint32_t parallelism) {
    return testing::notes_of(testing::run(text, {"place_exchanges", "two_phase_aggregate"}, parallelism)).back();
  };
  std::string text = hits(count_by("2", "1", "url:string") + sink("3", "2", kCountRow));
  EXPECT_EQ(notes(text, 1), "- 2: its rows cross no exchange");
  std::string distinct = text;
  distinct.insert(distinct.find("n count") + 7, " distinct");
  EXPECT_EQ(notes(distinct, 4),
            "- 2: `n` counts distinct values, and a task cannot know which of its values others have too");
  text.erase(text.find("      merge"), text.find("    finish") - text.find("      merge"));
  EXPECT_EQ(notes(text, 4), "- 2: `n` has no `merge`: add one to `agg count` to aggregate before the exchange");
}

TEST(TwoPhase, SharedExchangesAreSplit) {
  const auto result = testing::run(hits(count_by("2", "1", "url:string") + count_by("3", "1", "url:string") +
                                        sink("4", "2", kCountRow) + sink("5", "3", kCountRow)),
                                   {"place_exchanges", "two_phase_aggregate", "fuse"});
  EXPECT_EQ(testing::outline(result.graph),
            "1 source, 3a aggregate, E1 exchange, 2a aggregate, E1a exchange, 2b aggregate, 3b aggregate, E2 exchange, "
            "4 sink, E3 exchange, 5 sink");
}

TEST(TwoPhase, TopKeepsRankAndTies) {
  const std::string row(kHitsRow);
  const auto result = testing::run(hits("node 2 top (1)\n  name t\n  limit 3 with_ties\n  rank place\n"
                                        "  order bytes:int asc\n  schema " +
                                        row + ", place: int\n" + sink("3", "2", row + ", place: int")),
                                   {"place_exchanges", "two_phase_top", "two_phase_top"});
  EXPECT_EQ(testing::outline(result.graph), "1 source, 2a top, E1 exchange, 2b top, 3 sink");
  EXPECT_TRUE(find_node(result.graph, "2a")->as<TopNode>()->with_ties);
  EXPECT_TRUE(find_node(result.graph, "2a")->as<TopNode>()->rank_column.empty());
  EXPECT_EQ(testing::notes_of(result).back(), "- 2b: each task has its own top already");
}

}  // namespace
}  // namespace sluice
