#include <gtest/gtest.h>

#include "pass_testing.h"

namespace sluice {
namespace {

using testing::filter;
using testing::find_node;
using testing::hits;
using testing::kHitsRow;
using testing::sink;

const std::string kCondition = "gt(status:int, 1:int):bool";

std::string cut_filter(const std::string& label, const std::string& input) {
  return filter(label, input, kCondition) + "  hint cut\n";
}

PassResult cut(const std::string& rest, uint32_t parallelism = 4) {
  return testing::run(hits(rest), {"place_exchanges", "cut_stages"}, parallelism);
}

std::string last_note(const PassResult& result) { return testing::notes_of(result).back(); }

// Gathers all rows in one task.
std::string sort(const std::string& label, const std::string& input) {
  return "node " + label + " sort (" + input + ")\n  name s\n  order status:int asc\n  schema " +
         std::string(kHitsRow) + "\n";
}

TEST(CutStages, AnotherTaskGoesOnBehindTheStep) {
  const auto result = cut(sort("2", "1") + cut_filter("3", "2") + sink("4", "3", kHitsRow));
  EXPECT_EQ(testing::outline(result.graph), "1 source, E1 exchange, 2 sort, 3 filter, E2 exchange, 4 sink");
  EXPECT_EQ(last_note(result), "+ 3 E2: another task goes on with its rows");
  EXPECT_EQ(find_node(result.graph, "E2")->as<ExchangeNode>()->kind, ExchangeKind::Gather);
}

TEST(CutStages, AllReadersGoOnInTheOtherTask) {
  const auto result = cut(sort("2", "1") + cut_filter("3", "2") + sink("4", "3", kHitsRow) + sink("5", "3", kHitsRow));
  EXPECT_EQ(find_node(result.graph, "4")->inputs, find_node(result.graph, "5")->inputs);
  EXPECT_EQ(last_note(result), "+ 3 E2: another task goes on with its rows");
}

TEST(CutStages, WhatKeepsItFromThat) {
  const std::string row(kHitsRow);
  EXPECT_EQ(last_note(cut(cut_filter("2", "1") + sink("3", "2", row), 1)),
            "- 2: one task does everything: there is none to go on");
  EXPECT_EQ(last_note(cut(cut_filter("2", "1") + sink("3", "2", row))), "- 2: its stage ends here anyway");
  EXPECT_EQ(last_note(cut(cut_filter("2", "1") + filter("3", "2", kCondition) + sink("4", "3", row))),
            "- 2: 4 tasks share its work already");
}

TEST(CutStages, RowsThatMeetOthersStay) {
  const auto result =
      cut(sort("2", "1") + cut_filter("3", "2") + filter("4", "2", kCondition) +
          "node 5 union (3, 4)\n  name u\n  schema " + std::string(kHitsRow) + "\n" + sink("6", "5", kHitsRow));
  EXPECT_EQ(last_note(result), "- 3: its rows meet others further down, which would come in another order");
}

TEST(CutStages, APartOfAStepLeavesItToTheLast) {
  const std::string at = "0:1:1-1:9";
  auto graph =
      hits(sort("2", "1") + "node 3 filter (2) @" + at + "\n  name f\n  condition " + kCondition + "\n  schema " +
           std::string(kHitsRow) + "\n  hint cut\nnode 4 filter (3) @" + at + "\n  name g\n  condition " + kCondition +
           "\n  schema " + std::string(kHitsRow) + "\n  hint cut\n" + sink("5", "4", kHitsRow));
  graph.insert(graph.find("node 1"), "file 0 \"hits.flow\"\n");
  const auto result = testing::run(graph, {"place_exchanges", "cut_stages"}, 4);
  EXPECT_EQ(testing::outline(result.graph), "1 source, E1 exchange, 2 sort, 3 filter, 4 filter, E2 exchange, 5 sink");
}

}  // namespace
}  // namespace sluice
