#include "lang/graph/endless.h"

#include <algorithm>
#include <set>

namespace sluice {

bool is_endless(const Node& node, bool inputs_endless) {
  if (const auto* source = node.as<SourceNode>()) return source->is_endless;
  // When it has its rows it ends what feeds it. Of a table there are no rows before the end.
  if (const auto* limit = node.as<LimitNode>(); limit != nullptr && limit->take && !node.rows.is_table) return false;
  return inputs_endless;
}

std::vector<bool> endless_nodes(const FlowGraph& graph) {
  std::vector<bool> endless;
  for (const auto& node : graph.nodes) {
    const bool inputs = std::ranges::any_of(node.inputs, [&](NodeId input) { return endless[input.value]; });
    endless.push_back(is_endless(node, inputs));
  }
  return endless;
}

namespace {

// Does the step give out rows that later rows of a stream can take back?
bool makes_table(const Node& node) {
  const auto* join = node.as<JoinNode>();
  if (join == nullptr) return node.kind() == NodeKind::Aggregate || node.kind() == NodeKind::Top;
  return join->kind != JoinKind::Inner && join->kind != JoinKind::Semi && !window_key(join->left_keys);
}

// May a row that had no partner find one later? Those of a side that has ended are all there.
bool may_find_partners(const JoinNode& join, const Node& node, const std::vector<bool>& endless) {
  const bool waits_for_right = may_lack_right(join.kind) || join.kind == JoinKind::Anti;
  return (waits_for_right && endless[node.inputs[1].value]) ||
         (may_lack_left(join.kind) && endless[node.inputs[0].value]);
}

std::optional<NodeId> find_changing(const FlowGraph& graph, const std::vector<bool>& endless, NodeId id,
                                    std::set<NodeId>& seen) {
  const Node& node = graph.nodes[id];
  if (!node.rows.is_table || !endless[id.value] || !seen.insert(id).second) return std::nullopt;
  const auto is_table = [&](NodeId input) { return graph.nodes[input].rows.is_table; };
  for (const NodeId input : node.inputs)
    if (auto found = find_changing(graph, endless, input, seen)) return found;
  // Tables that end do not change any more when the others are read on.
  if (std::ranges::any_of(node.inputs, is_table) && !makes_table(node)) return std::nullopt;
  const auto* join = node.as<JoinNode>();
  if (join != nullptr && makes_table(node) && !may_find_partners(*join, node, endless)) return std::nullopt;
  return id;
}

}  // namespace

std::optional<NodeId> changing_step(const FlowGraph& graph, const std::vector<bool>& endless, NodeId node) {
  std::set<NodeId> seen;
  return find_changing(graph, endless, node, seen);
}

std::optional<NodeId> table_maker(const FlowGraph& graph, NodeId node) {
  const auto is_table = [&](NodeId id) { return graph.nodes[id].rows.is_table; };
  if (!is_table(node)) return std::nullopt;
  while (true) {
    const auto& inputs = graph.nodes[node].inputs;
    const auto below = std::ranges::find_if(inputs, is_table);
    if (below == inputs.end()) return node;
    node = *below;
  }
}

}  // namespace sluice
