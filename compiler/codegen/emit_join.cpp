// join: rows of both sides in one hash table, in chains per key and side (abi::JoinCell). An inner join without a
// window looks for partners as a row arrives; the others give out everything when their window or the input ends, each
// chain in the order of its bytes, so that the result does not depend on how the rows came.
#include <algorithm>
#include <array>
#include <limits>
#include <optional>

#include "compiler/codegen/decode.h"
#include "compiler/codegen/memory.h"
#include "compiler/codegen/operators.h"
#include "compiler/codegen/panes.h"
#include "compiler/codegen/table.h"
#include "runtime/data/row_layout.h"

namespace sluice::codegen {

namespace {

struct JoinLayout {
  std::vector<Type> key_types;
  EntryLayout entry;  // its states: the first cell of the left and of the right chain
  uint32_t state = 0;
  std::optional<size_t> window;  // among the keys
  std::array<Schema, 2> kept;    // of a row: left columns, those of JoinNode::right
  std::array<const std::vector<NamedExpr>*, 2> keys;
};

JoinLayout layout_of(StageContext& stage, NodeId id, const JoinNode& node) {
  JoinLayout layout;
  for (const auto& key : node.left_keys) layout.key_types.push_back(key.expr.type);
  layout.entry = entry_layout(layout.key_types, {Type(TypeKind::Int), Type(TypeKind::Int)});
  layout.state = stage.state_index(id, StateKind::Groups);
  stage.entry_sizes[layout.state] = layout.entry.size;
  layout.window = window_key(node.left_keys);
  layout.keys = {&node.left_keys, &node.right_keys};
  std::vector<std::string> read = stage.node(id).schema.names();
  if (node.residual) collect_columns(*node.residual, read);
  const auto is_read = [&](const std::string& name) { return std::ranges::find(read, name) != read.end(); };
  const Schema& left = stage.node(stage.node(id).inputs[0]).schema;
  for (const auto& field : left.fields)  // the window is a key
    if (is_read(field.name) && field.name != window_of(node)) layout.kept[0].fields.push_back(field);
  for (const auto& column : node.right)
    if (is_read(column.name)) layout.kept[1].fields.push_back({column.name, column.expr.type});
  return layout;
}

llvm::Value* chain_of(FunctionEmitter& f, const JoinLayout& layout, llvm::Value* entry, size_t side) {
  return f.offset(entry, layout.entry.states[side]);
}

// Zero where there is no value: rows with equal values have equal bytes.
Value zero_when_absent(FunctionEmitter& f, Value value, llvm::Value* is_there) {
  if (value.present != nullptr) {
    if (is_there != nullptr) value.present = f.b.CreateAnd(value.present, is_there);
    is_there = value.present;
  }
  if (is_there == nullptr && value.type.kind != TypeKind::Record) return value;
  const auto select = [&](llvm::Value* part) {
    return part == nullptr ? part : f.b.CreateSelect(is_there, part, llvm::Constant::getNullValue(part->getType()));
  };
  if (is_there != nullptr && value.type.kind != TypeKind::Record) {
    value.data = select(value.data);
    value.size = select(value.size);
  }
  for (auto& field : value.fields) field = zero_when_absent(f, field, is_there);
  return value;
}

// Adds a row in front of the chain; `until` when nobody needs it any more.
void store_cell(FunctionEmitter& f, llvm::Value* table, llvm::Value* chain, std::vector<Value> values,
                llvm::Value* until) {
  for (auto& value : values) value = zero_when_absent(f, std::move(value), nullptr);
  uint32_t row_size = 0;
  for (const auto& value : values) row_size += block_size_of(value.type);
  auto* size = f.b.CreateAdd(heap_size(f, values), f.int64(row_size));
  auto* bytes = f.b.CreateAdd(size, f.int64(sizeof(abi::JoinCell)));
  auto* cell = f.call("rt_join_cell", {table, bytes});
  auto* end = f.offset(cell, bytes);
  auto* heap = f.slot(f.stage.ptr, "heap");
  f.b.CreateStore(end, heap);
  uint32_t offset = sizeof(abi::JoinCell);
  for (const auto& value : values) {
    store_block(f, value, f.offset(cell, offset), heap, end);
    offset += block_size_of(value.type);
  }
  f.store(f.load(f.stage.ptr, chain), cell, offsetof(abi::JoinCell, next));
  f.store(until, cell, offsetof(abi::JoinCell, until));
  f.store(f.b.CreateTrunc(size, f.stage.i32), cell, offsetof(abi::JoinCell, size));
  f.store(f.int32(0), cell, offsetof(abi::JoinCell, is_matched));
  f.store(cell, chain);
}

Row load_cell(FunctionEmitter& f, const Schema& kept, llvm::Value* cell) {
  auto* row = f.offset(cell, sizeof(abi::JoinCell));
  auto* size = f.b.CreateZExt(f.load(f.stage.i32, cell, offsetof(abi::JoinCell, size)), f.stage.i64);
  return load_row(f, kept, row, f.offset(row, size));
}

// Every cell of the chain that begins in `chain`. What a pair needs of the scratch memory is given back behind it.
// `body` gets where the address of the cell stands, too: it may take the cell out of the chain, then it returns
// whether.
using CellBody = std::function<llvm::Value*(llvm::Value* cell)>;
void for_each_cell(FunctionEmitter& f, llvm::Value* chain, const CellBody& body) {
  const auto scratch_at = [&](size_t field) { return f.load(f.stage.ptr, f.context(), field); };
  auto* scratch = scratch_at(offsetof(abi::TaskContext, scratch));
  auto* begin = scratch_at(offsetof(abi::TaskContext, scratch_begin));
  auto* link = f.slot(f.stage.ptr, "link");
  f.b.CreateStore(chain, link);
  auto* head = f.block("cells");
  auto* inside = f.block("cell");
  auto* after = f.block("after");
  f.b.CreateBr(head);
  f.begin(head);
  auto* place = f.b.CreateLoad(f.stage.ptr, link);
  auto* cell = f.load(f.stage.ptr, place);
  f.b.CreateCondBr(f.b.CreateIsNull(cell), after, inside);
  f.begin(inside);
  auto* is_taken_out = body(cell);
  auto* next = f.offset(cell, offsetof(abi::JoinCell, next));
  if (is_taken_out == nullptr) {
    f.b.CreateStore(next, link);
  } else {
    f.if_then(is_taken_out, [&] { f.store(f.load(f.stage.ptr, next), place); });
    f.b.CreateStore(f.b.CreateSelect(is_taken_out, place, next), link);
  }
  // Not when the memory was replaced by more.
  auto* is_same = f.b.CreateICmpEQ(scratch_at(offsetof(abi::TaskContext, scratch_begin)), begin);
  f.if_then(is_same, [&] { f.store(scratch, f.context(), offsetof(abi::TaskContext, scratch)); });
  f.b.CreateBr(head);
  f.begin(after);
}

// The columns of a pair; a side that is missing gives null.
struct Pair {
  const Row* left = nullptr;
  const Row* right = nullptr;
  const Value* window = nullptr;
};

class Joiner {
 public:
  Joiner(FunctionEmitter& emitter, NodeId node_id, const JoinNode& join)
      : f_(emitter), id_(node_id), node_(join), layout_(layout_of(emitter.stage, node_id, join)) {}

  void consume(const Row& row, size_t side) {
    std::vector<Value> keys;
    for (const auto& key : *layout_.keys[side]) keys.push_back(emit_expr(f_, key.expr, {&row, {}}));
    auto* table =
        layout_.window ? table_of_pane(f_, pane_of(f_, layout_.state, keys[*layout_.window])) : f_.table(layout_.state);
    auto* entry = find_or_insert(f_, table, layout_.entry, keys, [](llvm::Value*) {}).entry;
    const Row own = own_columns(row, side);
    own_until_ = until_of(row, side);
    if (!is_streamed(node_)) return store(table, entry, own, side);
    if (node_.kind == JoinKind::Semi)
      return side == 0 ? left_of_semi(table, entry, own) : right_of_semi(table, entry, own);
    const size_t other = 1 - side;
    for_each_cell(f_, chain(entry, other), [&](llvm::Value* cell) -> llvm::Value* {
      const Row partner = load_cell(f_, layout_.kept[other], cell);
      if_pair(side == 0 ? own : partner, side == 0 ? partner : own, nullptr, [&](const Pair& pair) { emit(pair); });
      return nullptr;
    });
    // Of a side with one row per key no other partner will come, for those that wait for it neither.
    if (other == 0 ? node_.left_is_unique : node_.right_is_unique) {
      f_.if_then(is_empty(entry, other), [&] { store(table, entry, own, side); });
    } else {
      store(table, entry, own, side);
    }
    if (side == 0 ? node_.left_is_unique : node_.right_is_unique) forget(entry, other);
  }

  void finish() {
    auto* cursor = f_.offset(f_.context(), offsetof(abi::TaskContext, cursor));
    const auto emit_entries = [&](llvm::Value* table) {
      for_each_entry(f_, table, cursor, [&](llvm::Value* entry) {
        emit_entry(entry);
        emit_yield_check(f_, [] {});
      });
    };
    if (!layout_.window) return emit_entries(f_.table(layout_.state));
    for_each_due_pane(f_, layout_.state, {}, [&](llvm::Value* pane) {
      emit_entries(table_of_pane(f_, pane));
      f_.store(f_.int64(0), cursor);
    });
  }

 private:
  using Body = std::function<void()>;

  llvm::Value* chain(llvm::Value* entry, size_t side) { return chain_of(f_, layout_, entry, side); }
  llvm::Value* is_empty(llvm::Value* entry, size_t side) {
    return f_.b.CreateIsNull(f_.load(f_.stage.ptr, chain(entry, side)));
  }
  void forget(llvm::Value* entry, size_t side) {
    f_.store(llvm::ConstantPointerNull::get(f_.stage.ptr), chain(entry, side));
  }

  // What a pair has of this row.
  Row own_columns(const Row& row, size_t side) {
    Row own;
    for (const auto& field : layout_.kept[side].fields) {
      if (side == 0) {
        own.add_from(row, field.name, field.name);
        continue;
      }
      const auto column = std::ranges::find(node_.right, field.name, &NamedExpr::name);
      f_.node = id_;
      own.add(field.name, emit_expr(f_, column->expr, {&row, {}}));
    }
    // What nobody reads may still fail.
    for (const auto& column : node_.right)
      if (side == 1 && !own.contains(column.name)) static_cast<void>(emit_expr(f_, column.expr, {&row, {}}));
    return own;
  }

  // The watermark that has passed all rows that this one could find.
  llvm::Value* until_of(const Row& row, size_t side) {
    const auto& bound = side == 0 ? node_.left_bound : node_.right_bound;
    if (!bound) return f_.int64(std::numeric_limits<int64_t>::max());
    f_.node = id_;
    auto* time = emit_expr(f_, bound->time, {&row, {}}).data;
    return f_.b.CreateBinaryIntrinsic(llvm::Intrinsic::sadd_sat, time, f_.int64(static_cast<uint64_t>(bound->after)));
  }

  void store(llvm::Value* table, llvm::Value* entry, const Row& own, size_t side) {
    std::vector<Value> values;
    for (const auto& field : layout_.kept[side].fields) values.push_back(own.at(field.name));
    const auto add = [&] { store_cell(f_, table, chain(entry, side), values, own_until_); };
    // That there is a partner is all that anyone asks of the other side.
    const bool is_only_asked = side == 1 && gives_left_only(node_.kind) && !node_.residual;
    if (!is_only_asked) return add();
    f_.if_then(is_empty(entry, side), add);
  }

  Row all_columns(const Pair& pair) const {
    Row row;
    if (pair.left != nullptr)
      for (const auto& field : layout_.kept[0].fields) row.add_from(*pair.left, field.name, field.name);
    if (pair.right != nullptr)
      for (const auto& field : layout_.kept[1].fields) row.add_from(*pair.right, field.name, field.name);
    if (pair.window != nullptr) row.add(window_of(node_), *pair.window);
    return row;
  }

  // Runs `then` where the two rows belong together.
  void if_pair(const Row& left, const Row& right, const Value* window, const std::function<void(const Pair&)>& then) {
    const Pair pair{&left, &right, window};
    if (!node_.residual) return then(pair);
    const Row row = all_columns(pair);
    f_.node = id_;
    f_.if_then(emit_expr(f_, *node_.residual, {&row, {}}).data, [&] { then(pair); });
  }

  void emit(const Pair& pair) {
    const Row columns = all_columns(pair);
    Row row;
    for (const auto& field : f_.stage.node(id_).schema.fields) {
      if (columns.contains(field.name)) {
        row.add(field.name, as_column(f_, field.type, columns.at(field.name)));
      } else if (field.name == node_.match_column) {
        Value is_there;
        is_there.type = field.type;
        is_there.data = f_.boolean(pair.right != nullptr);
        row.add(field.name, is_there);
      } else {
        row.add(field.name, null_value(f_, field.type));
      }
    }
    emit_users(f_, id_, row);
  }

  // i1: does the left row have a partner?
  llvm::Value* has_partner(llvm::Value* entry, const Row& left, const Value* window) {
    if (!node_.residual) return f_.b.CreateNot(is_empty(entry, 1));
    auto* found = f_.slot(f_.stage.bool_type, "found");
    f_.b.CreateStore(f_.boolean(false), found);
    for_each_cell(f_, chain(entry, 1), [&](llvm::Value* cell) -> llvm::Value* {
      f_.if_then(f_.b.CreateNot(f_.b.CreateLoad(f_.stage.bool_type, found)), [&] {
        const Row right = load_cell(f_, layout_.kept[1], cell);
        if_pair(left, right, window, [&](const Pair&) { f_.b.CreateStore(f_.boolean(true), found); });
      });
      return nullptr;
    });
    return f_.b.CreateLoad(f_.stage.bool_type, found);
  }

  // A left row goes on as soon as it has a partner, and is kept only until then.
  void left_of_semi(llvm::Value* table, llvm::Value* entry, const Row& own) {
    auto* found = has_partner(entry, own, nullptr);
    f_.if_then(found, [&] { emit({&own, nullptr, nullptr}); });
    f_.if_then(f_.b.CreateNot(found), [&] { store(table, entry, own, 0); });
  }

  void right_of_semi(llvm::Value* table, llvm::Value* entry, const Row& own) {
    for_each_cell(f_, chain(entry, 0), [&](llvm::Value* cell) -> llvm::Value* {
      const Row left = load_cell(f_, layout_.kept[0], cell);
      auto* found = f_.slot(f_.stage.bool_type, "found");
      f_.b.CreateStore(f_.boolean(false), found);
      if_pair(left, own, nullptr, [&](const Pair&) {
        f_.b.CreateStore(f_.boolean(true), found);
        emit({&left, nullptr, nullptr});
      });
      return f_.b.CreateLoad(f_.stage.bool_type, found);
    });
    store(table, entry, own, 1);
  }

  // All pairs of one key, and the rows without a partner.
  void emit_entry(llvm::Value* entry) {
    std::optional<Value> window;
    if (layout_.window) window = load_keys(f_, layout_.entry, layout_.key_types, entry)[*layout_.window];
    const Value* at = window ? &*window : nullptr;
    const bool keeps_right = !gives_left_only(node_.kind);
    f_.call("rt_join_sort", {chain(entry, 0)});
    if (keeps_right) f_.call("rt_join_sort", {chain(entry, 1)});
    for_each_cell(f_, chain(entry, 0), [&](llvm::Value* cell) -> llvm::Value* {
      const Row left = load_cell(f_, layout_.kept[0], cell);
      auto* found = keeps_right ? emit_pairs(entry, left, at) : has_partner(entry, left, at);
      if (node_.kind == JoinKind::Semi) f_.if_then(found, [&] { emit({&left, nullptr, at}); });
      if (node_.kind == JoinKind::Anti || may_lack_right(node_.kind))
        f_.if_then(f_.b.CreateNot(found), [&] { emit({&left, nullptr, at}); });
      return nullptr;
    });
    if (!may_lack_left(node_.kind)) return;
    for_each_cell(f_, chain(entry, 1), [&](llvm::Value* cell) -> llvm::Value* {
      auto* is_matched = f_.load(f_.stage.i32, cell, offsetof(abi::JoinCell, is_matched));
      f_.if_then(f_.b.CreateICmpEQ(is_matched, f_.int32(0)), [&] {
        const Row right = load_cell(f_, layout_.kept[1], cell);
        emit({nullptr, &right, at});
      });
      return nullptr;
    });
  }

  // i1: was there one?
  llvm::Value* emit_pairs(llvm::Value* entry, const Row& left, const Value* window) {
    auto* found = f_.slot(f_.stage.bool_type, "found");
    f_.b.CreateStore(f_.boolean(false), found);
    for_each_cell(f_, chain(entry, 1), [&](llvm::Value* cell) -> llvm::Value* {
      const Row right = load_cell(f_, layout_.kept[1], cell);
      if_pair(left, right, window, [&](const Pair& pair) {
        f_.b.CreateStore(f_.boolean(true), found);
        f_.store(f_.int32(1), cell, offsetof(abi::JoinCell, is_matched));
        emit(pair);
      });
      return nullptr;
    });
    return f_.b.CreateLoad(f_.stage.bool_type, found);
  }

  FunctionEmitter& f_;
  NodeId id_;
  const JoinNode& node_;
  JoinLayout layout_;
  llvm::Value* own_until_ = nullptr;  // of the row that has come
};

}  // namespace

void note_join_entry(StageContext& stage, NodeId id, const JoinNode& node) {
  static_cast<void>(layout_of(stage, id, node));
}

void consume_join(FunctionEmitter& f, NodeId id, const JoinNode& node, const Row& row, size_t side) {
  Joiner(f, id, node).consume(row, side);
}

void emit_finish(FunctionEmitter& f, NodeId id, const JoinNode& node) {
  emit_prepare(f, id);
  Joiner(f, id, node).finish();
}

}  // namespace sluice::codegen
