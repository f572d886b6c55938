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

const std::string kCondition = "lt(status:int, 400:int):bool";

// "1 S0, 2 S0, 3 S1", without exchanges, which have no stage.
std::string stages_of(const PassResult& result) {
  std::string text;
  for (const auto& node : result.graph.nodes) {
    EXPECT_EQ(node.stage.has_value(), node.kind() != NodeKind::Exchange) << node.label;
    if (node.stage) text += (text.empty() ? "" : ", ") + node.label + " S" + std::to_string(*node.stage);
  }
  return text;
}

TEST(Fuse, WhatIsConnectedIsOneStage) {
  const auto result = testing::run(
      hits(filter("2", "1", kCondition) + filter("3", "2", kCondition) + sink("4", "3", kHitsRow)), {"fuse"});
  EXPECT_EQ(stages_of(result), "1 S0, 2 S0, 3 S0, 4 S0");
  EXPECT_EQ(testing::notes_of(result), Lines{"+ 1 2 3 4: S0: one loop, rows stay in registers"});
}

TEST(Fuse, NotAcrossAnExchange) {
  const auto result =
      testing::run(hits(filter("2", "1", kCondition) + sink("3", "2", kHitsRow)), {"place_exchanges", "fuse"});
  EXPECT_EQ(stages_of(result), "1 S0, 2 S0, 3 S1");
  EXPECT_EQ(find_node(result.graph, "1")->parallelism, 4u);
  EXPECT_EQ(find_node(result.graph, "3")->parallelism, 1u);
  EXPECT_EQ(testing::notes_of(result).back(), "+ 3: S1: one step, one function");
}

TEST(Fuse, BranchesOfOneSourceAreOneStage) {
  const auto result =
      testing::run(hits(filter("2", "1", kCondition) + sink("3", "2", kHitsRow) + sink("4", "1", kHitsRow)), {"fuse"});
  EXPECT_EQ(stages_of(result), "1 S0, 2 S0, 3 S0, 4 S0");
}

TEST(Fuse, WhatIsNotConnectedIsApart) {
  const std::string other = "node 3 source \"from hits\"\n  name others\n  connector csv\n  declared " +
                            std::string(kHitsRow) + "\n  schema " + std::string(kHitsRow) + "\n";
  const auto result = testing::run(hits(sink("2", "1", kHitsRow) + other + sink("4", "3", kHitsRow)), {"fuse"});
  EXPECT_EQ(stages_of(result), "1 S0, 2 S0, 3 S1, 4 S1");
}

TEST(Fuse, ExchangesLeadFromLowerToHigherStages) {
  const auto result =
      testing::run(testing::kWordCount, {"place_exchanges", "two_phase_aggregate", "two_phase_top", "fuse"});
  EXPECT_EQ(testing::outline(result.graph),
            "1 source, 2 expand, 3a aggregate, E1 exchange, 3b aggregate, 4a top, E2 exchange, 4b top, 5 sink");
  EXPECT_EQ(stages_of(result), "1 S0, 2 S0, 3a S0, 3b S1, 4a S1, 4b S2, 5 S2");
}

}  // namespace
}  // namespace sluice
