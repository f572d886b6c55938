#include "runtime/task/watermark_origin.h"

#include <algorithm>
#include <set>

#include "lang/graph/ways.h"

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

namespace {

// Does what it gives out in its finish phase belong to windows, so that it comes when these are complete?
bool gives_windows(const Node& node) {
  if (session_of(node) != nullptr) return true;
  if (const auto* aggregate = node.as<AggregateNode>())
    return window_key(aggregate->keys) || collects_changes(*aggregate);
  if (const auto* top = node.as<TopNode>()) return window_key(top->keys) || collects_changes(*top);
  if (const auto* frame = node.as<FrameNode>()) return follows_time(*frame);
  const auto* join = node.as<JoinNode>();
  return join != nullptr && window_key(join->left_keys);
}

// An aggregate that follows its changes gives out nothing new at its end but the result for no rows at all.
bool waits_for_end(const Node& node) {
  const auto* aggregate = node.as<AggregateNode>();
  if (aggregate != nullptr && aggregate->is_incremental) return false;
  return is_blocking(node) && !gives_windows(node);
}

}  // namespace

bool holds_watermark(const JobPlan& plan, StageId stage, EdgeId edge) {
  const std::set<NodeId> way = way_to(plan.graph, plan.edges[edge].exchange);
  return std::ranges::any_of(plan.stages[stage].nodes,
                             [&](NodeId id) { return way.contains(id) && waits_for_end(plan.graph.nodes[id]); });
}

std::vector<bool> windowed_phases(const JobPlan& plan, StageId stage) {
  std::vector<bool> phases;
  for (const NodeId id : plan.stages[stage].nodes)
    if (const Node& node = plan.graph.nodes[id]; is_blocking(node)) phases.push_back(gives_windows(node));
  return phases;
}

}  // namespace sluice
