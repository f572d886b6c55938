// Aggregates over session windows: the states of the calls in those of sessions (sessions.h).
#include <algorithm>

#include "compiler/codegen/aggregate.h"
#include "compiler/codegen/expr.h"
#include "compiler/codegen/memory.h"
#include "compiler/codegen/operators.h"
#include "compiler/codegen/sessions.h"

namespace sluice::codegen {

SessionStates session_states(StageContext& stage, NodeId id, const AggregateNode& node, const std::vector<Type>& more) {
  SessionStates states;
  AggregateLayout& aggregate = states.aggregate;
  for (const auto& call : node.calls)
    for (const auto& state : call.states) aggregate.state_types.push_back(state.type);
  std::vector<Type> kept = aggregate.state_types;
  kept.insert(kept.end(), more.begin(), more.end());
  const auto distinct = static_cast<size_t>(std::ranges::count_if(node.calls, &AggregateCall::is_distinct));
  kept.insert(kept.end(), distinct, Type(TypeKind::Int));
  aggregate.entry = entry_layout({}, kept);
  constexpr uint32_t kHash = 8;  // an entry begins with it, a session with its header
  for (auto& offset : aggregate.entry.states) offset += sizeof(abi::Session) - kHash;
  states.keys = session_keys(stage, id, node.keys, *node.session, aggregate.entry.size - kHash);
  aggregate.key_types = states.keys.types;
  states.values.assign(aggregate.entry.states.end() - static_cast<ptrdiff_t>(distinct), aggregate.entry.states.end());
  note_values(stage, id, node);
  return states;
}

void merge_sessions(FunctionEmitter& f, NodeId id, const AggregateNode& node, const SessionStates& states,
                    llvm::Value* session, llvm::Value* other) {
  merge_states(f, node, states.aggregate, session, other);
  merge_values(f, id, node, states, session, other);
}

llvm::Value* update_session(FunctionEmitter& f, NodeId id, const AggregateNode& node, const SessionStates& states,
                            const std::vector<Value>& keys, const Row& row, llvm::Value* entry,
                            const std::function<void(llvm::Value*, llvm::Value*)>& absorbed,
                            const std::function<void(llvm::Value*)>& begun) {
  auto* session = session_for(f, states.keys, entry, row.at(kRowTime).data, *node.session);
  auto* state = f.load(f.stage.i64, session, offsetof(abi::Session, state));
  f.if_then(f.b.CreateICmpEQ(state, f.int64(abi::kSessionNew)), [&] {
    f.store(f.int64(abi::kSessionOpen), session, offsetof(abi::Session, state));
    initialize_states(f, node, states.aggregate, &row, session);
    begun(session);
  });
  absorb_others(f, states.keys, entry, session, [&](llvm::Value* other) {
    merge_sessions(f, id, node, states, session, other);
    absorbed(session, other);
  });
  update_states(f, id, node, states.aggregate, keys, row, session);
  update_values(f, id, node, states, row, session);
  return session;
}

void consume_session(FunctionEmitter& f, NodeId id, const AggregateNode& node, const Row& row) {
  SessionStates states = session_states(f.stage, id, node, {});
  if_in_time(f, id, *node.session, row, [&] {
    const std::vector<Value> keys = evaluate_keys(f, node, row);
    auto* table = f.table(states.keys.table);
    auto* entry = find_or_insert(f, table, states.keys.entry, keys, [](llvm::Value*) {}).entry;
    states.aggregate.table = table;
    if (node.session->max == 0) {
      update_session(f, id, node, states, keys, row, entry, [](llvm::Value*, llvm::Value*) {}, [](llvm::Value*) {});
      return;
    }
    auto* head = f.offset(entry, states.keys.entry.states[0]);
    auto* held =
        f.call("rt_session_hold", {f.context(), f.sorter(states.keys.sessions), entry, head, row.at(kRowTime).data});
    initialize_states(f, node, states.aggregate, &row, held);
    update_states(f, id, node, states.aggregate, keys, row, held);
    update_values(f, id, node, states, row, held);
  });
}

namespace {

// Of sessions that may become too long: puts the rows that were held, as far as they are complete, into sessions.
void settle_rows(FunctionEmitter& f, NodeId id, const AggregateNode& node, const SessionStates& states) {
  auto* loop = f.block("settle");
  auto* inside = f.block("held");
  auto* after = f.block("settled");
  f.b.CreateBr(loop);
  f.begin(loop);
  auto* held = f.call("rt_session_settle", {f.context(), f.sorter(states.keys.sessions)});
  f.b.CreateCondBr(f.b.CreateIsNull(held), after, inside);
  f.begin(inside);
  merge_sessions(f, id, node, states, f.load(f.stage.ptr, held, offsetof(abi::Session, next)), held);
  f.b.CreateBr(loop);
  f.begin(after);
}

}  // namespace

void emit_session_finish(FunctionEmitter& f, NodeId id, const AggregateNode& node) {
  SessionStates states = session_states(f.stage, id, node, {});
  states.aggregate.table = f.table(states.keys.table);
  if (node.session->max != 0) settle_rows(f, id, node, states);
  for_each_due_session(f, states.keys, *node.session, [&](const DueSession& due) {
    std::vector<Type> types = states.keys.types;
    types.push_back(Type::window());
    for (const auto& call : node.calls) types.push_back(call.finish.type);
    RowBuilder row(f, types);
    for (size_t i = 0; i < due.keys.size(); ++i) row.add(node.keys[i].name, due.keys[i].type, due.keys[i]);
    row.add(node.session->column, due.window.type, due.window);
    add_results(f, id, node, states.aggregate, due.session, row);
    emit_users(f, id, row.row());
    forget_values(f, id, node, states, due.session);
  });
}

}  // namespace sluice::codegen
