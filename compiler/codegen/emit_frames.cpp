// Steps that compute over the rows before each row. Rows wait in runtime/state/frame_rows.h; when it is their turn, one
// after the other changes the states of its key and goes on with what they are then. A row that leaves the frame is
// taken back from the states by the functions' own `retract`; if one has none, all are computed anew from the rows
// left.
#include <algorithm>

#include "compiler/codegen/aggregate.h"
#include "compiler/codegen/expr.h"
#include "compiler/codegen/kept_rows.h"
#include "compiler/codegen/memory.h"
#include "compiler/codegen/operators.h"

namespace sluice::codegen {

namespace {

bool has_frame(const FrameNode& node) { return node.rows != 0 || node.last != 0; }

// How many rows of a key have to stay for what looks back, the latest included; 0 when nothing does.
uint64_t rows_looked_at(const FrameNode& node) {
  uint64_t rows = has_frame(node) ? 1 : 0;
  for (const auto& shift : node.shifts) rows = std::max(rows, shift.rows + 1);
  return node.rank_column.empty() ? rows : std::max<uint64_t>(rows, 2);
}

class FrameEmitter {
 public:
  FrameEmitter(FunctionEmitter& emitter, NodeId id, const FrameNode& node)
      : f_(emitter), id_(id), node_(node), kept_(kept_schema(emitter.stage, id, StateKind::Frames)) {
    aggregate_.keys = node.keys;
    aggregate_.calls = node.calls;
    for (const auto& key : node.keys) layout_.key_types.push_back(key.expr.type);
    for (const auto& call : node.calls)
      for (const auto& state : call.states) layout_.state_types.push_back(state.type);
    std::vector<Type> states = layout_.state_types;
    states.resize(states.size() + 3, Type(TypeKind::Int));  // position, rank, the rows that stay
    layout_.entry = entry_layout(layout_.key_types, states);
    layout_.state = f_.stage.state_index(id, StateKind::Groups);
    f_.stage.entry_sizes[layout_.state] = layout_.entry.size;
    layout_.table = f_.table(layout_.state);
    takes_back_ = std::ranges::all_of(node.calls, &AggregateCall::can_retract);
  }

  void finish() {
    auto* compare = compare_function(f_.stage, id_, node_.order, kept_, false);
    auto* frames = f_.sorter(f_.stage.state_index(id_, StateKind::Frames));
    auto* end_slot = f_.slot(f_.stage.ptr, "end");
    auto* head = f_.block("frames");
    auto* inside = f_.block("row");
    auto* after = f_.block("after");
    f_.b.CreateBr(head);
    f_.begin(head);
    auto* address = f_.call("rt_frame_next", {f_.context(), frames, compare, end_slot});
    f_.b.CreateCondBr(f_.b.CreateIsNull(address), after, inside);
    f_.begin(inside);
    f_.node = id_;
    take(frames, address, f_.b.CreateLoad(f_.stage.ptr, end_slot));
    f_.reset_scratch();
    emit_yield_check(f_, [] {});
    f_.b.CreateBr(head);
    f_.begin(after);
  }

 private:
  // The row in `address` changes the states of its key and goes on.
  void take(llvm::Value* frames, llvm::Value* address, llvm::Value* end) {
    const Row row = load_row(f_, kept_, address, end);
    std::vector<Value> keys;
    for (const auto& key : node_.keys) keys.push_back(emit_expr(f_, key.expr, {&row, {}}));
    entry_ = find_or_insert(f_, layout_.table, layout_.entry, keys, [&](llvm::Value* entry) {
               if (!has_frame(node_) || takes_back_) initialize_states(f_, aggregate_, layout_, &row, entry);
             }).entry;
    if (const uint64_t kept = rows_looked_at(node_); kept != 0) {
      auto* in_frame = llvm::ConstantInt::get(f_.stage.i8, has_frame(node_) ? 1 : 0);
      f_.call("rt_frame_enter", {frames, rows_slot(), f_.int64(kept), in_frame});
    }
    auto* number = f_.b.CreateAdd(f_.load(f_.stage.i64, extra(0)), f_.int64(1));
    f_.store(number, extra(0));
    if (!node_.rank_column.empty()) update_rank(number, address, end);
    if (!node_.calls.empty()) update_calls(keys, row);
    emit_users(f_, id_, result(row, number));
  }

  llvm::Value* extra(size_t position) {
    return f_.offset(entry_, layout_.entry.states[layout_.state_types.size() + position]);
  }
  llvm::Value* rows_slot() { return extra(2); }

  // A row of the key, so many before the latest: calls `use` with its address and end, or not at all.
  void with_row(llvm::Value* back, const std::function<void(llvm::Value*, llvm::Value*)>& use) {
    auto* end_slot = f_.slot(f_.stage.ptr, "back_end");
    auto* address = f_.call("rt_frame_row", {rows_slot(), back, end_slot});
    f_.if_then(f_.b.CreateIsNotNull(address), [&] { use(address, f_.b.CreateLoad(f_.stage.ptr, end_slot)); });
  }

  // Equal rows have the rank of the first of them, which is its position.
  void update_rank(llvm::Value* number, llvm::Value* address, llvm::Value* end) {
    auto* is_tied = f_.slot(f_.stage.bool_type, "is_tied");
    f_.b.CreateStore(f_.boolean(false), is_tied);
    with_row(f_.int64(1), [&](llvm::Value* before, llvm::Value* before_end) {
      auto* ties = compare_function(f_.stage, id_, node_.order, kept_, true);
      auto* order = f_.b.CreateCall(ties, {before, before_end, address, end});
      f_.b.CreateStore(f_.b.CreateICmpEQ(order, f_.int32(0)), is_tied);
    });
    f_.if_then(f_.b.CreateNot(f_.b.CreateLoad(f_.stage.bool_type, is_tied)), [&] { f_.store(number, extra(1)); });
  }

  void update_calls(const std::vector<Value>& keys, const Row& row) {
    if (!has_frame(node_)) return update_states(f_, id_, aggregate_, layout_, keys, row, entry_);
    // The new row first: a state that began with a row may not do without any.
    if (takes_back_) update_states(f_, id_, aggregate_, layout_, keys, row, entry_);
    for_each_leaving(row, [&](const Row& leaving) {
      if (takes_back_) take_back(leaving);
    });
    if (!takes_back_) compute_anew(keys);
  }

  void for_each_leaving(const Row& row, const std::function<void(const Row&)>& body) {
    llvm::Value* oldest = f_.int64(0);
    if (node_.last != 0)
      oldest = f_.b.CreateBinaryIntrinsic(llvm::Intrinsic::ssub_sat, row.at("order.0").data,
                                          f_.int64(static_cast<uint64_t>(node_.last)));
    auto* end_slot = f_.slot(f_.stage.ptr, "leaving_end");
    auto* head = f_.block("leaving");
    auto* inside = f_.block("left");
    auto* after = f_.block("after");
    f_.b.CreateBr(head);
    f_.begin(head);
    auto* address = f_.call("rt_frame_leave", {rows_slot(), f_.int64(node_.rows), oldest, end_slot});
    f_.b.CreateCondBr(f_.b.CreateIsNull(address), after, inside);
    f_.begin(inside);
    body(load_row(f_, kept_, address, f_.b.CreateLoad(f_.stage.ptr, end_slot)));
    f_.b.CreateBr(head);
    f_.begin(after);
  }

  void take_back(const Row& row) {
    size_t first = 0;
    for (const auto& call : node_.calls) {
      const auto counted = [&] {
        Scope scope{nullptr, evaluate_arguments(f_, call, row)};
        const auto address = [&](size_t i) { return f_.offset(entry_, layout_.entry.states[first + i]); };
        for (size_t i = 0; i < call.states.size(); ++i)
          scope.locals.insert_or_assign(call.states[i].name, load_state(f_, call.states[i].type, address(i)));
        std::vector<Value> updated;
        for (const auto& state : call.states) updated.push_back(emit_expr(f_, *state.retract, scope));
        for (size_t i = 0; i < updated.size(); ++i) store_state(f_, layout_.table, updated[i], address(i));
      };
      f_.node = id_;
      if (call.filter) {
        f_.if_then(emit_expr(f_, *call.filter, {&row, {}}).data, counted);
      } else {
        counted();
      }
      first += call.states.size();
    }
  }

  void compute_anew(const std::vector<Value>& keys) {
    auto* count = f_.call("rt_frame_count", {rows_slot()});
    f_.loop(f_.int64(0), count, "in_frame", [&](llvm::Value* i) {
      auto* back = f_.b.CreateSub(f_.b.CreateSub(count, f_.int64(1)), i);
      with_row(back, [&](llvm::Value* address, llvm::Value* end) {
        const Row row = load_row(f_, kept_, address, end);
        f_.if_then(f_.b.CreateICmpEQ(i, f_.int64(0)),
                   [&] { initialize_states(f_, aggregate_, layout_, &row, entry_); });
        update_states(f_, id_, aggregate_, layout_, keys, row, entry_);
      });
    });
  }

  Value shifted(const FrameShift& shift) {
    const Type type = shift.value.type.as_nullable();
    auto* end_slot = f_.slot(f_.stage.ptr, "back_end");
    auto* address = f_.call("rt_frame_row", {rows_slot(), f_.int64(shift.rows), end_slot});
    return f_.if_else(
        f_.b.CreateIsNotNull(address), type,
        [&] {
          const Row row = load_row(f_, kept_, address, f_.b.CreateLoad(f_.stage.ptr, end_slot));
          Value value = emit_expr(f_, shift.value, {&row, {}});
          value.type = type;
          if (value.present == nullptr) value.present = f_.boolean(true);
          return value;
        },
        [&] { return null_value(f_, type); });
  }

  Row result(const Row& row, llvm::Value* number) {
    const Schema& schema = f_.stage.node(id_).schema;
    std::vector<Type> types;
    for (const auto& field : schema.fields) types.push_back(field.type);
    RowBuilder made(f_, types);
    const std::vector<Field> own = made_columns(node_);
    for (const auto& field : schema.fields)
      if (std::ranges::find(own, field.name, &Field::name) == own.end()) made.add_from(row, field.name, field.name);
    add_results(f_, id_, aggregate_, layout_, entry_, made);
    for (const auto& shift : node_.shifts) made.add(shift.name, shift.value.type.as_nullable(), shifted(shift));
    const auto add_int = [&](const std::string& column, llvm::Value* data) {
      Value value;
      value.type = Type(TypeKind::Int);
      value.data = data;
      if (!column.empty()) made.add(column, value.type, value);
    };
    add_int(node_.number_column, number);
    if (!node_.rank_column.empty()) add_int(node_.rank_column, f_.load(f_.stage.i64, extra(1)));
    return made.row();
  }

  FunctionEmitter& f_;
  NodeId id_;
  const FrameNode& node_;
  const Schema& kept_;
  AggregateNode aggregate_;  // the calls, as all aggregates have them
  AggregateLayout layout_;
  bool takes_back_ = false;
  llvm::Value* entry_ = nullptr;
};

}  // namespace

void consume(FunctionEmitter& f, NodeId id, const FrameNode& node, const Row& row) {
  auto* frames = f.sorter(f.stage.state_index(id, StateKind::Frames));
  const bool is_timed = follows_time(node);
  const auto hold = [&] {
    const auto values = kept_values(f, node.order, kept_schema(f.stage, id, StateKind::Frames), row);
    store_row(f, values, f.call("rt_frame_reserve", {frames, heap_size(f, values)}));
    f.call("rt_frame_hold", {frames, is_timed || node.last != 0 ? values[0].data : f.int64(0)});
  };
  if (!is_timed) return hold();
  // Rows after it may have left already.
  auto* is_late = f.b.CreateICmpSLT(row.at(kRowTime).data, row.at(kRowMark).data);
  if (node.counts_late) count_late(f, id, is_late);
  f.if_then(f.b.CreateNot(is_late), hold);
}

void emit_finish(FunctionEmitter& f, NodeId id, const FrameNode& node) {
  emit_prepare(f, id);
  FrameEmitter(f, id, node).finish();
}

}  // namespace sluice::codegen
