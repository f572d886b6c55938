// R24: each task keeps only its own first rows, so that at most `limit` rows per task (and those tied with them) meet
// in the one task that takes the first of all, or the first of a window.
#include <fmt/format.h>

#include "compiler/passes/passes.h"

namespace sluice::passes {

namespace {

// Do the rows come from this top in each task, perhaps with fewer columns?
bool is_local_top(const FlowGraph& graph, NodeId rows, TopNode top) {
  while (graph.nodes[rows].kind() == NodeKind::Project) rows = graph.nodes[rows].inputs[0];
  top.rank_column.clear();
  return graph.nodes[rows].payload == NodePayload(std::move(top));
}

// One group of rows, or one per window, of which few are open at a time: too few to spread the work over the tasks.
// Other keys spread it, and a task would see few rows of each: unless `@skew` or `@combine(on)` say otherwise.
bool has_few_groups(const TopNode& top, const ExchangeNode& exchange) {
  if (exchange.kind == ExchangeKind::Gather) return true;
  return exchange.kind == ExchangeKind::Hash && top.keys.size() == 1 && window_key(top.keys).has_value();
}

void split(GraphEditor& editor, NodeId id, NodeId exchange_id, Notes& notes) {
  const FlowGraph& graph = editor.graph();
  const Node single = graph.nodes[id];
  const NodeId input = graph.nodes[exchange_id].inputs[0];

  Node local = single;
  local.label = fresh_label(graph, single.label);
  local.name = single.name + ".local";
  if (!local.text.empty()) local.text += " (each task)";
  local.inputs = {input};
  local.parallelism = graph.nodes[input].parallelism;
  local.schema = graph.nodes[input].schema;
  local.rows = graph.nodes[input].rows;
  local.as<TopNode>()->rank_column.clear();
  const std::string local_label = local.label;
  const NodeId local_id = editor.add(std::move(local));

  Node crossing = editor.graph().nodes[exchange_id];
  crossing.inputs = {local_id};
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
  const uint64_t limit = single.as<TopNode>()->limit;
  notes.fired({local_label, merged.label}, fmt::format("top {} per task, then top {} of what they kept", limit, limit));
  editor.replace(id, std::move(merged));
}

}  // namespace

PassResult two_phase_top(FlowGraph graph, const PassOptions&) {
  Notes notes("two_phase_top");
  GraphEditor editor(std::move(graph));
  for (const NodeId id : editor.graph().ids()) {
    const Node& node = editor.graph().nodes[id];
    if (node.kind() != NodeKind::Top || node.as<TopNode>()->is_incremental) continue;
    const NodeId input = node.inputs[0];
    const auto* exchange = editor.graph().nodes[input].as<ExchangeNode>();
    if (node.as<TopNode>()->session) {
      notes.not_fired({node.label}, "only who sees all rows of a key knows its sessions");
    } else if (exchange == nullptr) {
      notes.not_fired({node.label}, "its rows cross no exchange");
    } else if (node.combine == false) {
      notes.not_fired({node.label}, "`@combine(off)` sends every row across the exchange");
    } else if (node.combine != true && !has_few_groups(*node.as<TopNode>(), *exchange)) {
      notes.not_fired({node.label}, "its groups are spread over the tasks already");
    } else if (is_local_top(editor.graph(), editor.graph().nodes[input].inputs[0], *node.as<TopNode>())) {
      notes.not_fired({node.label}, "each task has its own top already");
    } else {
      split(editor, id, input, notes);
    }
  }
  return {std::move(editor).finish(), std::move(notes).take()};
}

}  // namespace sluice::passes
