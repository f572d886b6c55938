#include "runtime/plan/check_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

namespace sluice {

namespace {

template <class... Args>
std::unexpected<Error> bad_plan(fmt::format_string<Args...> format, Args&&... args) {
  return internal_error("this plan cannot be run: " + fmt::format(format, std::forward<Args>(args)...));
}

Status check_edge(const JobPlan& plan, EdgeId id) {
  const EdgePlan& edge = plan.edges[id];
  if (!plan.stages.contains(edge.from) || !plan.stages.contains(edge.to))
    return bad_plan("edge {} joins stages that do not exist", id.value);
  if (!(edge.from < edge.to)) return bad_plan("edge {} leads to an earlier stage", id.value);
  const StagePlan& from = plan.stages[edge.from];
  const StagePlan& to = plan.stages[edge.to];
  if (std::ranges::count(from.outputs, id) != 1) return bad_plan("edge {} is no output of {}", id.value, from.name);
  if (std::ranges::count(to.inputs, id, &StageInput::edge) != 1)
    return bad_plan("edge {} is no input of {}", id.value, to.name);
  if (edge.kind == ExchangeKind::Gather && to.parallelism != 1)
    return bad_plan("{} gathers with {} tasks", to.name, to.parallelism);
  if (edge.kind == ExchangeKind::Forward && to.parallelism != from.parallelism)
    return bad_plan("{} forwards to {}, which has another number of tasks", from.name, to.name);
  return {};
}

Status check_node(const JobPlan& plan, const StagePlan& stage, NodeId node, NodeKind kind) {
  if (!plan.graph.nodes.contains(node)) return bad_plan("{} names a node that does not exist", stage.name);
  if (plan.graph.nodes[node].kind() != kind)
    return bad_plan("node {} of {} is not a {}", plan.graph.nodes[node].label, stage.name, node_kind_name(kind));
  return {};
}

Status check_stage(const JobPlan& plan, StageId id) {
  const StagePlan& stage = plan.stages[id];
  if (stage.parallelism == 0 || stage.parallelism > plan.key_groups)
    return bad_plan("{} has {} tasks, but 1 to {} are possible", stage.name, stage.parallelism, plan.key_groups);
  for (const auto& input : stage.inputs) {
    if (input.source.is_valid() == input.edge.is_valid())
      return bad_plan("an input of {} is not one thing", stage.name);
    if (input.source.is_valid()) SLUICE_TRY(check_node(plan, stage, input.source, NodeKind::Source));
    if (input.edge.is_valid() && (!plan.edges.contains(input.edge) || plan.edges[input.edge].to != id))
      return bad_plan("an input of {} is an edge that leads elsewhere", stage.name);
  }
  for (const EdgeId output : stage.outputs)
    if (!plan.edges.contains(output) || plan.edges[output].from != id)
      return bad_plan("an output of {} is an edge that begins elsewhere", stage.name);
  for (const NodeId sink : stage.sinks) SLUICE_TRY(check_node(plan, stage, sink, NodeKind::Sink));
  for (const auto& state : stage.states)
    if (!plan.graph.nodes.contains(state.node)) return bad_plan("state {} belongs to no node", state.name);
  return {};
}

}  // namespace

Status check_plan(const JobPlan& plan) {
  if (plan.key_groups == 0) return bad_plan("it has no key groups");
  if (plan.stages.size() == 0) return bad_plan("it has no stages");
  for (size_t i = 0; i < plan.edges.size(); ++i) SLUICE_TRY(check_edge(plan, EdgeId(i)));
  for (size_t i = 0; i < plan.stages.size(); ++i) SLUICE_TRY(check_stage(plan, StageId(i)));
  return {};
}

}  // namespace sluice
