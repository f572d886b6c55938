#include "runtime/task/watermark_origin.h"

#include <algorithm>
#include <set>

namespace sluice {

namespace {

uint32_t counter_of(const StagePlan& stage, NodeId node) {
  const auto it = std::ranges::find_if(
      stage.states, [&](const StatePlan& state) { return state.kind == StateKind::Counter && state.node == node; });
  return static_cast<uint32_t>(it - stage.states.begin());
}

class Search {
 public:
  Search(const JobPlan& plan, StageId stage) : plan_(plan), stage_(plan.stages[stage]) {}

  WatermarkOrigin run(NodeId start) && {
    visit(start);
    return std::move(origin_);
  }

 private:
  void visit(NodeId id) {
    if (!seen_.insert(id).second) return;
    bool has_user = false;
    for (const NodeId user : plan_.graph.users_of(id)) {
      const bool is_here = std::ranges::find(stage_.nodes, user) != stage_.nodes.end();
      if (!is_here) continue;
      has_user = true;
      if (const auto* time = plan_.graph.nodes[user].as<TimeNode>()) {
        origin_.nodes.push_back({user, counter_of(stage_, user), time->delay, time->idle});
      } else {
        visit(user);
      }
    }
    if (!has_user) origin_.is_own = true;
  }

  const JobPlan& plan_;
  const StagePlan& stage_;
  std::set<NodeId> seen_;
  WatermarkOrigin origin_;
};

}  // namespace

WatermarkOrigin watermark_origin(const JobPlan& plan, StageId stage, size_t input) {
  const StageInput& from = plan.stages[stage].inputs[input];
  WatermarkOrigin origin =
      Search(plan, stage).run(from.source.is_valid() ? from.source : plan.edges[from.edge].exchange);
  // What is read from a source beside its time holds nothing up.
  if (from.source.is_valid() && !origin.nodes.empty()) origin.is_own = false;
  return origin;
}

std::vector<bool> windowed_phases(const JobPlan& plan, StageId stage) {
  std::vector<bool> phases;
  for (const NodeId id : plan.stages[stage].nodes) {
    const Node& node = plan.graph.nodes[id];
    if (!is_blocking(node)) continue;
    const auto* aggregate = node.as<AggregateNode>();
    const auto* top = node.as<TopNode>();
    const auto* frame = node.as<FrameNode>();
    const auto* join = node.as<JoinNode>();
    phases.push_back(session_of(node) != nullptr ||
                     (aggregate != nullptr && (window_key(aggregate->keys) || collects_changes(*aggregate))) ||
                     (top != nullptr && window_key(top->keys)) || (frame != nullptr && follows_time(*frame)) ||
                     (join != nullptr && window_key(join->left_keys)));
  }
  return phases;
}

}  // namespace sluice
