#include "lang/graph/endless.h"

#include <gtest/gtest.h>

#include "lang/graph/graph_text.h"

namespace sluice {
namespace {

// 1 endless source, 2 source that ends; what stands behind them is the text.
FlowGraph graph_of(const std::string& rest) {
  const std::string source = "  connector c\n  declared x: int\n";
  const auto graph = read_graph("graph \"g\"\nnode 1 source\n" + source +
                                "  endless\n  schema x: int\nnode 2 source\n" + source + "  schema x: int\n" + rest);
  EXPECT_TRUE(graph.has_value()) << graph.error().message;
  return graph.value_or(FlowGraph());
}

std::string distinct(const std::string& label, const std::string& input) {
  return "node " + label + " aggregate (" + input + ")\n  key x = x:int\n  schema x: int\n  table\n";
}
std::string join(const std::string& label, const std::string& inputs, const std::string& kind) {
  return "node " + label + " join (" + inputs + ")\n  join " + kind +
         "\n  left_key x = x:int\n  right_key x = x:int\n  schema x: int\n  table\n";
}
std::optional<NodeId> changing_at_end(const std::string& rest) {
  const FlowGraph graph = graph_of(rest);
  return changing_step(graph, endless_nodes(graph), NodeId(graph.nodes.size() - 1));
}

TEST(Endless, FollowsTheInputs) {
  const FlowGraph graph = graph_of(
      "node 3 limit (1)\n  take 5\n  schema x: int\nnode 4 limit (1)\n  skip 5\n  schema x: int\n"
      "node 5 union (2, 4)\n  schema x: int\nnode 6 union (2, 3)\n  schema x: int\n" +
      distinct("7", "1") + "node 8 limit (7)\n  take 5\n  schema x: int\n  table\n");
  EXPECT_EQ(endless_nodes(graph), (std::vector<bool>{true, false, false, true, true, false, true, true}));
}

TEST(Endless, IsWrittenAndReadBack) {
  const FlowGraph graph = graph_of("");
  EXPECT_TRUE(graph.nodes[NodeId(0)].as<SourceNode>()->is_endless);
  EXPECT_EQ(read_graph(write_graph(graph)), graph);
}

TEST(Endless, TheFirstStepThatMakesATable) {
  EXPECT_EQ(changing_at_end(distinct("3", "1") + distinct("4", "3")), NodeId(2));
  EXPECT_EQ(changing_at_end(distinct("3", "2") + distinct("4", "3")), std::nullopt);
  EXPECT_EQ(changing_at_end(distinct("3", "1") + "node 4 union (2, 3)\n  schema x: int\n  table\n"), NodeId(2));
}

TEST(Endless, ATableThatEndsDoesNotChangeForEver) {
  EXPECT_EQ(changing_at_end(distinct("3", "2") + join("4", "1, 3", "inner")), std::nullopt);
  EXPECT_EQ(changing_at_end(distinct("3", "2") + join("4", "1, 3", "left")), std::nullopt);
  EXPECT_EQ(changing_at_end(distinct("3", "1") + join("4", "2, 3", "inner")), NodeId(2));
}

TEST(Endless, ARowWithoutAPartnerMayFindOneWhileTheOtherSideGoesOn) {
  EXPECT_EQ(changing_at_end(join("3", "1, 2", "left")), std::nullopt);
  EXPECT_EQ(changing_at_end(join("3", "1, 2", "anti")), std::nullopt);
  EXPECT_EQ(changing_at_end(join("3", "2, 1", "left")), NodeId(2));
  EXPECT_EQ(changing_at_end(join("3", "2, 1", "anti")), NodeId(2));
  EXPECT_EQ(changing_at_end(join("3", "2, 1", "right")), std::nullopt);
  EXPECT_EQ(changing_at_end(join("3", "1, 2", "right")), NodeId(2));
  EXPECT_EQ(changing_at_end(join("3", "1, 2", "full")), NodeId(2));
}

}  // namespace
}  // namespace sluice
