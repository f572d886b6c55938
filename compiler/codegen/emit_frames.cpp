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
#include "compiler/codegen/panes.h"
#include "compiler/codegen/table.h"

namespace sluice::codegen {

namespace {

bool has_frame(const FrameNode& node) { return node.rows != 0 || node.last != 0; }

// How many rows of a key have to stay for what looks back, the latest included; 0 when nothing does.
uint64_t rows_looked_at(const FrameNode& node) {
  uint64_t rows = has_frame(node) ? 1 : 0;
  for (const auto* shifts : {&node.shifts, &node.leads})
    for (const auto& shift : *shifts) rows = std::max(rows, shift.rows + 1);
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
    states.resize(states.size() + 4, Type(TypeKind::Int));  // position, rank, the rows that stay, the latest time
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
    for_each_found([&] { return f_.call("rt_frame_next", {f_.context(), frames, compare, end_slot}); },
                   [&](llvm::Value* address) {
                     f_.node = id_;
                     take(frames, address, f_.b.CreateLoad(f_.stage.ptr, end_slot));
                     end_row();
                   });
    if (node_.keep != 0) sweep(frames);
  }

  // A row goes on when the last one that it looks at has entered, or when no more rows come.
  void finish_leads() {
    const uint64_t rows = rows_looked_at(node_) - 1;
    auto* frames = f_.sorter(f_.stage.state_index(id_, StateKind::Frames));
    auto* place = f_.slot(f_.stage.i64, "place");
    const auto next_key = [&] {
      f_.b.CreateStore(f_.int64(rows), place);
      return f_.if_else(
          enter_next(frames, rows + 1), f_.stage.ptr, [&]() -> llvm::Value* { return rows_slot(); },
          [&]() -> llvm::Value* { return f_.call("rt_frame_rest", {f_.context(), frames, f_.int64(rows), place}); });
    };
    for_each_found(next_key, [&](llvm::Value* slot) {
      f_.node = id_;
      slot_ = slot;
      auto* back = f_.b.CreateLoad(f_.stage.i64, place);
      with_row(back, [&](llvm::Value* address, llvm::Value* end) {
        emit_users(f_, id_, result_of_leads(load_row(f_, kept_, address, end), back));
      });
      end_row();
    });
  }

 private:
  // Runs `body` with what `next` finds, until that is null.
  void for_each_found(const std::function<llvm::Value*()>& next, const std::function<void(llvm::Value*)>& body) {
    auto* head = f_.block("next");
    auto* inside = f_.block("found");
    auto* after = f_.block("after");
    f_.b.CreateBr(head);
    f_.begin(head);
    auto* found = next();
    f_.b.CreateCondBr(f_.b.CreateIsNull(found), after, inside);
    f_.begin(inside);
    body(found);
    f_.b.CreateBr(head);
    f_.begin(after);
  }

  void end_row() {
    f_.reset_scratch();
    emit_yield_check(f_, [] {});
  }

  // i1: has the next row entered those of its key, whose slot is slot_ then?
  llvm::Value* enter_next(llvm::Value* frames, uint64_t kept) {
    auto* end_slot = f_.slot(f_.stage.ptr, "end");
    auto* found = f_.slot(f_.stage.ptr, "key_rows");
    auto* compare = compare_function(f_.stage, id_, node_.order, kept_, false);
    auto* address = f_.call("rt_frame_next", {f_.context(), frames, compare, end_slot});
    auto* is_there = f_.b.CreateIsNotNull(address);
    f_.if_then(is_there, [&] {
      const Row row = load_row(f_, kept_, address, f_.b.CreateLoad(f_.stage.ptr, end_slot));
      find_entry(row);
      f_.call("rt_frame_enter", {frames, rows_slot(), f_.int64(kept), llvm::ConstantInt::get(f_.stage.i8, 0)});
      f_.b.CreateStore(rows_slot(), found);
    });
    slot_ = f_.b.CreateLoad(f_.stage.ptr, found);
    return is_there;
  }

  std::vector<Value> find_entry(const Row& row) {
    std::vector<Value> keys;
    for (const auto& key : node_.keys) keys.push_back(emit_expr(f_, key.expr, {&row, {}}));
    const auto initialize = [&](llvm::Value* entry) {
      if (!has_frame(node_) || takes_back_) initialize_states(f_, aggregate_, layout_, &row, entry);
    };
    entry_ = find_or_insert(f_, layout_.table, layout_.entry, hash_keys(f_, keys, WindowHash::Whole), initialize).entry;
    slot_ = extra(2);
    return keys;
  }

  // What is known of a key from too long ago counts as forgotten, whether it is there or not.
  void begin_anew_if_over(llvm::Value* frames, const Row& row) {
    auto* time = row.at("order.0").data;
    auto* has_rows = f_.b.CreateICmpNE(f_.load(f_.stage.i64, extra(0)), f_.int64(0));
    auto* is_over = f_.b.CreateAnd(has_rows, f_.b.CreateICmpSLT(kept_until(), time));
    f_.if_then(is_over, [&] {
      f_.call("rt_frame_forget", {frames, rows_slot()});
      f_.store(f_.int64(0), extra(0));
      if (!has_frame(node_) || takes_back_) initialize_states(f_, aggregate_, layout_, &row, entry_);
    });
    f_.store(time, extra(3));
  }

  // The last time at which a row of the key belongs to those before it.
  llvm::Value* kept_until() {
    return f_.b.CreateBinaryIntrinsic(llvm::Intrinsic::sadd_sat, f_.load(f_.stage.i64, extra(3)),
                                      f_.int64(static_cast<uint64_t>(node_.keep)));
  }

  // Gives the memory of keys back that are over.
  void sweep(llvm::Value* frames) {
    const auto is_true = [&](llvm::Value* flag) {
      return f_.b.CreateICmpNE(flag, llvm::ConstantInt::get(f_.stage.i8, 0));
    };
    f_.if_then(is_true(f_.call("rt_frame_wants_sweep", {frames, layout_.table})), [&] {
      auto* cursor = f_.slot(f_.stage.i64, "swept");
      f_.b.CreateStore(f_.int64(0), cursor);
      for_each_entry(f_, layout_.table, cursor, [&](llvm::Value* entry) {
        entry_ = entry;
        slot_ = extra(2);
        f_.if_then(is_true(f_.call("rt_frame_is_over", {f_.context(), frames, kept_until()})), [&] {
          f_.call("rt_frame_forget", {frames, rows_slot()});
          forget_entry(f_, layout_.table, layout_.entry, layout_.key_types, layout_.state_types, entry);
        });
      });
      f_.call("rt_frame_swept", {frames, layout_.table});
    });
  }

  // The row in `address` changes the states of its key and goes on.
  void take(llvm::Value* frames, llvm::Value* address, llvm::Value* end) {
    const Row row = load_row(f_, kept_, address, end);
    const std::vector<Value> keys = find_entry(row);
    if (node_.keep != 0) begin_anew_if_over(frames, row);
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
  llvm::Value* rows_slot() { return slot_; }

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
    for_each_found(
        [&] { return f_.call("rt_frame_leave", {rows_slot(), f_.int64(node_.rows), oldest, end_slot}); },
        [&](llvm::Value* address) { body(load_row(f_, kept_, address, f_.b.CreateLoad(f_.stage.ptr, end_slot))); });
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

  // The value in the row so many before the latest one; null when there is none.
  Value shifted(const FrameShift& shift, llvm::Value* back) {
    const Type type = shift.value.type.as_nullable();
    auto* end_slot = f_.slot(f_.stage.ptr, "back_end");
    auto* address = f_.call("rt_frame_row", {rows_slot(), back, end_slot});
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

  std::vector<Type> made_types() {
    std::vector<Type> types;
    for (const auto& field : f_.stage.node(id_).schema.fields) types.push_back(field.type);
    return types;
  }
  void pass_on(const Row& row, RowBuilder& made) {
    const std::vector<Field> own = made_columns(node_);
    for (const auto& field : f_.stage.node(id_).schema.fields)
      if (std::ranges::find(own, field.name, &Field::name) == own.end()) made.add_from(row, field.name, field.name);
  }

  // Of the row so many before the latest one; there is no row behind that, which a position below zero would be.
  Row result_of_leads(const Row& row, llvm::Value* back) {
    RowBuilder made(f_, made_types());
    pass_on(row, made);
    for (const auto& lead : node_.leads)
      made.add(lead.name, lead.value.type.as_nullable(), shifted(lead, f_.b.CreateSub(back, f_.int64(lead.rows))));
    return made.row();
  }

  Row result(const Row& row, llvm::Value* number) {
    RowBuilder made(f_, made_types());
    pass_on(row, made);
    add_results(f_, id_, aggregate_, layout_, entry_, made);
    for (const auto& shift : node_.shifts)
      made.add(shift.name, shift.value.type.as_nullable(), shifted(shift, f_.int64(shift.rows)));
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
  llvm::Value* slot_ = nullptr;  // of the rows of the key that stay
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
  FrameEmitter emitter(f, id, node);
  if (node.leads.empty()) {
    emitter.finish();
  } else {
    emitter.finish_leads();
  }
}

}  // namespace sluice::codegen
