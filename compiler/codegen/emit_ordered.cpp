// top and sort: all rows are kept, or the first, until they are complete and leave in order (kept_rows.h).
#include <algorithm>
#include <optional>

#include "compiler/codegen/kept_rows.h"
#include "compiler/codegen/memory.h"
#include "compiler/codegen/operators.h"
#include "compiler/codegen/panes.h"
#include "compiler/codegen/sessions.h"
#include "compiler/codegen/tops.h"
#include "lang/support/invariant.h"
#include "runtime/data/row_layout.h"

namespace sluice::codegen {

// One top per key: the key's entry holds the address of its top, which the runtime owns.
KeyedTop keyed_top(StageContext& stage, NodeId id, const TopNode& node) {
  KeyedTop keyed;
  for (const auto& key : node.keys) keyed.key_types.push_back(key.expr.type);
  keyed.entry = entry_layout(keyed.key_types, {Type(TypeKind::Int)});
  keyed.groups = stage.state_index(id, StateKind::Groups);
  stage.entry_sizes[keyed.groups] = keyed.entry.size;
  keyed.window = window_key(node.keys);
  return keyed;
}

namespace {

llvm::Value* no_function(const FunctionEmitter& f) { return llvm::ConstantPointerNull::get(f.stage.ptr); }

// Rows `first`.. of a finished sorter or top, each given to `emit` with its position.
void emit_kept_rows(FunctionEmitter& f, const Schema& kept, std::string_view row_function, llvm::Value* owner,
                    llvm::Value* first, llvm::Value* count, const std::function<void(llvm::Value*, const Row&)>& emit) {
  auto* end_slot = f.slot(f.stage.ptr, "end");
  f.loop(first, count, "kept", [&](llvm::Value* position) {
    auto* address = f.call(row_function, {owner, position, end_slot});
    emit(position, load_row(f, kept, address, f.b.CreateLoad(f.stage.ptr, end_slot)));
    f.reset_scratch();
  });
}

void save_cursor(FunctionEmitter& f, llvm::Value* position) {
  f.store(f.b.CreateAdd(position, f.int64(1)), f.context(), offsetof(abi::TaskContext, cursor));
}

Row with_rank(FunctionEmitter& f, const TopNode& node, const Row& row, llvm::Value* position) {
  if (node.rank_column.empty()) return row;
  Row ranked = row;
  Value rank;
  rank.type = Type(TypeKind::Int);
  rank.data = f.b.CreateAdd(position, f.int64(1));
  ranked.add(node.rank_column, rank);
  return ranked;
}

llvm::Value* top_of(FunctionEmitter& f, llvm::Value* owner, const KeyedTop& keyed, const Schema& kept,
                    llvm::Value* entry) {
  auto* slot = f.offset(entry, keyed.entry.states[0]);
  return f.call("rt_top_of_key", {f.context(), owner, slot, f.int64(block_layout(kept).size)});
}

// i1: does the row come behind all those that are kept, by the first thing it is ordered by? Most rows do, and need not
// be copied to find out.
llvm::Value* is_behind_all(FunctionEmitter& f, const TopNode& node, const Schema& kept,
                           const std::vector<Value>& values, llvm::Value* top) {
  if (node.order.empty() || holds_list(kept.fields[0].type)) return f.boolean(false);
  auto* end = f.slot(f.stage.ptr, "end");
  auto* worst = f.call("rt_top_worst", {top, end});
  return f.if_else(
      f.b.CreateIsNull(worst), f.stage.bool_type, [&]() -> llvm::Value* { return f.boolean(false); },
      [&]() -> llvm::Value* {
        const Value last = load_block(f, kept.fields[0].type, worst, f.b.CreateLoad(f.stage.ptr, end));
        auto* order = node.order[0].descending ? emit_compare(f, last, values[0]) : emit_compare(f, values[0], last);
        return f.b.CreateICmpSGT(order, f.int32(0));
      });
}

}  // namespace

void consume(FunctionEmitter& f, NodeId id, const SortNode& node, const Row& row) {
  const Schema& kept = kept_schema(f.stage, id, StateKind::Sort);
  auto* sorter = f.sorter(f.stage.state_index(id, StateKind::Sort));
  const auto values = kept_values(f, node.order, kept, row);
  store_row(f, values, f.call("rt_sort_reserve", {f.context(), sorter, heap_size(f, values)}));
  f.call("rt_sort_commit", {f.context(), sorter});
}

void emit_finish(FunctionEmitter& f, NodeId id, const SortNode& node) {
  const Schema& kept = kept_schema(f.stage, id, StateKind::Sort);
  auto* sorter = f.sorter(f.stage.state_index(id, StateKind::Sort));
  emit_prepare(f, id);
  auto* count = f.call("rt_sort_finish", {f.context(), sorter, compare_function(f.stage, id, node.order, kept, false)});
  auto* first = f.load(f.stage.i64, f.context(), offsetof(abi::TaskContext, cursor));
  emit_kept_rows(f, kept, "rt_sort_row", sorter, first, count, [&](llvm::Value* position, const Row& row) {
    emit_users(f, id, row);
    emit_yield_check(f, [&] { save_cursor(f, position); });
  });
}

namespace {

// A top for each session of a key.
struct SessionTopEmitter {
  FunctionEmitter& f;
  NodeId id;
  const TopNode& node;
  const Schema& kept = kept_schema(f.stage, id, StateKind::Top);
  SessionKeys keys = session_keys(f.stage, id, node.keys, *node.session, sizeof(void*));

  llvm::Value* tops() const { return f.sorter(f.stage.state_index(id, StateKind::Top)); }
  llvm::Value* state_of(llvm::Value* session) const { return f.offset(session, sizeof(abi::Session)); }
  llvm::Value* compare() const { return compare_function(f.stage, id, node.order, kept, false); }
  llvm::Value* ties() const {
    return node.with_ties ? compare_function(f.stage, id, node.order, kept, true) : no_function(f);
  }

  void consume(const Row& row) const {
    if_in_time(f, id, *node.session, row, [&] {
      std::vector<Value> values;
      for (const auto& key : node.keys) values.push_back(emit_expr(f, key.expr, {&row, {}}));
      auto* entry = find_or_insert(f, f.table(keys.table), keys.entry, values, [](llvm::Value*) {}).entry;
      auto* session = session_for(f, keys, entry, row.at(kRowTime).data, *node.session);
      absorb_others(f, keys, entry, session, [&](llvm::Value* other) {
        f.call("rt_session_top_absorb",
               {tops(), state_of(session), state_of(other), compare(), ties(), f.int64(node.limit)});
      });
      auto* top = f.call("rt_session_top", {tops(), state_of(session)});
      const auto kept_row = kept_values(f, node.order, kept, row);
      f.if_then(f.b.CreateNot(is_behind_all(f, node, kept, kept_row, top)), [&] {
        store_row(f, kept_row, f.call("rt_top_reserve", {f.context(), top, heap_size(f, kept_row)}));
        f.call("rt_top_commit", {f.context(), top, compare(), ties(), f.int64(node.limit)});
      });
    });
  }

  void finish() const {
    for_each_due_session(f, keys, *node.session, [&](const DueSession& due) {
      auto* top = f.call("rt_session_top", {tops(), state_of(due.session)});
      auto* count = f.call("rt_top_finish", {f.context(), top, compare()});
      emit_kept_rows(f, kept, "rt_top_row", top, f.int64(0), count, [&](llvm::Value* position, const Row& row) {
        Row with_window = with_rank(f, node, row, position);
        with_window.add(node.session->column, due.window);
        emit_users(f, id, with_window);
      });
      f.call("rt_session_top_release", {tops(), state_of(due.session)});
    });
  }
};

}  // namespace

void consume(FunctionEmitter& f, NodeId id, const TopNode& node, const Row& row) {
  if (node.session) return SessionTopEmitter{f, id, node}.consume(row);
  if (node.is_incremental) return consume_changing_top(f, id, node, row);
  const Schema& kept = kept_schema(f.stage, id, StateKind::Top);
  const uint32_t state = f.stage.state_index(id, StateKind::Top);
  llvm::Value* top = f.sorter(state);
  if (!node.keys.empty()) {
    const KeyedTop keyed = keyed_top(f.stage, id, node);
    std::vector<Value> keys;
    for (const auto& key : node.keys) keys.push_back(emit_expr(f, key.expr, {&row, {}}));
    llvm::Value* pane = keyed.window ? pane_of(f, keyed.groups, keys[*keyed.window]) : nullptr;
    auto* table = pane != nullptr ? table_of_pane(f, pane) : f.table(keyed.groups);
    auto* owner = pane != nullptr ? tops_of_pane(f, pane) : top;
    auto* entry = find_or_insert(f, table, keyed.entry, keys, [](llvm::Value*) {}).entry;
    top = top_of(f, owner, keyed, kept, entry);
  }
  const auto values = kept_values(f, node.order, kept, row);
  f.if_then(f.b.CreateNot(is_behind_all(f, node, kept, values, top)), [&] {
    store_row(f, values, f.call("rt_top_reserve", {f.context(), top, heap_size(f, values)}));
    llvm::Value* ties = node.with_ties ? compare_function(f.stage, id, node.order, kept, true) : no_function(f);
    f.call("rt_top_commit",
           {f.context(), top, compare_function(f.stage, id, node.order, kept, false), ties, f.int64(node.limit)});
  });
}

void note_entry(StageContext& stage, NodeId id, const TopNode& node) {
  if (!node.keys.empty()) static_cast<void>(keyed_top(stage, id, node));
}

void emit_finish(FunctionEmitter& f, NodeId id, const TopNode& node) {
  if (node.session) {
    emit_prepare(f, id);
    return SessionTopEmitter{f, id, node}.finish();
  }
  if (node.is_incremental) {
    emit_prepare(f, id);
    return emit_changing_top_finish(f, id, node);
  }
  const Schema& kept = kept_schema(f.stage, id, StateKind::Top);
  const uint32_t state = f.stage.state_index(id, StateKind::Top);
  auto* compare = compare_function(f.stage, id, node.order, kept, false);
  emit_prepare(f, id);
  auto* cursor = f.offset(f.context(), offsetof(abi::TaskContext, cursor));
  if (node.keys.empty()) {
    auto* count = f.call("rt_top_finish", {f.context(), f.sorter(state), compare});
    emit_kept_rows(f, kept, "rt_top_row", f.sorter(state), f.load(f.stage.i64, cursor), count,
                   [&](llvm::Value* position, const Row& row) {
                     emit_users(f, id, with_rank(f, node, row, position));
                     emit_yield_check(f, [&] { save_cursor(f, position); });
                   });
    return;
  }
  // Key by key in hash order; a key's rows leave together, so the cursor counts keys.
  const KeyedTop keyed = keyed_top(f.stage, id, node);
  const auto emit_tops = [&](llvm::Value* table, llvm::Value* owner) {
    for_each_entry(f, table, cursor, [&](llvm::Value* entry) {
      auto* top = top_of(f, owner, keyed, kept, entry);
      auto* count = f.call("rt_top_finish", {f.context(), top, compare});
      emit_kept_rows(f, kept, "rt_top_row", top, f.int64(0), count, [&](llvm::Value* position, const Row& row) {
        emit_users(f, id, with_rank(f, node, row, position));
      });
      emit_yield_check(f, [] {});
    });
  };
  if (!keyed.window) return emit_tops(f.table(keyed.groups), f.sorter(state));
  for_each_due_pane(f, keyed.groups, {}, [&](llvm::Value* pane) {
    emit_tops(table_of_pane(f, pane), tops_of_pane(f, pane));
    f.store(f.int64(0), cursor);
  });
}

}  // namespace sluice::codegen
