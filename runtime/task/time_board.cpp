#include "runtime/task/time_board.h"

#include <algorithm>
#include <set>

#include "runtime/data/block.h"

namespace sluice {

namespace {

std::set<NodeId> steps_behind(const FlowGraph& graph, NodeId start) {
  std::set<NodeId> behind;
  std::vector<NodeId> work{start};
  while (!work.empty()) {
    const NodeId id = work.back();
    work.pop_back();
    for (const NodeId user : graph.users_of(id))
      if (behind.insert(user).second) work.push_back(user);
  }
  return behind;
}

}  // namespace

TimeBoard::TimeBoard(const JobPlan& plan) {
  const FlowGraph& graph = plan.graph;
  std::map<NodeId, std::set<NodeId>> behind;
  for (const NodeId id : graph.ids()) {
    if (graph.nodes[id].kind() != NodeKind::Time) continue;
    behind[id] = steps_behind(graph, id);
    std::vector<std::atomic<int64_t>> tasks(std::max(1U, graph.nodes[id].parallelism));
    for (auto& watermark : tasks) watermark = kNoWatermark;
    watermarks_.emplace(id, std::move(tasks));
  }
  for (const auto& [id, steps] : behind)
    for (const auto& [other, other_steps] : behind) {
      // One behind the other: the second one sets the time anew.
      if (id == other || steps.contains(other) || other_steps.contains(id)) continue;
      const bool meet = std::ranges::any_of(steps, [&](NodeId step) { return other_steps.contains(step); });
      if (meet) beside_[id].push_back(other);
    }
}

std::optional<std::chrono::microseconds> TimeBoard::shortest_idle(const FlowGraph& graph) {
  std::optional<int64_t> shortest;
  for (const Node& node : graph.nodes)
    if (const auto* time = node.as<TimeNode>(); time != nullptr && time->idle)
      shortest = std::min(*time->idle, shortest.value_or(*time->idle));
  return shortest ? std::optional(std::chrono::microseconds(*shortest)) : std::nullopt;
}

void TimeBoard::note(NodeId node, uint32_t task, std::optional<int64_t> watermark) noexcept {
  watermarks_.at(node)[task].store(watermark.value_or(kEndOfTime), std::memory_order_relaxed);
}

std::optional<int64_t> TimeBoard::beside(NodeId node) const noexcept {
  const auto others = beside_.find(node);
  if (others == beside_.end()) return std::nullopt;
  int64_t lowest = kEndOfTime;
  for (const NodeId other : others->second)
    for (const auto& watermark : watermarks_.at(other))
      lowest = std::min(lowest, watermark.load(std::memory_order_relaxed));
  return lowest == kEndOfTime || lowest == kNoWatermark ? std::nullopt : std::optional(lowest);
}

}  // namespace sluice
