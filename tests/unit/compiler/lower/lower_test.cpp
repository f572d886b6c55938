#include "compiler/lower/lower.h"

#include <gtest/gtest.h>

#include "../passes/pass_testing.h"
#include "runtime/plan/plan_text.h"

namespace sluice {
namespace {

using testing::kWordCount;

JobPlan plan_of(std::string_view text, uint32_t parallelism, bool optimize = true) {
  PassOptions options;
  options.parallelism = parallelism;
  options.optimize = optimize;
  return lower(run_passes(testing::graph_of(text), options).graph);
}

TEST(Lower, OneTaskIsOneStage) {
  const JobPlan plan = plan_of(kWordCount, 1);
  ASSERT_EQ(plan.stages.size(), 1u);
  EXPECT_EQ(plan.edges.size(), 0u);
  const StagePlan& stage = plan.stages[StageId(0)];
  EXPECT_EQ(stage.name, "S0");
  EXPECT_EQ(stage.parallelism, 1u);
  EXPECT_EQ(stage.nodes.size(), 5u);
  EXPECT_EQ(stage.finish_phases, 2u);
  ASSERT_EQ(stage.states.size(), 2u);
  EXPECT_EQ(stage.states[0].kind, StateKind::Groups);
  EXPECT_EQ(stage.states[0].name, "lines.aggregate");
  EXPECT_EQ(stage.states[0].key, (Schema{{{"word", Type(TypeKind::String)}}}));
  EXPECT_EQ(stage.states[0].value, (Schema{{{"count.n", Type(TypeKind::Int)}}}));
  EXPECT_EQ(stage.states[1].kind, StateKind::Top);
  EXPECT_EQ(finish_phase_of(plan, StageId(0), NodeId(2)), 0u);
  EXPECT_EQ(finish_phase_of(plan, StageId(0), NodeId(3)), 1u);
}

TEST(Lower, SeveralTasksMeetAtExchanges) {
  for (const bool optimize : {false, true}) {
    const JobPlan plan = plan_of(kWordCount, 4, optimize);
    ASSERT_EQ(plan.stages.size(), 3u);
    ASSERT_EQ(plan.edges.size(), 2u);
    const EdgePlan& hash = plan.edges[EdgeId(0)];
    EXPECT_EQ(hash.kind, ExchangeKind::Hash);
    EXPECT_EQ(hash.keys, std::vector<std::string>{"word"});
    EXPECT_FALSE(hash.is_ordered);
    EXPECT_EQ(hash.from, StageId(0));
    EXPECT_EQ(hash.to, StageId(1));
    const EdgePlan& gather = plan.edges[EdgeId(1)];
    EXPECT_EQ(gather.kind, ExchangeKind::Gather);
    EXPECT_TRUE(gather.is_ordered);
    EXPECT_EQ(plan.stages[StageId(1)].parallelism, 4u);
    EXPECT_EQ(plan.stages[StageId(2)].parallelism, 1u);
    EXPECT_EQ(plan.stages[StageId(0)].outputs, std::vector<EdgeId>{EdgeId(0)});
    EXPECT_EQ(plan.stages[StageId(1)].inputs, (std::vector<StageInput>{{{}, EdgeId(0)}}));
    EXPECT_EQ(plan.stages[StageId(0)].states.size(), optimize ? 1u : 0u);
  }
}

TEST(Lower, PlansReadBack) {
  for (const uint32_t parallelism : {1u, 4u}) {
    const JobPlan plan = plan_of(kWordCount, parallelism);
    const auto read = read_plan(write_plan(plan));
    ASSERT_TRUE(read.has_value()) << read.error().to_string();
    EXPECT_EQ(*read, plan);
  }
}

}  // namespace
}  // namespace sluice
