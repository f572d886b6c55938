// join: rows of both sides in one hash table, in chains per key and side (abi::JoinCell). An inner join without a
// window looks for partners as a row arrives, and so does the left side of a lookup, whose right side is there already;
// the others give out everything when their window or the input ends, each
// chain in the order of its bytes, so that the result does not depend on how the rows came.
#include <algorithm>
#include <array>
#include <limits>
#include <optional>

#include "compiler/codegen/cells.h"
#include "compiler/codegen/decode.h"
#include "compiler/codegen/memory.h"
#include "compiler/codegen/operators.h"
#include "compiler/codegen/panes.h"
#include "compiler/codegen/table.h"
#include "runtime/abi/kernel_abi.h"

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
    if (is_read(field.name) && field.name != window_of(node) && field.name != kRowWeight)
      layout.kept[0].fields.push_back(field);
  for (const auto& column : node.right)
    if (is_read(column.name)) layout.kept[1].fields.push_back({column.name, column.expr.type});
  return layout;
}

llvm::Value* chain_of(FunctionEmitter& f, const JoinLayout& layout, llvm::Value* entry, size_t side) {
  return f.offset(entry, layout.entry.states[side]);
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
    if (node_.is_lookup && side == 0) return look_up(own_columns(row, side), std::move(keys));
    auto* table =
        layout_.window ? table_of_pane(f_, pane_of(f_, layout_.state, keys[*layout_.window])) : f_.table(layout_.state);
    const auto search = node_.is_lookup ? CodeOfSearch::InlineFirst : CodeOfSearch::Function;  // of both sides
    auto* entry = find_or_insert(f_, table, layout_.entry, keys, [](llvm::Value*) {}, search).entry;
    const Row own = own_columns(row, side);
    own_until_ = until_of(row, side);
    if (node_.is_incremental) return consume_changing(table, entry, own, row, side);
    if (node_.is_lookup) return append(table, entry, own);
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

  // A row of the table of a lookup: behind those that came before it. What would be the left chain is the last one.
  void append(llvm::Value* table, llvm::Value* entry, const Row& own) {
    const bool is_only_asked = gives_left_only(node_.kind) && !node_.residual;
    if (is_only_asked) return store(table, entry, own, 1);
    std::vector<Value> values;
    for (const auto& field : layout_.kept[1].fields) values.push_back(own.at(field.name));
    auto* next = f_.offset(f_.load(f_.stage.ptr, chain(entry, 0)), offsetof(abi::JoinCell, next));
    auto* place = f_.b.CreateSelect(is_empty(entry, 1), chain(entry, 1), next);
    f_.store(store_cell(f_, table, place, values), chain(entry, 0));
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

  // A row comes to one side or goes from it. Where rows without a partner count, each knows how many it has.
  void consume_changing(llvm::Value* table, llvm::Value* entry, const Row& own, const Row& row, size_t side) {
    auto* weight = row.contains(kRowWeight) ? row.at(kRowWeight).data : f_.int64(1);
    auto* is_removal = f_.b.CreateICmpSLT(weight, f_.int64(0));
    auto* matches = f_.slot(f_.stage.i64, "matches");
    f_.b.CreateStore(f_.int64(0), matches);
    const size_t other = 1 - side;
    for_each_cell(f_, chain(entry, other), [&](llvm::Value* cell) -> llvm::Value* {
      const Row partner = load_cell(f_, layout_.kept[other], cell);
      if_pair(side == 0 ? own : partner, side == 0 ? partner : own, nullptr, [&](const Pair& pair) {
        f_.b.CreateStore(f_.b.CreateAdd(f_.b.CreateLoad(f_.stage.i64, matches), f_.int64(1)), matches);
        if (!gives_left_only(node_.kind)) emit_by_call(pair, weight);
        count_partner(cell, partner, other, is_removal);
      });
      return nullptr;
    });
    auto* is_alone = f_.b.CreateICmpEQ(f_.b.CreateLoad(f_.stage.i64, matches), f_.int64(0));
    const Pair alone = side == 0 ? Pair{&own, nullptr, nullptr} : Pair{nullptr, &own, nullptr};
    const bool is_wanted_alone = gives_alone(side) || (node_.kind == JoinKind::Semi && side == 0);
    if (is_wanted_alone) {
      f_.if_then(node_.kind == JoinKind::Semi ? f_.b.CreateNot(is_alone) : is_alone,
                 [&] { emit_by_call(alone, weight); });
    }
    std::vector<Value> values;
    for (const auto& field : layout_.kept[side].fields) values.push_back(own.at(field.name));
    f_.if_then(is_removal, [&] { remove_cell(f_, table, chain(entry, side), values); });
    f_.if_then(f_.b.CreateNot(is_removal), [&] {
      auto* cell = store_cell(f_, table, chain(entry, side), values);
      auto* count = f_.b.CreateTrunc(f_.b.CreateLoad(f_.stage.i64, matches), f_.stage.i32);
      f_.store(count, cell, offsetof(abi::JoinCell, matches));
    });
  }

  // Does a row of this side go out when it has no partner?
  [[nodiscard]] bool gives_alone(size_t side) const {
    return side == 0 ? may_lack_right(node_.kind) || node_.kind == JoinKind::Anti : may_lack_left(node_.kind);
  }

  // A kept row gets one more partner, or loses one: with its first it is no longer alone, without its last it is.
  void count_partner(llvm::Value* cell, const Row& partner, size_t side, llvm::Value* is_removal) {
    const bool is_semi = node_.kind == JoinKind::Semi && side == 0;
    if (!gives_alone(side) && !is_semi) return;
    auto* before = f_.load(f_.stage.i32, cell, offsetof(abi::JoinCell, matches));
    auto* step = f_.b.CreateSelect(is_removal, f_.int32(static_cast<uint32_t>(-1)), f_.int32(1));
    auto* after = f_.b.CreateAdd(before, step);
    f_.store(after, cell, offsetof(abi::JoinCell, matches));
    auto* has_turned = f_.b.CreateICmpEQ(f_.b.CreateSelect(is_removal, after, before), f_.int32(0));
    f_.if_then(has_turned, [&] {
      auto* weight = f_.b.CreateSelect(is_removal, f_.int64(1), f_.int64(static_cast<uint64_t>(-1)));
      if (is_semi) weight = f_.b.CreateNeg(weight);
      emit_by_call(side == 0 ? Pair{&partner, nullptr, nullptr} : Pair{nullptr, &partner, nullptr}, weight);
    });
  }

  // Through a function, because the join gives out rows in several places. `weight` where rows have one.
  void emit_by_call(const Pair& pair, llvm::Value* weight) {
    Row row = output_row(pair);
    if (weight != nullptr) {
      Value number;
      number.type = Type(TypeKind::Int);
      number.data = weight;
      row.add(std::string(kRowWeight), number);
    }
    emit_users(f_, id_, row, CodeOfUsers::Function);
  }

  // A left row of a lookup: its partners are all there.
  void look_up(const Row& own, std::vector<Value> keys) {
    auto* entry = find_entry(f_, f_.table(layout_.state), layout_.entry, std::move(keys));
    auto* first = f_.slot(f_.stage.ptr, "first");
    f_.b.CreateStore(llvm::ConstantPointerNull::get(f_.stage.ptr), first);
    f_.if_then(f_.b.CreateIsNotNull(entry), [&] { f_.b.CreateStore(f_.load(f_.stage.ptr, chain(entry, 1)), first); });
    if (gives_left_only(node_.kind)) {
      auto* found = has_partner(first, own, nullptr);
      auto* is_wanted = node_.kind == JoinKind::Semi ? found : f_.b.CreateNot(found);
      return f_.if_then(is_wanted, [&] { emit({&own, nullptr, nullptr}); });
    }
    const bool is_outer = may_lack_right(node_.kind);
    auto* is_alone = f_.slot(f_.stage.bool_type, "is_alone");
    f_.b.CreateStore(f_.boolean(true), is_alone);
    for_each_cell(f_, first, [&](llvm::Value* cell) -> llvm::Value* {
      const Row right = load_cell(f_, layout_.kept[1], cell);
      if_pair(own, right, nullptr, [&](const Pair& pair) {
        f_.b.CreateStore(f_.boolean(false), is_alone);
        is_outer ? emit_by_call(pair, nullptr) : emit(pair);
      });
      return nullptr;
    });
    if (!is_outer) return;
    f_.if_then(f_.b.CreateLoad(f_.stage.bool_type, is_alone), [&] { emit_by_call({&own, nullptr, nullptr}, nullptr); });
  }

  // Runs `then` where the two rows belong together.
  void if_pair(const Row& left, const Row& right, const Value* window, const std::function<void(const Pair&)>& then) {
    const Pair pair{&left, &right, window};
    if (!node_.residual) return then(pair);
    const Row row = all_columns(pair);
    f_.node = id_;
    f_.if_then(emit_expr(f_, *node_.residual, {&row, {}}).data, [&] { then(pair); });
  }

  void emit(const Pair& pair) { emit_users(f_, id_, output_row(pair)); }

  // Without the weight.
  Row output_row(const Pair& pair) {
    const Row columns = all_columns(pair);
    Row row;
    for (const auto& field : f_.stage.node(id_).schema.fields) {
      if (field.name == kRowWeight) continue;
      if (columns.contains(field.name)) {
        row.add(field.name, as_type(f_, field.type, columns.at(field.name)));
      } else if (field.name == node_.match_column) {
        Value is_there;
        is_there.type = field.type;
        is_there.data = f_.boolean(pair.right != nullptr);
        row.add(field.name, is_there);
      } else {
        row.add(field.name, null_value(f_, field.type));
      }
    }
    return row;
  }

  // i1: does the left row have a partner in the chain whose first cell is at `rights`?
  llvm::Value* has_partner(llvm::Value* rights, const Row& left, const Value* window) {
    if (!node_.residual) return f_.b.CreateIsNotNull(f_.load(f_.stage.ptr, rights));
    auto* found = f_.slot(f_.stage.bool_type, "found");
    f_.b.CreateStore(f_.boolean(false), found);
    for_each_cell(f_, rights, [&](llvm::Value* cell) -> llvm::Value* {
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
    auto* found = has_partner(chain(entry, 1), own, nullptr);
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
      auto* found = keeps_right ? emit_pairs(entry, left, at) : has_partner(chain(entry, 1), left, at);
      if (node_.kind == JoinKind::Semi) f_.if_then(found, [&] { emit({&left, nullptr, at}); });
      if (node_.kind == JoinKind::Anti || may_lack_right(node_.kind))
        f_.if_then(f_.b.CreateNot(found), [&] { emit({&left, nullptr, at}); });
      return nullptr;
    });
    if (!may_lack_left(node_.kind)) return;
    for_each_cell(f_, chain(entry, 1), [&](llvm::Value* cell) -> llvm::Value* {
      auto* is_matched = f_.load(f_.stage.i32, cell, offsetof(abi::JoinCell, matches));
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
        f_.store(f_.int32(1), cell, offsetof(abi::JoinCell, matches));
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

void note_entry(StageContext& stage, NodeId id, const JoinNode& node) { static_cast<void>(layout_of(stage, id, node)); }

void consume_join(FunctionEmitter& f, NodeId id, const JoinNode& node, const Row& row, size_t side) {
  Joiner(f, id, node).consume(row, side);
}

void emit_finish(FunctionEmitter& f, NodeId id, const JoinNode& node) {
  emit_prepare(f, id);
  Joiner(f, id, node).finish();
}

}  // namespace sluice::codegen
