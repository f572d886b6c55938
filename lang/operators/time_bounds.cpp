#include "lang/operators/time_bounds.h"

#include <algorithm>
#include <ranges>
#include <set>
#include <vector>

#include "lang/graph/time_order.h"
#include "lang/support/saturating.h"

namespace sluice {

namespace {

// Under which names something is passed on; of a record also the names of its fields.
std::vector<std::string> names_behind(const std::vector<NamedExpr>& columns, const std::string& name) {
  std::vector<std::string> names;
  for (const auto& column : columns) {
    if (column.expr.kind == ExprKind::Record) {
      for (size_t i = 0; i < column.expr.args.size(); ++i)
        if (column_or_field(column.expr.args[i]) == name)
          names.push_back(column.name + "." + column.expr.type.fields[i].name);
      continue;
    }
    const auto from = column_or_field(column.expr);
    if (!from) continue;
    if (*from == name) names.push_back(column.name);
    if (name.starts_with(*from + ".")) names.push_back(column.name + name.substr(from->size()));
  }
  return names;
}

// `if a >= b then a else b`, which is how a pair gets its time.
std::optional<std::pair<std::string, std::string>> later_of(const Expr& expr) {
  if (expr.kind != ExprKind::If || !expr.args[0].is_op(ExprOp::Ge) || expr.args[0].args[0] != expr.args[1] ||
      expr.args[0].args[1] != expr.args[2])
    return std::nullopt;
  const auto a = column_or_field(expr.args[1]);
  const auto b = column_or_field(expr.args[2]);
  return a && b ? std::optional(std::pair(*a, *b)) : std::nullopt;
}

}  // namespace

std::optional<std::string> column_or_field(const Expr& expr) {
  if (expr.kind == ExprKind::Column) return std::string(expr.name);
  if (expr.kind != ExprKind::Field) return std::nullopt;
  const auto record = column_or_field(expr.args[0]);
  return record ? std::optional(*record + "." + std::string(expr.name)) : std::nullopt;
}

void TimeBounds::add(const std::string& earlier, const std::string& later, int64_t distance) {
  const auto [known, is_new] = distances_.emplace(std::pair(earlier, later), distance);
  known->second = std::min(known->second, distance);
}

std::optional<int64_t> TimeBounds::distance(const std::string& earlier, const std::string& later) const {
  const auto it = distances_.find({earlier, later});
  return it == distances_.end() ? std::nullopt : std::optional(it->second);
}

void TimeBounds::add_condition(const Expr& condition) {
  std::vector<const Expr*> parts;
  split_conjunction(condition, parts);
  for (const Expr* part : parts) {
    const auto order = time_order_of(*part);
    if (!order) continue;
    const auto earlier = column_or_field(*order->earlier);
    const auto later = column_or_field(*order->later);
    if (earlier && later) add(*earlier, *later, order->distance);
  }
}

// What follows from two of them: a <= b + 1s and b <= c + 2s make a <= c + 3s.
void TimeBounds::close() {
  std::set<std::string> names;
  for (const auto& [pair, distance] : distances_) {
    names.insert(pair.first);
    names.insert(pair.second);
  }
  for (const auto& middle : names)
    for (const auto& from : names) {
      const auto first = distance(from, middle);
      if (!first) continue;
      for (const auto& to : names)
        if (const auto second = distance(middle, to)) add(from, to, saturating_add(*first, *second));
    }
}

TimeBounds TimeBounds::of(const FlowGraph& graph, NodeId node) {
  std::vector<NodeId> way;  // down to where nothing is known
  for (way.push_back(node); graph.nodes[way.back()].inputs.size() == 1;)
    way.push_back(graph.nodes[way.back()].inputs[0]);
  TimeBounds bounds;
  for (const NodeId id : std::views::reverse(way)) {
    const auto* join = graph.nodes[id].as<JoinNode>();
    bounds = join != nullptr ? of_pairs(graph, graph.nodes[id], *join) : bounds.behind(graph.nodes[id]);
    bounds.close();
  }
  return bounds;
}

TimeBounds TimeBounds::behind(const Node& node) const {
  if (const auto* project = node.as<ProjectNode>()) return behind(*project);
  TimeBounds bounds = *this;
  if (const auto* time = node.as<TimeNode>()) {
    const std::string row_time(kRowTime);
    std::erase_if(bounds.distances_,
                  [&](const auto& known) { return known.first.first == row_time || known.first.second == row_time; });
    const auto column = time->time ? column_or_field(*time->time) : std::nullopt;
    if (!column) return bounds;
    bounds.add(row_time, *column, 0);
    bounds.add(*column, row_time, 0);
    return bounds;
  }
  if (const auto* filter = node.as<FilterNode>()) {
    bounds.add_condition(filter->condition);
    return bounds;
  }
  const bool passes_on = node.kind() == NodeKind::Expand || node.kind() == NodeKind::Window ||
                         node.kind() == NodeKind::Frame || node.kind() == NodeKind::Limit ||
                         node.kind() == NodeKind::Sort;
  return passes_on ? bounds : TimeBounds();
}

TimeBounds TimeBounds::behind(const ProjectNode& project) const {
  TimeBounds bounds;
  for (const auto& [pair, distance] : distances_)
    for (const auto& earlier : names_behind(project.columns, pair.first))
      for (const auto& later : names_behind(project.columns, pair.second)) bounds.add(earlier, later, distance);
  for (const auto& column : project.columns) {
    const auto times = later_of(column.expr);
    if (!times) continue;
    for (const auto& [pair, distance] : distances_) {
      if (pair.first != times->first) continue;
      const auto other = this->distance(times->second, pair.second);
      if (!other) continue;
      for (const auto& later : names_behind(project.columns, pair.second))
        bounds.add(column.name, later, std::max(distance, *other));
    }
  }
  return bounds;
}

TimeBounds TimeBounds::of_pairs(const FlowGraph& graph, const Node& node, const JoinNode& join) {
  TimeBounds bounds = of(graph, node.inputs[0]);
  if (join.kind == JoinKind::Semi || join.kind == JoinKind::Anti) return bounds;
  if (join.kind != JoinKind::Inner) return {};
  for (const auto& [pair, distance] : of(graph, node.inputs[1]).distances_)
    for (const auto& earlier : names_behind(join.right, pair.first))
      for (const auto& later : names_behind(join.right, pair.second)) bounds.add(earlier, later, distance);
  if (join.residual) bounds.add_condition(*join.residual);
  return bounds;
}

}  // namespace sluice
