// R25: ends a stage behind a step with `@cut`, so that another task goes on with its rows at the same time. For what
// runs in one task, such as reading rows by their event time, followed by much work. Rows stay in their order.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "compiler/passes/passes.h"
#include "lang/graph/ways.h"

namespace sluice::passes {

namespace {

bool is_exchange(const FlowGraph& graph, NodeId id) { return graph.nodes[id].kind() == NodeKind::Exchange; }

// Is the node a part of a step that has more parts behind it? Each of them has the hint.
bool goes_on(const FlowGraph& graph, NodeId id) {
  const auto users = graph.users_of(id);
  return std::ranges::any_of(
      users, [&](NodeId user) { return graph.nodes[user].is_cut && graph.nodes[user].span == graph.nodes[id].span; });
}

// Rows that came through an exchange would come to a union or a join in another order than those that stayed.
bool meets_others(const FlowGraph& graph, NodeId cut) {
  const std::set<NodeId> steps = nodes_behind(graph, cut);
  return std::ranges::any_of(steps, [&](NodeId step) {
    return std::ranges::any_of(graph.nodes[step].inputs,
                               [&](NodeId input) { return input != cut && !steps.contains(input); });
  });
}

// Empty when the stage can end behind the node, else what keeps it from that.
std::string obstacle(const FlowGraph& graph, NodeId id, const PassOptions& options) {
  if (options.parallelism <= 1) return "one task does everything: there is none to go on";
  const auto users = graph.users_of(id);
  if (std::ranges::all_of(users, [&](NodeId user) { return is_exchange(graph, user); }))
    return "its stage ends here anyway";
  if (graph.nodes[id].parallelism > 1)
    return fmt::format("{} tasks share its work already", graph.nodes[id].parallelism);
  if (meets_others(graph, id)) return "its rows meet others further down, which would come in another order";
  return {};
}

}  // namespace

PassResult cut_stages(FlowGraph graph, const PassOptions& options) {
  Notes notes("cut_stages");
  GraphEditor editor(std::move(graph));
  size_t exchange_count = 0;
  for (const NodeId id : editor.graph().ids()) {
    const Node node = editor.graph().nodes[id];
    if (!node.is_cut || goes_on(editor.graph(), id)) continue;
    if (std::string reason = obstacle(editor.graph(), id, options); !reason.empty()) {
      notes.not_fired({node.label}, std::move(reason));
      continue;
    }
    Node exchange;
    exchange.label = fresh_exchange_label(editor.graph(), exchange_count);
    exchange.span = node.span;
    exchange.inputs = {id};
    exchange.schema = node.schema;
    exchange.rows = node.rows;
    exchange.parallelism = 1;
    exchange.payload = ExchangeNode{ExchangeKind::Gather, {}};
    const std::string label = exchange.label;
    const auto users = editor.graph().users_of(id);
    const NodeId added = editor.add(std::move(exchange));
    for (const NodeId user : users) {
      if (is_exchange(editor.graph(), user)) continue;
      std::vector<NodeId> inputs = editor.graph().nodes[user].inputs;
      std::ranges::replace(inputs, id, added);
      editor.set_inputs(user, std::move(inputs));
    }
    notes.fired({node.label, label}, "another task goes on with its rows");
  }
  return {std::move(editor).finish(), std::move(notes).take()};
}

}  // namespace sluice::passes
