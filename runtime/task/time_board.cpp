#include "runtime/task/time_board.h"

#include <algorithm>
#include <set>

#include "lang/graph/ways.h"

namespace sluice {

TimeBoard::TimeBoard(const JobPlan& plan) {
  const FlowGraph& graph = plan.graph;
  std::map<NodeId, std::set<NodeId>> behind;
  for (const NodeId id : graph.ids()) {
    if (graph.nodes[id].kind() != NodeKind::Time) continue;
    behind[id] = nodes_behind(graph, id);
    places_.emplace(id, std::vector<Place>(std::max(1U, graph.nodes[id].parallelism)));
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

void TimeBoard::note(NodeId node, uint32_t task, int64_t watermark, bool is_active) noexcept {
  Place& place = places_.at(node)[task];
  place.watermark.store(watermark, std::memory_order_relaxed);
  place.is_active.store(is_active, std::memory_order_relaxed);
}

std::optional<int64_t> TimeBoard::beside(NodeId node) const noexcept {
  const auto others = beside_.find(node);
  if (others == beside_.end()) return std::nullopt;
  bool is_any_active = false;
  int64_t lowest = kEndOfTime;
  int64_t highest = kNoWatermark;
  for (const NodeId other : others->second)
    for (const Place& place : places_.at(other)) {
      const int64_t watermark = place.watermark.load(std::memory_order_relaxed);
      highest = std::max(highest, watermark);
      if (!place.is_active.load(std::memory_order_relaxed)) continue;
      is_any_active = true;
      lowest = std::min(lowest, watermark);
    }
  const int64_t watermark = is_any_active ? lowest : highest;
  return watermark == kNoWatermark ? std::nullopt : std::optional(watermark);
}

}  // namespace sluice
