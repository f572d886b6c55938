#include "runtime/task/key_range.h"

#include <algorithm>
#include <string>
#include <vector>

namespace sluice {

namespace {

using Names = std::vector<std::string>;

bool is_plain_column(const Expr& expr, const std::string& name) {
  return expr.kind == ExprKind::Column && expr.name == name;
}

// Does every name among `names` come out of `columns` as it went in?
bool passes_through(const std::vector<NamedExpr>& columns, const Names& names) {
  return std::ranges::all_of(names, [&](const std::string& name) {
    return std::ranges::any_of(
        columns, [&](const NamedExpr& column) { return column.name == name && is_plain_column(column.expr, name); });
  });
}

bool passes_through(const Node& node, const Names& names) {
  if (const auto* project = node.as<ProjectNode>()) return passes_through(project->columns, names);
  if (const auto* aggregate = node.as<AggregateNode>()) return passes_through(aggregate->keys, names);
  if (const auto* expand = node.as<ExpandNode>()) return std::ranges::find(names, expand->column) == names.end();
  if (const auto* window = node.as<WindowNode>()) return std::ranges::find(names, window->column) == names.end();
  if (node.kind() == NodeKind::Time) {
    return std::ranges::none_of(names, [](const std::string& name) { return name == kRowTime || name == kRowMark; });
  }
  if (const auto* top = node.as<TopNode>()) return std::ranges::find(names, top->rank_column) == names.end();
  if (const auto* frame = node.as<FrameNode>()) {
    const auto made = made_columns(*frame);
    return std::ranges::none_of(
        made, [&](const Field& column) { return std::ranges::find(names, column.name) != names.end(); });
  }
  return true;  // the others do not change rows
}

// Do all rows that reach `id` come from exchanges by exactly `names`?
bool is_partitioned(const FlowGraph& graph, NodeId id, const Names& names) {
  const Node& node = graph.nodes[id];
  if (const auto* exchange = node.as<ExchangeNode>())
    return exchange->kind == ExchangeKind::Hash && exchange->keys == names;
  if (node.inputs.empty() || !passes_through(node, names)) return false;
  return std::ranges::all_of(node.inputs, [&](NodeId input) { return is_partitioned(graph, input, names); });
}

std::vector<NamedExpr> keys_of(const Node& node) {
  if (const auto* aggregate = node.as<AggregateNode>()) return meeting_keys(*aggregate);
  if (const auto* top = node.as<TopNode>()) return top->keys;
  return {};
}

}  // namespace

namespace {

// Do the rows of both sides come from exchanges by the keys?
bool is_spread_by_keys(const FlowGraph& graph, const Node& node, const JoinNode& join) {
  for (size_t side = 0; side < 2; ++side) {
    const auto* exchange = graph.nodes[node.inputs[side]].as<ExchangeNode>();
    const auto& keys = side == 0 ? join.left_keys : join.right_keys;
    if (exchange == nullptr || exchange->kind != ExchangeKind::Hash || exchange->keys.size() != keys.size())
      return false;
    for (size_t i = 0; i < keys.size(); ++i)
      if (!is_plain_column(keys[i].expr, exchange->keys[i])) return false;
  }
  return true;
}

}  // namespace

HashRange key_range(const JobPlan& plan, StageId stage_id, const StatePlan& state, uint32_t task) {
  const StagePlan& stage = plan.stages[stage_id];
  const Node& node = plan.graph.nodes[state.node];
  const auto range = [&] {
    return hash_range(plan.key_groups, first_key_group(plan.key_groups, stage.parallelism, task),
                      first_key_group(plan.key_groups, stage.parallelism, task + 1));
  };
  const auto* join = node.as<JoinNode>();
  if (join != nullptr && stage.parallelism != 1 && is_spread_by_keys(plan.graph, node, *join)) return range();
  const bool has_groups = state.kind == StateKind::Groups || state.kind == StateKind::Panes;
  const std::vector<NamedExpr> keys = keys_of(node);
  if (stage.parallelism == 1 || !has_groups || keys.empty()) return {};
  Names names;
  for (const auto& key : keys) {
    if (!is_plain_column(key.expr, key.name)) return {};
    names.push_back(key.name);
  }
  if (names != state.key.names()) return {};
  for (const NodeId input : node.inputs)
    if (!is_partitioned(plan.graph, input, names)) return {};
  return range();
}

}  // namespace sluice
