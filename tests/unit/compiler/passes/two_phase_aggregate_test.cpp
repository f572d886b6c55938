#include <gtest/gtest.h>

#include "pass_testing.h"

namespace sluice {
namespace {

using testing::find_node;
using testing::hits;
using testing::sink;

PassResult split(const std::string& rest, uint32_t parallelism = 4) {
  return testing::run(hits(rest), {"place_exchanges", "two_phase_aggregate"}, parallelism);
}

std::string last_note(const PassResult& result) { return testing::notes_of(result).back(); }

// `merge` and `distinct`: the lines of a call that say so, or nothing.
std::string count_per_url(const std::string& merge, const std::string& distinct = {}) {
  return "node 2 aggregate (1) \"count per url\"\n  name a\n  key url = url:string\n  call n count" + distinct + "\n" +
         "    state n: int\n      init 0:int\n      step add($n:int, 1:int):int\n" + merge +
         "    finish $n:int\n  schema url: string, n: int\n" + sink("3", "2", "url: string, n: int");
}
const std::string kMerge = "      merge add($n:int, $o.n:int):int\n";

TEST(TwoPhaseAggregate, CountsOnBothSidesOfAnExchange) {
  const auto result = split(count_per_url(kMerge));
  EXPECT_EQ(testing::outline(result.graph), "1 source, 2a aggregate, E1 exchange, 2b aggregate, E2 exchange, 3 sink");
  EXPECT_EQ(last_note(result), "+ 2a 2b: one row per group and task crosses the exchange");
  const Node& partial = *find_node(result.graph, "2a");
  const Node& merged = *find_node(result.graph, "2b");
  EXPECT_EQ(partial.as<AggregateNode>()->phase, AggregatePhase::Partial);
  EXPECT_EQ(merged.as<AggregateNode>()->phase, AggregatePhase::Final);
  EXPECT_EQ(merged.schema, (Schema{{{"url", Type(TypeKind::String)}, {"n", Type(TypeKind::Int)}}}));
  EXPECT_EQ(partial.parallelism, 4u);
  EXPECT_EQ(find_node(result.graph, "E1")->as<ExchangeNode>()->keys, std::vector<std::string>{"url"});
  EXPECT_EQ(find_node(result.graph, "E1")->schema, partial.schema);
}

TEST(TwoPhaseAggregate, AHintSwitchesItOff) {
  auto text = count_per_url(kMerge);
  text.insert(text.find("node 3"), "  hint combine off\n");
  EXPECT_EQ(last_note(split(text)), "- 2: `@combine(off)` sends every row across the exchange");
}

TEST(TwoPhaseAggregate, WithoutKeysEachTaskSendsOneRow) {
  const auto result = split(
      "node 2 aggregate (1) \"count\"\n  name a\n  call n count\n    state n: int\n      init 0:int\n"
      "      step add($n:int, 1:int):int\n" +
      kMerge + "    finish $n:int\n  schema n: int\n" + sink("3", "2", "n: int"));
  EXPECT_EQ(testing::outline(result.graph), "1 source, 2a aggregate, E1 exchange, 2b aggregate, 3 sink");
  EXPECT_EQ(last_note(result), "+ 2a 2b: one row per task crosses the exchange");
}

TEST(TwoPhaseAggregate, AnExchangeThatOthersReadIsDoubled) {
  const auto result = split(
      "node 2 aggregate (1) \"count\"\n  name a\n  call n count\n    state n: int\n      init 0:int\n"
      "      step add($n:int, 1:int):int\n" +
      kMerge + "    finish $n:int\n  schema n: int\n" + sink("3", "2", "n: int") + sink("4", "1", testing::kHitsRow));
  EXPECT_EQ(find_node(result.graph, "4")->inputs.size(), 1u);
  const auto exchange_of = [&](std::string_view label) {
    return result.graph.nodes[find_node(result.graph, label)->inputs[0]];
  };
  EXPECT_EQ(exchange_of("4").schema, find_node(result.graph, "1")->schema);
  EXPECT_EQ(exchange_of("2b").schema, find_node(result.graph, "2a")->schema);
}

TEST(TwoPhaseAggregate, NotWithoutAMerge) {
  const auto result = split(count_per_url(""));
  EXPECT_EQ(testing::outline(result.graph), "1 source, E1 exchange, 2 aggregate, E2 exchange, 3 sink");
  EXPECT_EQ(last_note(result), "- 2: `n` has no `merge`: add one to `agg count` to aggregate before the exchange");
}

TEST(TwoPhaseAggregate, NotWithDistinctValues) {
  const auto result = split(count_per_url(kMerge, " distinct\n    arg x = status:int"));
  EXPECT_EQ(testing::outline(result.graph), "1 source, E1 exchange, 2 aggregate, E2 exchange, 3 sink");
  EXPECT_EQ(last_note(result),
            "- 2: `n` counts distinct values, and a task cannot know which of its values others have too");
}

TEST(TwoPhaseAggregate, NotInOneTask) {
  const auto result = split(count_per_url(kMerge), 1);
  EXPECT_EQ(testing::outline(result.graph), "1 source, 2 aggregate, 3 sink");
  EXPECT_EQ(last_note(result), "- 2: its rows cross no exchange");
}

}  // namespace
}  // namespace sluice
