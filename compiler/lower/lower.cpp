#include "compiler/lower/lower.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "lang/support/invariant.h"

namespace sluice {

namespace {

Schema row_of(const std::vector<NamedExpr>& columns) {
  Schema schema;
  for (const auto& column : columns) schema.fields.push_back({column.name, column.expr.type});
  return schema;
}

Schema state_columns(const std::vector<AggregateCall>& calls) {
  Schema schema;
  for (const auto& call : calls)
    for (const auto& state : call.states) schema.fields.push_back({call.name + "." + state.name, state.type});
  return schema;
}

Schema distinct_key(const AggregateNode& aggregate, const AggregateCall& call) {
  // Those of a session are looked up by the session.
  Schema schema = aggregate.session ? Schema{{{"session", Type(TypeKind::Int)}}} : row_of(aggregate.keys);
  for (const auto& arg : call.args) schema.fields.push_back({call.name + "." + arg.name, arg.expr.type});
  return schema;
}

// What top and sort keep of a row: in front of its columns the values it is ordered by, so that comparing kept rows
// evaluates nothing.
Schema kept_row(const std::vector<OrderKey>& order, const Schema& row) {
  Schema schema;
  for (size_t i = 0; i < order.size(); ++i) schema.fields.push_back({fmt::format("order.{}", i), order[i].expr.type});
  std::ranges::copy(row.fields, std::back_inserter(schema.fields));
  return schema;
}

bool counts_late(const Node& node) {
  const auto* window = node.as<WindowNode>();
  return window != nullptr && window->counts_late && !window->late_rows;
}

std::vector<StatePlan> states_of(const FlowGraph& graph, NodeId id) {
  const Node& node = graph.nodes[id];
  std::vector<StatePlan> states;
  if (const auto* aggregate = node.as<AggregateNode>()) {
    states.push_back({aggregate->windows ? StateKind::Panes : StateKind::Groups, node.name, id,
                      row_of(meeting_keys(*aggregate)), state_columns(aggregate->calls)});
    if (aggregate->session) {
      states.push_back({StateKind::Sessions, node.name + ".sessions", id, {}, state_columns(aggregate->calls)});
      if (aggregate->session->counts_late) states.push_back({StateKind::Counter, node.name + ".late", id, {}, {}});
    }
    if (collects_changes(*aggregate)) states.push_back({StateKind::Changed, node.name + ".changed", id, {}, {}});
    if (aggregate->phase == AggregatePhase::Final) return states;
    for (const auto& group : distinct_groups(*aggregate)) {
      const AggregateCall& call = aggregate->calls[group.front()];
      const std::string name = node.name + "." + call.name + ".distinct";
      Schema calls;
      if (group.size() > 1)
        calls.fields.push_back({fmt::format("which of {} calls", group.size()), Type(TypeKind::Int)});
      states.push_back({StateKind::Distinct, name, id, distinct_key(*aggregate, call), std::move(calls)});
    }
  } else if (const auto* join = node.as<JoinNode>()) {
    states.push_back({StateKind::Groups, node.name, id, row_of(join->left_keys), {}});
  } else if (const auto* top = node.as<TopNode>()) {
    if (!top->keys.empty()) states.push_back({StateKind::Groups, node.name + ".groups", id, row_of(top->keys), {}});
    if (top->session) {
      states.push_back({StateKind::Sessions, node.name + ".sessions", id, {}, {}});
      if (top->session->counts_late) states.push_back({StateKind::Counter, node.name + ".late", id, {}, {}});
    }
    if (collects_changes(*top)) states.push_back({StateKind::Changed, node.name + ".changed", id, {}, {}});
    Schema row = graph.nodes[node.inputs[0]].schema;
    std::erase_if(row.fields, [](const Field& field) { return field.name == kRowWeight; });
    states.push_back(
        {top->is_incremental ? StateKind::Ranking : StateKind::Top, node.name, id, {}, kept_row(top->order, row)});
  } else if (const auto* frame = node.as<FrameNode>()) {
    states.push_back({StateKind::Groups, node.name, id, row_of(frame->keys), state_columns(frame->calls)});
    Schema row = graph.nodes[node.inputs[0]].schema;
    std::erase_if(row.fields, [](const Field& field) { return field.name == kRowMark; });
    states.push_back({StateKind::Frames, node.name + ".rows", id, {}, kept_row(frame->order, row)});
    if (follows_time(*frame) && frame->counts_late)
      states.push_back({StateKind::Counter, node.name + ".late", id, {}, {}});
  } else if (const auto* sort = node.as<SortNode>()) {
    states.push_back({StateKind::Sort, node.name, id, {}, kept_row(sort->order, graph.nodes[node.inputs[0]].schema)});
  } else if (node.kind() == NodeKind::Limit || node.kind() == NodeKind::Time || counts_late(node)) {
    states.push_back({StateKind::Counter, node.name, id, {}, {}});
  }
  if (const auto* window = node.as<WindowNode>(); window != nullptr && !window->zone.empty())
    states.push_back({StateKind::LocalWindows, node.name + ".zone", id, {}, {}});
  return states;
}

class Lowerer {
 public:
  explicit Lowerer(const FlowGraph& graph) { plan_.graph = graph; }

  JobPlan run() && {
    for (const NodeId id : plan_.graph.ids())
      if (node(id).kind() != NodeKind::Exchange) add_node(id);
    for (const NodeId id : plan_.graph.ids())
      if (node(id).kind() == NodeKind::Exchange) add_edges(id);
    return std::move(plan_);
  }

 private:
  [[nodiscard]] const Node& node(NodeId id) const { return plan_.graph.nodes[id]; }

  StageId stage_of(NodeId id) {
    SLUICE_INVARIANT(node(id).stage.has_value(), fmt::format("node {} has no stage", node(id).label));
    const StageId stage(*node(id).stage);
    while (plan_.stages.size() <= stage.value) {
      StagePlan next;
      next.name = fmt::format("S{}", plan_.stages.size());
      plan_.stages.add(std::move(next));
    }
    return stage;
  }

  void add_node(NodeId id) {
    StagePlan& stage = plan_.stages[stage_of(id)];
    SLUICE_INVARIANT(stage.nodes.empty() || stage.parallelism == node(id).parallelism,
                     fmt::format("node {} differs from its stage in parallelism", node(id).label));
    stage.parallelism = std::max(1u, node(id).parallelism);
    stage.nodes.push_back(id);
    if (node(id).kind() == NodeKind::Source) stage.inputs.push_back({id, {}});
    if (node(id).kind() == NodeKind::Sink) stage.sinks.push_back(id);
    if (is_blocking(node(id))) ++stage.finish_phases;
    std::ranges::move(states_of(plan_.graph, id), std::back_inserter(stage.states));
  }

  // Do the rows of the exchange come in an order that does not depend on the tasks? Windows come in the order of their
  // ends, other rows in that of the input; the two have no common order, and rows behind a hash exchange have none.
  [[nodiscard]] bool has_order(NodeId exchange) const {
    bool has_windows = false;
    bool has_streamed = false;
    bool has_disorder = false;
    std::vector<NodeId> work{node(exchange).inputs[0]};
    std::set<NodeId> seen;
    while (!work.empty()) {
      const NodeId id = work.back();
      work.pop_back();
      if (!seen.insert(id).second) continue;
      if (node(id).kind() == NodeKind::Exchange) {
        has_streamed = true;
        has_disorder |= node(id).as<ExchangeNode>()->kind == ExchangeKind::Hash;
        continue;
      }
      const auto* aggregate = node(id).as<AggregateNode>();
      has_disorder |= aggregate != nullptr && aggregate->is_incremental && is_blocking(node(id));
      const auto* frame = node(id).as<FrameNode>();
      has_disorder |= frame != nullptr && follows_time(*frame);  // rows leave when the watermark allows it
      const auto* top = node(id).as<TopNode>();
      has_disorder |= top != nullptr && top->is_incremental && is_blocking(node(id));
      const auto* join = node(id).as<JoinNode>();
      const auto* keys = aggregate != nullptr ? &aggregate->keys
                         : top != nullptr     ? &top->keys
                         : join != nullptr    ? &join->left_keys
                                              : nullptr;
      if (is_blocking(node(id))) {
        has_windows |= session_of(node(id)) != nullptr;
        has_windows |= keys != nullptr && window_key(*keys);
        continue;
      }
      has_streamed |= node(id).kind() == NodeKind::Source;
      const bool is_lookup = join != nullptr && join->is_lookup;
      for (const NodeId input : node(id).inputs)
        if (!is_lookup || input == node(id).inputs[0]) work.push_back(input);
    }
    return !has_disorder && !(has_windows && has_streamed);
  }

  // One edge per stage that reads the exchange.
  void add_edges(NodeId id) {
    const auto& exchange = *node(id).as<ExchangeNode>();
    const StageId from = stage_of(node(id).inputs[0]);
    std::vector<StageId> readers;
    for (const NodeId user : plan_.graph.users_of(id)) {
      const StageId to = stage_of(user);
      SLUICE_INVARIANT(to != from, fmt::format("exchange {} leads back into its own stage", node(id).label));
      if (std::ranges::find(readers, to) != readers.end()) continue;
      readers.push_back(to);
      const bool may_be_ordered = exchange.kind == ExchangeKind::Gather || exchange.kind == ExchangeKind::Broadcast;
      const bool is_ordered = may_be_ordered && has_order(id);
      EdgePlan edge{exchange.kind, id, from, to, node(id).schema, exchange.keys, is_ordered};
      const EdgeId added = plan_.edges.add(std::move(edge));
      plan_.stages[from].outputs.push_back(added);
      plan_.stages[to].inputs.push_back({{}, added});
    }
  }

  JobPlan plan_;
};

}  // namespace

JobPlan lower(const FlowGraph& graph) { return Lowerer(graph).run(); }

uint32_t finish_phase_of(const JobPlan& plan, StageId stage, NodeId node) {
  uint32_t phase = 0;
  for (const NodeId id : plan.stages[stage].nodes) {
    if (id == node) return phase;
    if (is_blocking(plan.graph.nodes[id])) ++phase;
  }
  SLUICE_INVARIANT(false, "the node is not part of the stage");
}

}  // namespace sluice
