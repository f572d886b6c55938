#include <gtest/gtest.h>

#include "pass_testing.h"

namespace sluice {
namespace {

using testing::find_node;
using testing::hits;
using testing::kHitsRow;
using testing::sink;

PassResult split(const std::string& rest, uint32_t parallelism = 4) {
  return testing::run(hits(rest), {"place_exchanges", "two_phase_top"}, parallelism);
}

std::string last_note(const PassResult& result) { return testing::notes_of(result).back(); }

std::string top(const std::string& label, const std::string& input, const std::string& more = {},
                std::string_view row = kHitsRow) {
  return "node " + label + " top (" + input + ") \"top 3 by bytes desc\"\n  name t" + label + "\n  limit 3\n" + more +
         "  order bytes:int desc\n  schema " + std::string(row) + "\n";
}

TEST(TwoPhaseTop, EachTaskKeepsItsOwn) {
  const auto result = split(top("2", "1") + sink("3", "2", kHitsRow));
  EXPECT_EQ(testing::outline(result.graph), "1 source, 2a top, E1 exchange, 2b top, 3 sink");
  EXPECT_EQ(last_note(result), "+ 2a 2b: top 3 per task, then top 3 of what they kept");
  EXPECT_EQ(find_node(result.graph, "2a")->parallelism, 4u);
  EXPECT_EQ(find_node(result.graph, "2b")->parallelism, 1u);
}

TEST(TwoPhaseTop, OnlyTheLastOneRanks) {
  const std::string ranked = std::string(kHitsRow) + ", place: int";
  const auto result = split(top("2", "1", "  rank place\n", ranked) + sink("3", "2", ranked));
  EXPECT_EQ(find_node(result.graph, "2a")->as<TopNode>()->rank_column, "");
  EXPECT_EQ(find_node(result.graph, "2a")->schema, find_node(result.graph, "1")->schema);
  EXPECT_EQ(find_node(result.graph, "2b")->as<TopNode>()->rank_column, "place");
}

TEST(TwoPhaseTop, NotPerKey) {
  const auto result = split(top("2", "1", "  key url = url:string\n") + sink("3", "2", kHitsRow));
  EXPECT_EQ(testing::outline(result.graph), "1 source, E1 exchange, 2 top, E2 exchange, 3 sink");
  EXPECT_EQ(last_note(result), "- 2: its groups are spread over the tasks already");
}

TEST(TwoPhaseTop, PerKeyWhereFewKeysHaveMostRows) {
  const auto result = split(top("2", "1", "  key url = url:string\n  hint combine on\n") + sink("3", "2", kHitsRow));
  EXPECT_EQ(testing::outline(result.graph), "1 source, 2a top, E1 exchange, 2b top, E2 exchange, 3 sink");
}

// Hardly more than one window takes rows at a time.
TEST(TwoPhaseTop, PerWindow) {
  const std::string timed = std::string(kHitsRow) + ", `@time`: timestamp, `@mark`: timestamp";
  const std::string row = std::string(kHitsRow) + ", window: window, `@time`: timestamp, `@mark`: timestamp";
  const auto windowed = [&](const std::string& keys) {
    return split("node 5 time (1) \"time\"\n  name t\n  delay 0\n  schema " + timed +
                 "\nnode 6 window (5) \"over tumble(1h)\"\n  name w\n  window tumble 3600000000 3600000000 0\n  column "
                 "window\n  schema " +
                 row + "\n" + top("2", "6", keys, row) + sink("3", "2", row));
  };
  const auto result = windowed("  key window = window:window\n");
  EXPECT_EQ(testing::outline(result.graph),
            "1 source, 5 time, 6 window, 2a top, E1 exchange, 2b top, E2 exchange, 3 sink");
  EXPECT_EQ(last_note(result), "+ 2a 2b: top 3 per task, then top 3 of what they kept");
  EXPECT_EQ(last_note(windowed("  key url = url:string\n  key window = window:window\n")),
            "- 2: its groups are spread over the tasks already");
}

TEST(TwoPhaseTop, NotInOneTask) {
  const auto result = split(top("2", "1") + sink("3", "2", kHitsRow), 1);
  EXPECT_EQ(testing::outline(result.graph), "1 source, 2 top, 3 sink");
  EXPECT_EQ(last_note(result), "- 2: its rows cross no exchange");
}

TEST(TwoPhaseTop, NotTwice) {
  const auto once = split(top("2", "1") + sink("3", "2", kHitsRow));
  const auto twice = testing::run(write_graph(once.graph), {"two_phase_top"});
  EXPECT_EQ(testing::outline(twice.graph), testing::outline(once.graph));
  EXPECT_EQ(testing::notes_of(twice),
            (std::vector<std::string>{"- 2a: its rows cross no exchange", "- 2b: each task has its own top already"}));
}

}  // namespace
}  // namespace sluice
