#include "runtime/task/table_inputs.h"

#include <algorithm>
#include <set>

namespace sluice {

namespace {

// The lookups of the stage that rows of one input come to.
struct Reached {
  std::set<NodeId> left;
  std::set<NodeId> right;
};

class Search {
 public:
  Search(const JobPlan& plan, StageId stage) : plan_(plan), stage_(plan.stages[stage]) {}

  Reached run(NodeId start) && {
    visit(start);
    return std::move(reached_);
  }

 private:
  void visit(NodeId id) {
    if (!seen_.insert(id).second) return;
    for (const NodeId user : plan_.graph.users_of(id)) {
      if (std::ranges::find(stage_.nodes, user) == stage_.nodes.end()) continue;
      const Node& node = plan_.graph.nodes[user];
      const auto* join = node.as<JoinNode>();
      const bool is_lookup = join != nullptr && join->is_lookup;
      if (is_lookup && node.inputs[1] == id) {
        reached_.right.insert(user);
        continue;
      }
      if (is_lookup) reached_.left.insert(user);
      visit(user);
    }
  }

  const JobPlan& plan_;
  const StagePlan& stage_;
  std::set<NodeId> seen_;
  Reached reached_;
};

}  // namespace

std::vector<TableInput> table_inputs(const JobPlan& plan, StageId stage) {
  std::vector<Reached> reached;
  for (const auto& input : plan.stages[stage].inputs)
    reached.push_back(
        Search(plan, stage).run(input.source.is_valid() ? input.source : plan.edges[input.edge].exchange));
  std::vector<TableInput> result(reached.size());
  for (size_t i = 0; i < reached.size(); ++i) {
    result[i].fills_table = !reached[i].right.empty();
    for (size_t table = 0; table < reached.size(); ++table) {
      const bool is_needed =
          std::ranges::any_of(reached[i].left, [&](NodeId join) { return reached[table].right.contains(join); });
      if (is_needed && table != i) result[i].waits_for.push_back(table);
    }
  }
  return result;
}

}  // namespace sluice
