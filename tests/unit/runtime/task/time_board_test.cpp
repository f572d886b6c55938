#include "runtime/task/time_board.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

NodeId add(JobPlan& plan, NodePayload payload, std::vector<NodeId> inputs, uint32_t parallelism = 1) {
  Node node;
  node.payload = std::move(payload);
  node.inputs = std::move(inputs);
  node.parallelism = parallelism;
  return plan.graph.nodes.add(std::move(node));
}

TimeNode idle_after(int64_t microseconds) {
  TimeNode node;
  node.idle = microseconds;
  return node;
}

TEST(TimeBoard, SourcesWhoseRowsMeetAreBesideEachOther) {
  JobPlan plan;
  const NodeId a = add(plan, idle_after(5'000), {add(plan, SourceNode{}, {})});
  const NodeId b = add(plan, TimeNode{}, {add(plan, SourceNode{}, {})}, 2);
  const NodeId alone = add(plan, TimeNode{}, {add(plan, SourceNode{}, {})});
  const NodeId both = add(plan, UnionNode{}, {a, b});
  add(plan, idle_after(3'000), {both});
  EXPECT_EQ(TimeBoard::shortest_idle(plan.graph), std::chrono::microseconds(3'000));

  TimeBoard board(plan);
  EXPECT_EQ(board.beside(a), std::nullopt);  // b knows no time yet
  board.note(alone, 0, 5, true);
  board.note(b, 0, 10, true);
  EXPECT_EQ(board.beside(a), std::nullopt);  // its other task does not
  board.note(b, 1, 20, true);
  EXPECT_EQ(board.beside(a), 10);
  EXPECT_EQ(board.beside(alone), std::nullopt);
  board.note(b, 0, 10, false);  // it has ended
  EXPECT_EQ(board.beside(a), 20);
  board.note(b, 1, 20, false);  // nobody is left who holds time back
  EXPECT_EQ(board.beside(a), 20);
}

TEST(TimeBoard, OnlyWhereASourceSaysIdle) {
  JobPlan plan;
  add(plan, TimeNode{}, {add(plan, SourceNode{}, {})});
  EXPECT_EQ(TimeBoard::shortest_idle(plan.graph), std::nullopt);
}

}  // namespace
}  // namespace sluice
