// Aggregates over session windows: the states of the calls in those of sessions (sessions.h).
#include "compiler/codegen/aggregate.h"
#include "compiler/codegen/expr.h"
#include "compiler/codegen/memory.h"
#include "compiler/codegen/operators.h"
#include "compiler/codegen/sessions.h"

namespace sluice::codegen {

namespace {

struct SessionLayout {
  SessionKeys keys;
  AggregateLayout aggregate;  // states at offsets in a session
};

SessionLayout layout_of(StageContext& stage, NodeId id, const AggregateNode& node) {
  SessionLayout layout;
  AggregateLayout& aggregate = layout.aggregate;
  for (const auto& call : node.calls)
    for (const auto& state : call.states) aggregate.state_types.push_back(state.type);
  aggregate.entry = entry_layout({}, aggregate.state_types);
  constexpr uint32_t kHash = 8;  // an entry begins with it, a session with its header
  for (auto& offset : aggregate.entry.states) offset += sizeof(abi::Session) - kHash;
  layout.keys = session_keys(stage, id, node.keys, *node.session, aggregate.entry.size - kHash);
  aggregate.key_types = layout.keys.types;
  return layout;
}

}  // namespace

void consume_session(FunctionEmitter& f, NodeId id, const AggregateNode& node, const Row& row) {
  SessionLayout layout = layout_of(f.stage, id, node);
  auto* time = row.at(kRowTime).data;
  if_in_time(f, id, *node.session, row, [&] {
    std::vector<Value> keys;
    for (const auto& key : node.keys) keys.push_back(emit_expr(f, key.expr, {&row, {}}));
    auto* table = f.table(layout.keys.table);
    auto* entry = find_or_insert(f, table, layout.keys.entry, keys, [](llvm::Value*) {}).entry;
    layout.aggregate.table = table;
    if (node.session->max != 0) {
      auto* head = f.offset(entry, layout.keys.entry.states[0]);
      auto* held = f.call("rt_session_hold", {f.context(), f.sorter(layout.keys.sessions), entry, head, time});
      initialize_states(f, node, layout.aggregate, &row, held);
      return update_states(f, id, node, layout.aggregate, keys, row, held);
    }
    auto* session = session_for(f, layout.keys, entry, time, *node.session);
    auto* is_new = f.load(f.stage.i64, session, offsetof(abi::Session, is_new));
    f.if_then(f.b.CreateICmpNE(is_new, f.int64(0)), [&] {
      f.store(f.int64(0), session, offsetof(abi::Session, is_new));
      initialize_states(f, node, layout.aggregate, &row, session);
    });
    absorb_others(f, layout.keys, entry, session,
                  [&](llvm::Value* other) { merge_states(f, node, layout.aggregate, session, other); });
    update_states(f, id, node, layout.aggregate, keys, row, session);
  });
}

namespace {

// Of sessions that may become too long: puts the rows that were held, as far as they are complete, into sessions.
void settle_rows(FunctionEmitter& f, const AggregateNode& node, const SessionLayout& layout) {
  auto* loop = f.block("settle");
  auto* inside = f.block("held");
  auto* after = f.block("settled");
  f.b.CreateBr(loop);
  f.begin(loop);
  auto* held = f.call("rt_session_settle", {f.context(), f.sorter(layout.keys.sessions)});
  f.b.CreateCondBr(f.b.CreateIsNull(held), after, inside);
  f.begin(inside);
  merge_states(f, node, layout.aggregate, f.load(f.stage.ptr, held, offsetof(abi::Session, next)), held);
  f.b.CreateBr(loop);
  f.begin(after);
}

}  // namespace

void emit_session_finish(FunctionEmitter& f, NodeId id, const AggregateNode& node) {
  SessionLayout layout = layout_of(f.stage, id, node);
  layout.aggregate.table = f.table(layout.keys.table);
  if (node.session->max != 0) settle_rows(f, node, layout);
  for_each_due_session(f, layout.keys, *node.session, [&](const DueSession& due) {
    std::vector<Type> types = layout.keys.types;
    types.push_back(Type::window());
    for (const auto& call : node.calls) types.push_back(call.finish.type);
    RowBuilder row(f, types);
    for (size_t i = 0; i < due.keys.size(); ++i) row.add(node.keys[i].name, due.keys[i].type, due.keys[i]);
    row.add(node.session->column, due.window.type, due.window);
    add_results(f, id, node, layout.aggregate, due.session, row);
    emit_users(f, id, row.row());
  });
}

}  // namespace sluice::codegen
