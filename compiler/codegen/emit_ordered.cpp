// top and sort: rows are kept in block layout, in front of each the values it is ordered by ("order.0", ...), so that
// comparing two rows evaluates nothing.
#include <algorithm>
#include <optional>

#include "compiler/codegen/memory.h"
#include "compiler/codegen/operators.h"
#include "compiler/codegen/panes.h"
#include "compiler/codegen/table.h"
#include "lang/support/invariant.h"
#include "runtime/data/row_layout.h"

namespace sluice::codegen {

namespace {

bool holds(TypeKind kind, const Type& type) {
  return type.kind == kind || (type.kind == TypeKind::List && holds(kind, type.element())) ||
         std::ranges::any_of(type.fields, [kind](const Field& field) { return holds(kind, field.type); });
}

bool holds_list(const Type& type) { return holds(TypeKind::List, type); }

// One of two kept rows: an address inside it, and its end, from which its heap is counted.
struct KeptPlace {
  llvm::Value* address;
  llvm::Value* end;
  [[nodiscard]] KeptPlace at(FunctionEmitter& f, uint64_t bytes) const { return {f.offset(address, bytes), end}; }
  [[nodiscard]] KeptPlace at(FunctionEmitter& f, llvm::Value* bytes) const { return {f.offset(address, bytes), end}; }
};

// How values without lists are compared: emit_compare or emit_compare_zeros.
using CompareValues = llvm::Value* (*)(FunctionEmitter& f, const Value& a, const Value& b);

llvm::Value* compare_kept(FunctionEmitter& f, const Type& type, const KeptPlace& a, const KeptPlace& b,
                          CompareValues compare = emit_compare);

llvm::Value* compare_kept_lists(FunctionEmitter& f, const Type& element, const KeptPlace& a, const KeptPlace& b,
                                CompareValues compare) {
  const auto first_element = [&](const KeptPlace& list) {
    auto* distance = f.b.CreateZExt(f.load(f.stage.i32, list.address), f.stage.i64);
    return KeptPlace{f.offset(list.end, f.b.CreateNeg(distance)), list.end};
  };
  const KeptPlace a_first = first_element(a);
  const KeptPlace b_first = first_element(b);
  auto* a_size = f.load(f.stage.i32, a.address, 4);
  auto* b_size = f.load(f.stage.i32, b.address, 4);
  auto* a_shorter = f.b.CreateICmpULT(a_size, b_size);
  auto* common = f.b.CreateZExt(f.b.CreateSelect(a_shorter, a_size, b_size), f.stage.i64);
  auto* order = f.slot(f.stage.i32, "order");
  f.b.CreateStore(f.int32(0), order);
  f.loop(f.int64(0), common, "elements", [&](llvm::Value* i) {
    f.if_then(f.b.CreateICmpEQ(f.b.CreateLoad(f.stage.i32, order), f.int32(0)), [&] {
      auto* at = f.b.CreateMul(i, f.int64(block_size_of(element)));
      f.b.CreateStore(compare_kept(f, element, a_first.at(f, at), b_first.at(f, at), compare), order);
    });
  });
  auto* by_elements = f.b.CreateLoad(f.stage.i32, order);
  auto* by_size = f.b.CreateSub(f.b.CreateZExt(f.b.CreateICmpUGT(a_size, b_size), f.stage.i32),
                                f.b.CreateZExt(a_shorter, f.stage.i32));
  return f.b.CreateSelect(f.b.CreateICmpNE(by_elements, f.int32(0)), by_elements, by_size);
}

// As emit_compare, but lists are compared where they lie: loading one needs the scratch arena of a task, and a
// comparison belongs to none.
llvm::Value* compare_kept(FunctionEmitter& f, const Type& type, const KeptPlace& a, const KeptPlace& b,
                          CompareValues compare) {
  if (!holds_list(type))
    return compare(f, load_block(f, type, a.address, a.end), load_block(f, type, b.address, b.end));
  if (type.nullable) {
    const auto is_present = [&](const KeptPlace& place) {
      return f.b.CreateICmpNE(f.load(f.stage.i8, place.address), llvm::ConstantInt::get(f.stage.i8, 0));
    };
    auto* a_present = is_present(a);
    auto* b_present = is_present(b);
    return f.if_else(
        f.b.CreateAnd(a_present, b_present), f.stage.i32,
        [&] { return compare_kept(f, type.as_nullable(false), a.at(f, uint64_t{1}), b.at(f, uint64_t{1}), compare); },
        [&] { return f.b.CreateSub(f.b.CreateZExt(a_present, f.stage.i32), f.b.CreateZExt(b_present, f.stage.i32)); });
  }
  if (type.kind == TypeKind::List) return compare_kept_lists(f, type.element(), a, b, compare);
  auto* order = f.slot(f.stage.i32, "order");
  f.b.CreateStore(f.int32(0), order);
  uint64_t offset = 0;
  for (const auto& field : type.fields) {
    f.if_then(f.b.CreateICmpEQ(f.b.CreateLoad(f.stage.i32, order), f.int32(0)),
              [&] { f.b.CreateStore(compare_kept(f, field.type, a.at(f, offset), b.at(f, offset), compare), order); });
    offset += block_size_of(field.type);
  }
  return f.b.CreateLoad(f.stage.i32, order);
}

// i32 name(a, a_end, b, b_end): the order of two kept rows; `ties_only` leaves out the columns that break ties.
llvm::Function* compare_function(StageContext& stage, NodeId id, const std::vector<OrderKey>& order, const Schema& kept,
                                 bool ties_only) {
  const std::string name = (ties_only ? "ties_" : "compare_") + stage.node(id).label;
  if (auto* existing = stage.module->getFunction(name)) return existing;
  FunctionEmitter f(stage, name, 3, stage.node(id).span);
  f.function->setLinkage(llvm::Function::InternalLinkage);
  auto* result = f.slot(stage.i32, "result");
  auto* done = f.block("done");
  const RowLayout layout = block_layout(kept);
  const size_t count = ties_only ? order.size() : kept.fields.size();
  const auto done_unless_equal = [&](llvm::Value* by_column) {
    f.b.CreateStore(by_column, result);
    auto* next = f.block("next");
    f.b.CreateCondBr(f.b.CreateICmpNE(by_column, f.int32(0)), done, next);
    f.begin(next);
  };
  for (size_t i = 0; i < count; ++i) {
    const Type& type = kept.fields[i].type;
    const KeptPlace a{f.offset(f.argument(0), layout.offsets[i]), f.argument(1)};
    const KeptPlace b{f.offset(f.argument(2), layout.offsets[i]), f.argument(3)};
    const bool descending = i < order.size() && order[i].descending;
    done_unless_equal(descending ? compare_kept(f, type, b, a) : compare_kept(f, type, a, b));
  }
  // Rows that are equal but do not look so: without an order of 0.0 and -0.0 the result would depend on the tasks.
  for (size_t i = order.size(); !ties_only && i < count; ++i) {
    const Type& type = kept.fields[i].type;
    if (!holds(TypeKind::Float, type)) continue;
    done_unless_equal(compare_kept(f, type, {f.offset(f.argument(0), layout.offsets[i]), f.argument(1)},
                                   {f.offset(f.argument(2), layout.offsets[i]), f.argument(3)}, emit_compare_zeros));
  }
  f.b.CreateStore(f.int32(0), result);
  f.b.CreateBr(done);
  f.begin(done);
  f.finish_with(f.b.CreateLoad(stage.i32, result));
  return f.function;
}

// The values kept of a row: what it is ordered by, then all its columns.
std::vector<Value> kept_values(FunctionEmitter& f, const std::vector<OrderKey>& order, const Schema& kept,
                               const Row& row) {
  std::vector<Value> values;
  for (const auto& key : order) values.push_back(emit_expr(f, key.expr, {&row, {}}));
  for (size_t i = order.size(); i < kept.fields.size(); ++i) values.push_back(row.at(kept.fields[i].name));
  return values;
}

const Schema& kept_schema(const StageContext& stage, NodeId id, StateKind kind) {
  return stage.stage.states[stage.state_index(id, kind)].value;
}

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

struct KeyedTop {
  std::vector<Type> key_types;
  EntryLayout entry;
  uint32_t groups;
  std::optional<size_t> window;  // among the keys
};

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

// A row that comes or goes; what it changes among the first rows goes out at once.
void consume_changing(FunctionEmitter& f, NodeId id, const TopNode& node, const Row& row) {
  const Schema& kept = kept_schema(f.stage, id, StateKind::Ranking);
  llvm::Value* ranking = f.sorter(f.stage.state_index(id, StateKind::Ranking));
  if (!node.keys.empty()) {
    const KeyedTop keyed = keyed_top(f.stage, id, node);
    std::vector<Value> keys;
    for (const auto& key : node.keys) keys.push_back(emit_expr(f, key.expr, {&row, {}}));
    auto* entry = find_or_insert(f, f.table(keyed.groups), keyed.entry, keys, [](llvm::Value*) {}).entry;
    ranking = f.call("rt_ranking_of_key", {ranking, f.offset(entry, keyed.entry.states[0])});
  }
  const auto values = kept_values(f, node.order, kept, row);
  store_row(f, values, f.call("rt_ranking_reserve", {ranking, heap_size(f, values)}));
  const bool may_go = row.contains(kRowWeight);
  llvm::Value* ties = node.with_ties ? compare_function(f.stage, id, node.order, kept, true) : no_function(f);
  const uint32_t flags = (node.rank_column.empty() ? 0 : 1) | (may_go ? 2 : 0);
  auto* count =
      f.call("rt_ranking_change", {ranking, compare_function(f.stage, id, node.order, kept, false), ties,
                                   f.int64(node.limit), f.int32(flags), may_go ? row.at(kRowWeight).data : f.int64(1)});
  auto* end = f.slot(f.stage.ptr, "end");
  auto* numbers = f.memory(16);
  f.loop(f.int64(0), count, "change", [&](llvm::Value* position) {
    auto* address = f.call("rt_ranking_row", {ranking, position, end, numbers});
    Row changed = load_row(f, kept, address, f.b.CreateLoad(f.stage.ptr, end));
    const auto add = [&](const std::string& column, uint64_t offset) {
      Value number;
      number.type = Type(TypeKind::Int);
      number.data = f.load(f.stage.i64, numbers, offset);
      changed.add(column, number);
    };
    if (!node.rank_column.empty()) add(node.rank_column, 0);
    add(std::string(kRowWeight), 8);
    emit_users(f, id, changed);
  });
}

}  // namespace

void consume(FunctionEmitter& f, NodeId id, const TopNode& node, const Row& row) {
  if (node.is_incremental) return consume_changing(f, id, node, row);
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
