#include "runtime/task/saved_states.h"

#include <utility>

namespace sluice {

namespace {

void add_link(EntryStates& states, std::vector<size_t>& links) {
  links.push_back(states.types.size());
  states.types.emplace_back(TypeKind::Int);
}

}  // namespace

// As generated code lays them out: aggregate.h, emit_join.cpp, tops.h, sessions.h, emit_frames.cpp.
EntryStates states_of_entry(const FlowGraph& graph, const StatePlan& state) {
  const Node& owner = graph.nodes[state.node];
  const auto* aggregate = owner.as<AggregateNode>();
  EntryStates states;
  if (state.kind == StateKind::Distinct) {
    const bool is_of_session = session_of(owner) != nullptr;  // the next of its values
    if (is_of_session || aggregate->is_incremental || !state.value.fields.empty())
      states.types.emplace_back(TypeKind::Int);
    return states;
  }
  if (const auto* session = session_of(owner)) {
    add_link(states, states.links.sessions);
    if (session->max != 0) states.types.emplace_back(TypeKind::Int);  // how many there are
  } else if (owner.kind() == NodeKind::Top) {
    add_link(states, states.links.tops);
  } else if (const auto* join = owner.as<JoinNode>()) {
    states.types = {Type(TypeKind::Int), Type(TypeKind::Int)};
    states.links.rows = join->is_lookup ? std::vector<size_t>{1} : std::vector<size_t>{0, 1};
    if (join->is_lookup) states.links.last = 0;
  } else {
    states.types = types_of(state.value);
    if (owner.kind() == NodeKind::Frame) {
      states.types.insert(states.types.end(), 2, Type(TypeKind::Int));  // position and rank
      add_link(states, states.links.frames);
      states.types.emplace_back(TypeKind::Int);  // the latest time
    }
    if (aggregate == nullptr) return states;
    // Rows in the group so far; then the arguments of rows, of calls that cannot take rows back otherwise.
    if (aggregate->is_incremental || aggregate->window_rows != 0) states.types.emplace_back(TypeKind::Int);
    const bool reads_changes = graph.nodes[owner.inputs[0]].schema.find(kRowWeight) != nullptr;
    if (aggregate->is_incremental && reads_changes)
      for (const auto& call : aggregate->calls)
        if (!call.can_retract()) add_link(states, states.links.rows);
    if (collects_changes(*aggregate)) {
      states.types.emplace_back(TypeKind::Int);  // when its changes are due
      states.links.waits = states.types.size();
      states.types.insert(states.types.end(), 2, Type(TypeKind::Int));  // whether they wait; was a result given out
      for (const auto& call : aggregate->calls) states.types.push_back(call.finish.type);
    }
  }
  return states;
}

// As emit_sessions.cpp and emit_changing_sessions.cpp lay them out.
SessionSnapshot::States states_of_session(const FlowGraph& graph, const StatePlan& state) {
  const auto& aggregate = *graph.nodes[state.node].as<AggregateNode>();
  std::vector<Type> types = types_of(state.value);
  const auto add_words = [&](size_t count) { types.insert(types.end(), count, Type(TypeKind::Int)); };
  std::optional<size_t> owed;
  std::optional<size_t> listed;
  if (aggregate.is_incremental) {
    owed = types.size();
    add_words(4);  // what is owed; was a result given out, and of which start and end
    if (collects_changes(aggregate)) {
      add_words(3);  // when changes are due; do any wait; the end of what was shown
      listed = types.size();
      add_words(2);  // does it stand in a list; in which
    }
    for (const auto& call : aggregate.calls) types.push_back(call.finish.type);
  }
  std::vector<size_t> values;
  for (const auto& call : aggregate.calls) {
    if (!call.is_distinct) continue;
    values.push_back(types.size());
    add_words(1);
  }
  return {EntryCodec({}, types), owed, listed, std::move(values)};
}

}  // namespace sluice
