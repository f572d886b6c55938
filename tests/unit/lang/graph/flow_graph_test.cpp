#include "lang/graph/flow_graph.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

const Schema kRow{{{"x", Type(TypeKind::Int)}}};

Node node(std::string label, NodePayload payload, std::vector<NodeId> inputs = {}) {
  Node result;
  result.label = std::move(label);
  result.inputs = std::move(inputs);
  result.schema = kRow;
  result.payload = std::move(payload);
  return result;
}

std::vector<std::string> labels(const FlowGraph& graph) {
  std::vector<std::string> result;
  for (const auto& each : graph.nodes) result.push_back(each.label);
  return result;
}

// 1 source, 2 source, 3 union of both, 4 sink, 5 limit of 2 that nothing uses.
FlowGraph two_sources() {
  FlowGraph graph;
  const NodeId a = graph.nodes.add(node("1", SourceNode{}));
  const NodeId b = graph.nodes.add(node("2", SourceNode{}));
  const NodeId both = graph.nodes.add(node("3", UnionNode{}, {a, b}));
  graph.nodes.add(node("4", SinkNode{}, {both}));
  graph.nodes.add(node("5", LimitNode{}, {b}));
  return graph;
}

TEST(FlowGraph, UsersOf) {
  const FlowGraph graph = two_sources();
  EXPECT_EQ(graph.users_of(NodeId(1)), (std::vector<NodeId>{NodeId(2), NodeId(4)}));
  EXPECT_TRUE(graph.users_of(NodeId(3)).empty());
}

TEST(GraphEditor, FinishKeepsTheOrderAndDropsWhatNoSinkNeeds) {
  EXPECT_EQ(labels(GraphEditor(two_sources()).finish()), (std::vector<std::string>{"1", "2", "3", "4"}));
}

TEST(GraphEditor, InsertedNodesStandAboveTheirUsers) {
  GraphEditor editor(two_sources());
  const NodeId limit = editor.add(node("6", LimitNode{}, {NodeId(0)}));
  editor.redirect(NodeId(0), limit, limit);
  const FlowGraph graph = std::move(editor).finish();
  EXPECT_EQ(labels(graph), (std::vector<std::string>{"1", "2", "6", "3", "4"}));
  EXPECT_EQ(graph.nodes[NodeId(3)].inputs, (std::vector<NodeId>{NodeId(2), NodeId(1)}));
  EXPECT_EQ(graph.nodes[NodeId(2)].inputs, (std::vector<NodeId>{NodeId(0)}));
}

TEST(GraphEditor, ReplaceAndSetInputs) {
  GraphEditor editor(two_sources());
  editor.replace(NodeId(2), node("3", LimitNode{.skip = 1, .take = {}}, {NodeId(1)}));
  editor.set_inputs(NodeId(2), {NodeId(0)});
  const FlowGraph graph = std::move(editor).finish();
  EXPECT_EQ(labels(graph), (std::vector<std::string>{"1", "3", "4"}));
}

TEST(GraphEditorDeath, ACycleIsADefect) {
  GraphEditor editor(two_sources());
  editor.set_inputs(NodeId(2), {NodeId(3)});
  EXPECT_DEATH((void)std::move(editor).finish(), "cycle");
}

}  // namespace
}  // namespace sluice
