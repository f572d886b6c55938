// R18: counts on both sides of an exchange: each task aggregates its own rows first, and only one row per group and
// task crosses the exchange to be merged.
#include <fmt/format.h>

#include <algorithm>

#include "compiler/passes/passes.h"

namespace sluice::passes {

namespace {

// Empty when the aggregate can be split, else what keeps it from that.
std::string obstacle(const AggregateNode& aggregate) {
  if (aggregate.window_rows != 0) return "only who sees all rows of a key in their order can count them off";
  if (aggregate.session) return "only who sees all rows of a key knows its sessions";
  if (aggregate.is_incremental) return "each row gives out a change of its group at once";
  for (const auto& call : aggregate.calls) {
    if (call.is_distinct)
      return fmt::format("`{}` counts distinct values, and a task cannot know which of its values others have too",
                         call.name);
    if (!call.can_merge())
      return fmt::format("`{}` has no `merge`: add one to `agg {}` to aggregate before the exchange", call.name,
                         call.function);
  }
  return {};
}

void split(GraphEditor& editor, NodeId id, NodeId exchange_id, Notes& notes) {
  const FlowGraph& graph = editor.graph();
  const Node single = graph.nodes[id];
  const Node exchange = graph.nodes[exchange_id];
  const NodeId input = exchange.inputs[0];

  Node partial = single;
  partial.label = fresh_label(graph, single.label);
  partial.name = single.name + ".partial";
  partial.inputs = {input};
  partial.rows = {};  // a group has a row from every task
  partial.parallelism = graph.nodes[input].parallelism;
  partial.as<AggregateNode>()->phase = AggregatePhase::Partial;
  partial.schema = schema_of(partial, {&graph.nodes[input].schema});
  const std::string partial_label = partial.label;
  const Schema partial_schema = partial.schema;
  const NodeId partial_id = editor.add(std::move(partial));

  Node crossing = exchange;
  crossing.inputs = {partial_id};
  crossing.schema = partial_schema;
  crossing.rows = {};
  if (!crossing.as<ExchangeNode>()->keys.empty()) {
    crossing.as<ExchangeNode>()->keys.clear();
    for (const auto& key : single.as<AggregateNode>()->keys) crossing.as<ExchangeNode>()->keys.push_back(key.name);
  }
  NodeId crossing_id = exchange_id;
  if (editor.graph().users_of(exchange_id).size() == 1) {
    editor.replace(exchange_id, std::move(crossing));
  } else {
    crossing.label = fresh_label(editor.graph(), crossing.label);
    crossing_id = editor.add(std::move(crossing));
  }

  Node merged = single;
  merged.label = fresh_label(editor.graph(), single.label);
  merged.inputs = {crossing_id};
  merged.payload = final_phase(*single.as<AggregateNode>());
  notes.fired({partial_label, merged.label}, single.as<AggregateNode>()->keys.empty()
                                                 ? "one row per task crosses the exchange"
                                                 : "one row per group and task crosses the exchange");
  editor.replace(id, std::move(merged));
}

}  // namespace

PassResult two_phase_aggregate(FlowGraph graph, const PassOptions&) {
  Notes notes("two_phase_aggregate");
  GraphEditor editor(std::move(graph));
  for (const NodeId id : editor.graph().ids()) {
    const Node& node = editor.graph().nodes[id];
    const auto* aggregate = node.as<AggregateNode>();
    if (aggregate == nullptr || aggregate->phase != AggregatePhase::Single) continue;
    const NodeId input = node.inputs[0];
    if (editor.graph().nodes[input].kind() != NodeKind::Exchange) {
      notes.not_fired({node.label}, "its rows cross no exchange");
    } else if (node.combine == false) {
      notes.not_fired({node.label}, "`@combine(off)` sends every row across the exchange");
    } else if (std::string reason = obstacle(*aggregate); !reason.empty()) {
      notes.not_fired({node.label}, std::move(reason));
    } else {
      split(editor, id, input, notes);
    }
  }
  return {std::move(editor).finish(), std::move(notes).take()};
}

}  // namespace sluice::passes
