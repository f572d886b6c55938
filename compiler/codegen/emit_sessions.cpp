// Aggregates over session windows: each key has a list of open sessions (runtime/state/session_table.h). A row makes
// one longer, begins one, or joins two to one; a session leaves when the watermark has passed its end.
#include "compiler/codegen/aggregate.h"
#include "compiler/codegen/expr.h"
#include "compiler/codegen/memory.h"
#include "compiler/codegen/operators.h"

namespace sluice::codegen {

namespace {

struct SessionLayout {
  EntryLayout keys;           // of the table of keys; its state is the head of the list, or abi::KeySessions
  AggregateLayout aggregate;  // states at offsets in a session
  uint32_t key_table = 0;
  uint32_t sessions = 0;
};

SessionLayout layout_of(StageContext& stage, NodeId id, const AggregateNode& node) {
  SessionLayout layout;
  AggregateLayout& aggregate = layout.aggregate;
  for (const auto& key : node.keys) aggregate.key_types.push_back(key.expr.type);
  for (const auto& call : node.calls)
    for (const auto& state : call.states) aggregate.state_types.push_back(state.type);
  layout.keys =
      entry_layout(aggregate.key_types, std::vector<Type>(node.session->max == 0 ? 1 : 2, Type(TypeKind::Int)));
  aggregate.entry = entry_layout({}, aggregate.state_types);
  constexpr uint32_t kHash = 8;  // an entry begins with it, a session with its header
  for (auto& offset : aggregate.entry.states) offset += sizeof(abi::Session) - kHash;
  aggregate.entry.size += sizeof(abi::Session) - kHash;
  layout.key_table = stage.state_index(id, StateKind::Groups);
  layout.sessions = stage.state_index(id, StateKind::Sessions);
  stage.entry_sizes[layout.key_table] = layout.keys.size;
  stage.entry_sizes[layout.sessions] = aggregate.entry.size;
  return layout;
}

// The session for a row at `time`: mostly the only one of its key, a little longer now.
llvm::Value* session_for(FunctionEmitter& f, const SessionLayout& layout, llvm::Value* entry, llvm::Value* head,
                         llvm::Value* time, int64_t gap) {
  auto* gap_value = f.int64(static_cast<uint64_t>(gap));
  const auto search = [&]() -> llvm::Value* {
    return f.call("rt_session_find", {f.context(), f.sorter(layout.sessions), entry, head, time});
  };
  auto* first = f.load(f.stage.ptr, head);
  return f.if_else(
      f.b.CreateIsNotNull(first), f.stage.ptr,
      [&]() -> llvm::Value* {
        auto* start = f.load(f.stage.i64, first, offsetof(abi::Session, start));
        auto* end = f.load(f.stage.i64, first, offsetof(abi::Session, end));
        auto* is_only = f.b.CreateIsNull(f.load(f.stage.ptr, first, offsetof(abi::Session, next)));
        auto* is_inside = f.b.CreateAnd(f.b.CreateICmpSGE(time, start), f.b.CreateICmpSLT(time, end));
        return f.if_else(
            f.b.CreateAnd(is_only, is_inside), f.stage.ptr,
            [&]() -> llvm::Value* {
              auto* new_end = f.b.CreateBinaryIntrinsic(llvm::Intrinsic::sadd_sat, time, gap_value);
              f.store(f.b.CreateSelect(f.b.CreateICmpSGT(new_end, end), new_end, end), first,
                      offsetof(abi::Session, end));
              return first;
            },
            search);
      },
      search);
}

// Merges the sessions that the row has joined to this one.
void absorb_others(FunctionEmitter& f, const AggregateNode& node, const SessionLayout& layout, llvm::Value* head,
                   llvm::Value* session) {
  auto* loop = f.block("absorb");
  auto* inside = f.block("absorbed");
  auto* after = f.block("after");
  f.b.CreateBr(loop);
  f.begin(loop);
  auto* other = f.call("rt_session_absorb", {f.context(), f.sorter(layout.sessions), head, session});
  f.b.CreateCondBr(f.b.CreateIsNull(other), after, inside);
  f.begin(inside);
  merge_states(f, node, layout.aggregate, session, other);
  f.b.CreateBr(loop);
  f.begin(after);
}

}  // namespace

void consume_session(FunctionEmitter& f, NodeId id, const AggregateNode& node, const Row& row) {
  SessionLayout layout = layout_of(f.stage, id, node);
  auto* time = row.at(kRowTime).data;
  auto* mark = row.at(kRowMark).data;
  // What comes later than its source promised might belong to a session that is gone.
  auto* late = f.int64(static_cast<uint64_t>(node.session->late));
  auto* is_late = f.b.CreateICmpSLT(f.b.CreateBinaryIntrinsic(llvm::Intrinsic::sadd_sat, time, late), mark);
  if (node.session->counts_late) count_late(f, id, is_late);
  f.if_then(f.b.CreateNot(is_late), [&] {
    std::vector<Value> keys;
    for (const auto& key : node.keys) keys.push_back(emit_expr(f, key.expr, {&row, {}}));
    auto* table = f.table(layout.key_table);
    auto* entry = find_or_insert(f, table, layout.keys, keys, [](llvm::Value*) {}).entry;
    auto* head = f.offset(entry, layout.keys.states[0]);
    layout.aggregate.table = table;
    if (node.session->max != 0) {
      auto* held = f.call("rt_session_hold", {f.context(), f.sorter(layout.sessions), entry, head, time});
      initialize_states(f, node, layout.aggregate, &row, held);
      return update_states(f, id, node, layout.aggregate, keys, row, held);
    }
    auto* session = session_for(f, layout, entry, head, time, node.session->gap);
    auto* is_new = f.load(f.stage.i64, session, offsetof(abi::Session, is_new));
    f.if_then(f.b.CreateICmpNE(is_new, f.int64(0)), [&] {
      f.store(f.int64(0), session, offsetof(abi::Session, is_new));
      initialize_states(f, node, layout.aggregate, &row, session);
    });
    auto* has_others =
        f.b.CreateIsNotNull(f.load(f.stage.ptr, f.load(f.stage.ptr, head), offsetof(abi::Session, next)));
    f.if_then(has_others, [&] { absorb_others(f, node, layout, head, session); });
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
  auto* held = f.call("rt_session_settle", {f.context(), f.sorter(layout.sessions)});
  f.b.CreateCondBr(f.b.CreateIsNull(held), after, inside);
  f.begin(inside);
  merge_states(f, node, layout.aggregate, f.load(f.stage.ptr, held, offsetof(abi::Session, next)), held);
  f.b.CreateBr(loop);
  f.begin(after);
}

// The last session of the key is gone: the memory of its strings, and its entry, serve other keys.
void forget_key(FunctionEmitter& f, const SessionLayout& layout, const std::vector<Value>& keys, llvm::Value* entry) {
  auto* table = f.table(layout.key_table);
  for (const auto& key : keys) {
    if (key.type.kind != TypeKind::String) continue;
    auto* is_outside = f.b.CreateNot(emit_is_short(f, key.size));
    if (key.present != nullptr) is_outside = f.b.CreateAnd(is_outside, key.present);
    f.if_then(is_outside, [&] { f.call("rt_table_reuse", {table, key.data, key.size}); });
  }
  f.call("rt_table_erase", {table, entry});
}

}  // namespace

void emit_session_finish(FunctionEmitter& f, NodeId id, const AggregateNode& node) {
  SessionLayout layout = layout_of(f.stage, id, node);
  layout.aggregate.table = f.table(layout.key_table);
  if (node.session->max != 0) settle_rows(f, node, layout);
  auto* head = f.block("sessions");
  auto* inside = f.block("session");
  auto* after = f.block("after");
  f.b.CreateBr(head);
  f.begin(head);
  auto* session = f.call("rt_session_due", {f.context(), f.sorter(layout.sessions)});
  f.b.CreateCondBr(f.b.CreateIsNull(session), after, inside);
  f.begin(inside);
  auto* entry = f.load(f.stage.ptr, session, offsetof(abi::Session, entry));
  std::vector<Type> types = layout.aggregate.key_types;
  types.push_back(Type::window());
  for (const auto& call : node.calls) types.push_back(call.finish.type);
  RowBuilder row(f, types);
  const auto keys = load_keys(f, layout.keys, layout.aggregate.key_types, entry);
  for (size_t i = 0; i < keys.size(); ++i) row.add(node.keys[i].name, keys[i].type, keys[i]);
  auto* start = f.load(f.stage.i64, session, offsetof(abi::Session, start));
  llvm::Value* end = f.load(f.stage.i64, session, offsetof(abi::Session, end));
  if (node.session->max != 0) {
    auto* limit = f.b.CreateAdd(start, f.int64(static_cast<uint64_t>(node.session->max)));
    end = f.b.CreateSelect(f.b.CreateICmpSLT(limit, end), limit, end);
  }
  row.add(node.session->column, Type::window(), window_value(start, end));
  add_results(f, id, node, layout.aggregate, session, row);
  emit_users(f, id, row.row());
  f.reset_scratch();
  auto* is_last = f.call("rt_session_release",
                         {f.context(), f.sorter(layout.sessions), session, f.offset(entry, layout.keys.states[0])});
  f.if_then(f.b.CreateICmpNE(is_last, llvm::ConstantInt::get(f.stage.i8, 0)),
            [&] { forget_key(f, layout, keys, entry); });
  emit_yield_check(f, [] {});
  f.b.CreateBr(head);
  f.begin(after);
}

}  // namespace sluice::codegen
