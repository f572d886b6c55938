#include "runtime/plan/plan_text.h"

#include <gtest/gtest.h>

#include "../../lang/graph/random_graph.h"

namespace sluice {
namespace {

constexpr std::string_view kPlan = R"text(plan 128
stage S0 tasks 4 finish_phases 1
  nodes 1, 2a
  input source 1
  output 0
  state groups `two words.partial` 2a
    key k: string
    value n.t: int
  state distinct d 2a
    key k: string, `n x`: int?
  state counter c 2a
stage S1 tasks 1 finish_phases 0
  nodes 3
  input edge 0
  sinks 3
  state top t 3
    value k: string
  state sort s 3
    value k: string
edge 0 gather ordered E1 from 0 to 1
  schema k: string, n.t: int
edge 1 hash E1 from 0 to 1
  schema k: string
  keys k
graph "g"
node 1 source
  schema k: string
node 2a limit (1)
  schema k: string
node E1 exchange (2a)
  kind gather
  schema k: string
node 3 sink (E1)
  schema k: string
)text";

TEST(PlanText, ReadsBackWhatItWrites) {
  const auto plan = read_plan(kPlan);
  ASSERT_TRUE(plan.has_value()) << plan.error().to_string();
  EXPECT_EQ(plan->stages.size(), 2u);
  EXPECT_EQ(plan->edges[EdgeId(1)].keys, std::vector<std::string>{"k"});
  EXPECT_TRUE(plan->edges[EdgeId(0)].is_ordered);
  const std::string text = write_plan(*plan);
  EXPECT_EQ(text, [] {
    std::string expected(kPlan);
    expected.replace(expected.find("  schema k: string\nnode 2a"), 0, "  connector ``\n  declared\n");
    expected.replace(expected.rfind("  schema"), 0, "  connector ``\n");
    return expected;
  }());
  const auto again = read_plan(text);
  ASSERT_TRUE(again.has_value()) << again.error().to_string();
  EXPECT_EQ(*again, *plan);
}

TEST(PlanText, AStageWithoutNodesReadsBack) {
  std::string text(kPlan);
  const size_t nodes = text.find("  nodes");
  text.erase(nodes, text.find('\n', nodes) + 1 - nodes);
  const auto plan = read_plan(text);
  ASSERT_TRUE(plan.has_value()) << plan.error().to_string();
  EXPECT_TRUE(plan->stages[StageId(size_t{0})].nodes.empty());
  const auto again = read_plan(write_plan(*plan));
  ASSERT_TRUE(again.has_value()) << again.error().to_string();
  EXPECT_EQ(*again, *plan);
}

std::string error_of(std::string_view from, std::string_view to) {
  std::string text(kPlan);
  text.replace(text.find(from), from.size(), to);
  const auto plan = read_plan(text);
  return plan ? "no error" : plan.error().to_string();
}

TEST(PlanText, SaysWhatIsWrong) {
  EXPECT_EQ(error_of("graph ", "grape "), "a plan holds the text of its graph, and here is none");
  EXPECT_EQ(error_of("plan 128", "plan 0"), "line 1: there is at least one key group at the end of the line");
  EXPECT_EQ(error_of("nodes 1, 2a", "nodes 1, 2b"), "line 3: the graph has no node 2b at the end of the line");
  EXPECT_EQ(error_of("from 0 to 1", "from 0 to 7"), "an edge of the plan joins stages that it does not have");
  EXPECT_EQ(error_of("output 0", "output 9"), "stage S0 feeds an edge that is not there");
  EXPECT_EQ(error_of("input edge 0", "input edge 5"), "stage S1 reads an edge that is not there");
  EXPECT_EQ(error_of("tasks 1", "tasks 0"), "stage S1 has no tasks");
  EXPECT_EQ(error_of("state sort", "state heap"), "line 18: there is no such kind of state at `s 3`");
  EXPECT_EQ(error_of("node 1 source", "node 1 sauce"),
            "line 2: there is no node kind `sauce` at the end of the line (in the plan's graph)");
}

TEST(PlanText, DamagedTextIsRefusedOrReadsBack) {
  for (uint32_t seed = 0; seed < 3000; ++seed) {
    testing::RandomGraph random(seed);
    std::string text(kPlan);
    const size_t at = random.below(text.size());
    if (random.coin())
      text.erase(at, 1 + random.below(6));
    else
      text.insert(at, random.text());
    const auto plan = read_plan(text);
    if (!plan) continue;
    const auto again = read_plan(write_plan(*plan));
    ASSERT_TRUE(again.has_value()) << "seed " << seed << ": " << again.error().to_string();
    ASSERT_EQ(*again, *plan) << "seed " << seed;
  }
}

}  // namespace
}  // namespace sluice
