// Incremental aggregates: a row changes the states of its group at once, and the group's result goes out twice, the old
// one to be taken back and the new one. A row that is taken back is retracted from the states by the function's own
// `retract`; of a function without one the rows' arguments are kept, and its states are computed anew from those left.
#include <algorithm>

#include "compiler/codegen/aggregate.h"
#include "compiler/codegen/cells.h"
#include "compiler/codegen/changed_results.h"
#include "compiler/codegen/expr.h"
#include "compiler/codegen/operators.h"
#include "compiler/codegen/panes.h"
#include "runtime/abi/kernel_abi.h"

namespace sluice::codegen {

namespace {

const Type kInt(TypeKind::Int);

bool reads_changes(const StageContext& stage, NodeId id) {
  return stage.node(stage.node(id).inputs[0]).schema.find(kRowWeight) != nullptr;
}

bool needs_history(const StageContext& stage, NodeId id, const AggregateCall& call) {
  return reads_changes(stage, id) && !call.can_retract();
}

Schema argument_row(const AggregateCall& call) {
  Schema schema;
  for (const auto& arg : call.args) schema.fields.push_back({arg.name, arg.expr.type});
  return schema;
}

class ChangingAggregate {
 public:
  ChangingAggregate(FunctionEmitter& emitter, NodeId node_id, const AggregateNode& aggregate)
      : f_(emitter), id_(node_id), node_(aggregate), layout_(aggregate_layout(emitter.stage, node_id, aggregate)) {}

  void consume(const Row& row) {
    std::vector<Value> keys;
    for (const auto& key : node_.keys) keys.push_back(emit_expr(f_, key.expr, {&row, {}}));
    layout_.table = table_for(layout_.state, keys);
    auto* entry = has_keys() ? find_or_insert(f_, layout_.table, layout_.entry, keys, [](llvm::Value*) {}).entry
                             : only_entry(f_, node_, layout_);
    if (node_.calls.empty() && !reads_changes(f_.stage, id_)) return consume_new(entry);
    if (collects_changes(node_)) return collect(keys, row, entry);
    auto* results = f_.memory(2 * result_bytes());
    auto* was_shown = is_shown(entry);
    f_.if_then(was_shown, [&] { store_results(entry, results, true); });
    change(keys, row, entry);
    auto* is_now_shown = is_shown(entry);
    f_.if_then(is_now_shown, [&] { store_results(entry, f_.offset(results, result_bytes()), false); });
    emit_changes(entry, results, was_shown, is_now_shown);
    if (node_.window_rows != 0) begin_anew_if_full(entry);
    if (!has_keys() || !reads_changes(f_.stage, id_)) return;
    f_.if_then(f_.b.CreateNot(is_now_shown), [&] { f_.call("rt_table_erase", {layout_.table, entry}); });
  }

  // Windows that are complete are forgotten; without keys there is a result also when no row came.
  void finish() {
    if (collects_changes(node_)) emit_collected();
    if (layout_.window) return for_each_due_pane(f_, layout_.state, layout_.distinct, [](llvm::Value*) {});
    if (has_keys() || node_.window_rows != 0) return;
    layout_.table = f_.table(layout_.state);
    auto* entry = only_entry(f_, node_, layout_);
    f_.if_then(f_.b.CreateNot(is_shown(entry)), [&] {
      f_.store(f_.int64(1), rows(entry));
      auto* results = f_.memory(result_bytes());
      store_results(entry, results, false);
      emit_users(f_, id_, result_row(entry, results, f_.int64(1)));
    });
  }

 private:
  [[nodiscard]] bool has_keys() const { return !node_.keys.empty(); }
  // Does a group begin with a row? The only one is there before.
  [[nodiscard]] bool begins_with_row() const { return has_keys() || node_.window_rows != 0; }
  llvm::Value* table_for(uint32_t state, const std::vector<Value>& keys) {
    return layout_.window ? table_of_pane(f_, pane_of(f_, state, keys[*layout_.window])) : f_.table(state);
  }

  // How many rows the group has; of the only one: whether its result has been given out.
  llvm::Value* rows(llvm::Value* entry) { return f_.offset(entry, layout_.entry.states[layout_.state_types.size()]); }
  llvm::Value* is_shown(llvm::Value* entry) {
    return f_.b.CreateICmpNE(f_.load(f_.stage.i64, rows(entry)), f_.int64(0));
  }
  llvm::Value* history(llvm::Value* entry, size_t call) {
    size_t position = layout_.state_types.size() + 1;
    for (size_t i = 0; i < call; ++i) position += needs_history(f_.stage, id_, node_.calls[i]) ? 1 : 0;
    return f_.offset(entry, layout_.entry.states[position]);
  }

  // The group has its number of rows, and its last result: the next row begins another one.
  void begin_anew_if_full(llvm::Value* entry) {
    auto* count = f_.load(f_.stage.i64, rows(entry));
    auto* is_full = f_.b.CreateICmpUGE(count, f_.int64(node_.window_rows));
    f_.store(f_.b.CreateSelect(is_full, f_.int64(0), count), rows(entry));
  }

  // ---- changes that are collected ----

  enum Collected : uint8_t {
    kDue,
    kIsWaiting,
    kWasGiven,
    kGiven
  };  // behind the number of rows; results from kGiven on
  llvm::Value* collected(llvm::Value* entry, size_t which) {
    return f_.offset(entry, layout_.entry.states[layout_.state_types.size() + 1 + which]);
  }
  llvm::Value* changed() { return f_.sorter(f_.stage.state_index(id_, StateKind::Changed)); }

  // The end of the row's interval, but no later than that of its window.
  llvm::Value* due_of(const std::vector<Value>& keys, const Row& row) {
    auto* due = end_of_interval(f_, *node_.every, row);
    if (!layout_.window) return due;
    auto* lag = f_.int64(static_cast<uint64_t>(window_lag(f_.stage.plan.graph, id_)));
    auto* end = f_.b.CreateBinaryIntrinsic(llvm::Intrinsic::sadd_sat, keys[*layout_.window].fields[1].data, lag);
    return f_.b.CreateBinaryIntrinsic(llvm::Intrinsic::smin, due, end);
  }

  // A row that counts in a later interval than what its group still has to give out lets that go first. So what goes
  // out does not depend on when the watermark comes by.
  void collect(const std::vector<Value>& keys, const Row& row, llvm::Value* entry) {
    auto* due = due_of(keys, row);
    const auto is_waiting = [&] {
      return f_.b.CreateICmpNE(f_.load(f_.stage.i64, collected(entry, kIsWaiting)), f_.int64(0));
    };
    auto* waits = is_waiting();
    auto* before = f_.load(f_.stage.i64, collected(entry, kDue));
    f_.if_then(f_.b.CreateAnd(waits, f_.b.CreateICmpSLT(before, due)), [&] { give_out(entry); });
    change(keys, row, entry);
    auto* later = f_.b.CreateSelect(waits, f_.b.CreateBinaryIntrinsic(llvm::Intrinsic::smax, before, due), due);
    f_.store(later, collected(entry, kDue));
    f_.if_then(f_.b.CreateNot(waits), [&] {
      f_.store(f_.int64(1), collected(entry, kIsWaiting));
      f_.call("rt_changed_add", {changed(), entry, due});
    });
  }

  // The groups whose time has come; of those that rows have moved to a later interval meanwhile it comes later.
  void emit_collected() {
    auto* head = f_.block("changed");
    auto* inside = f_.block("group");
    auto* after = f_.block("after");
    f_.b.CreateBr(head);
    f_.begin(head);
    auto* entry = f_.call("rt_changed_next", {f_.context(), changed()});
    f_.b.CreateCondBr(f_.b.CreateIsNull(entry), after, inside);
    f_.begin(inside);
    f_.node = id_;
    layout_.table = table_of(entry);
    auto* due = f_.load(f_.stage.i64, collected(entry, kDue));
    auto* watermark = f_.load(f_.stage.i64, f_.context(), offsetof(abi::TaskContext, watermark));
    auto* is_due = f_.b.CreateICmpSLE(due, watermark);
    f_.if_then(is_due, [&] {
      f_.store(f_.int64(0), collected(entry, kIsWaiting));
      give_out(entry);
    });
    f_.if_then(f_.b.CreateNot(is_due), [&] { f_.call("rt_changed_add", {changed(), entry, due}); });
    f_.reset_scratch();
    emit_yield_check(f_, [] {});
    f_.b.CreateBr(head);
    f_.begin(after);
  }

  // The table that the entry of a group is in, which owns the texts of its results.
  llvm::Value* table_of(llvm::Value* entry) {
    if (!layout_.window) return f_.table(layout_.state);
    const auto keys = load_keys(f_, layout_.entry, layout_.key_types, entry);
    return table_for(layout_.state, keys);
  }

  void give_out(llvm::Value* entry) {
    auto* results = f_.memory(2 * result_bytes());
    auto* was_given = f_.b.CreateICmpNE(f_.load(f_.stage.i64, collected(entry, kWasGiven)), f_.int64(0));
    const auto given = [&](size_t call) { return collected(entry, kGiven + call); };
    f_.if_then(was_given, [&] { load_given(f_, node_, results, given); });
    auto* now = f_.offset(results, result_bytes());
    store_results(entry, now, false);
    emit_changes(entry, results, was_given, f_.boolean(true));
    store_given(f_, node_, layout_.table, now, given);
    f_.store(f_.int64(1), collected(entry, kWasGiven));
  }

  // Distinct rows that only come: each goes out once.
  void consume_new(llvm::Value* entry) {
    f_.if_then(f_.b.CreateNot(is_shown(entry)), [&] {
      f_.store(f_.int64(1), rows(entry));
      emit_users(f_, id_, result_row(entry, nullptr, nullptr));
    });
  }

  void change(const std::vector<Value>& keys, const Row& row, llvm::Value* entry) {
    if (begins_with_row()) {
      f_.if_then(f_.b.CreateNot(is_shown(entry)), [&] { initialize_states(f_, node_, layout_, &row, entry); });
    }
    const auto change_all = [&](bool is_removal) {
      size_t position = 0;
      for (size_t call = 0; call < node_.calls.size(); ++call) {
        f_.node = id_;
        change_call(call, position, keys, row, entry, is_removal);
        position += node_.calls[call].states.size();
      }
    };
    if (!reads_changes(f_.stage, id_)) {
      change_all(false);
      auto* next = f_.b.CreateAdd(f_.load(f_.stage.i64, rows(entry)), f_.int64(1));
      f_.store(begins_with_row() ? next : f_.int64(1), rows(entry));
      return;
    }
    auto* weight = row.at(kRowWeight).data;
    auto* is_removal = f_.b.CreateICmpSLT(weight, f_.int64(0));
    f_.if_then(is_removal, [&] { change_all(true); });
    f_.if_then(f_.b.CreateNot(is_removal), [&] { change_all(false); });
    f_.store(has_keys() ? f_.b.CreateAdd(f_.load(f_.stage.i64, rows(entry)), weight) : f_.int64(1), rows(entry));
  }

  void change_call(size_t call_index, size_t first_state, const std::vector<Value>& keys, const Row& row,
                   llvm::Value* entry, bool is_removal) {
    const AggregateCall& call = node_.calls[call_index];
    const auto counted = [&] {
      const Arguments arguments = evaluate_arguments(f_, call, row);
      const auto apply = [&] { apply_row(call_index, first_state, arguments, entry, is_removal); };
      if (!call.is_distinct) return apply();
      f_.if_then(changes_distinct(call_index, keys, arguments, is_removal), apply);
    };
    if (!call.filter) return counted();
    f_.if_then(emit_expr(f_, *call.filter, {&row, {}}).data, counted);
  }

  // i1: do the arguments come to the group for the first time, or leave it for good?
  llvm::Value* changes_distinct(size_t call_index, const std::vector<Value>& keys, const Arguments& arguments,
                                bool is_removal) {
    const AggregateCall& call = node_.calls[call_index];
    const auto nth = std::count_if(node_.calls.begin(), node_.calls.begin() + static_cast<ptrdiff_t>(call_index),
                                   [](const AggregateCall& earlier) { return earlier.is_distinct; });
    std::vector<Value> seen = keys;
    for (const auto& arg : call.args) seen.push_back(arguments.at(arg.name));
    const EntryLayout seen_layout = distinct_layout(node_, {call_index}, layout_.key_types);
    auto* table = table_for(layout_.distinct[static_cast<size_t>(nth)], keys);
    auto* entry = find_or_insert(f_, table, seen_layout, seen, [](llvm::Value*) {}).entry;
    auto* place = f_.offset(entry, seen_layout.states[0]);
    auto* count = f_.load(f_.stage.i64, place);
    auto* next = is_removal ? f_.b.CreateSub(count, f_.int64(1)) : f_.b.CreateAdd(count, f_.int64(1));
    f_.store(next, place);
    return f_.b.CreateICmpEQ(is_removal ? next : count, f_.int64(0));
  }

  void apply_row(size_t call_index, size_t first_state, const Arguments& arguments, llvm::Value* entry,
                 bool is_removal) {
    const AggregateCall& call = node_.calls[call_index];
    const bool has_history = needs_history(f_.stage, id_, call);
    std::vector<Value> row;
    if (has_history)
      for (const auto& arg : call.args) row.push_back(arguments.at(arg.name));
    if (is_removal && has_history) {
      remove_cell(f_, layout_.table, history(entry, call_index), row);
      return compute_anew(call_index, first_state, entry);
    }
    if (has_history) store_cell(f_, layout_.table, history(entry, call_index), row);
    step(call, first_state, arguments, entry, is_removal);
  }

  void step(const AggregateCall& call, size_t first_state, const Arguments& arguments, llvm::Value* entry,
            bool is_removal) {
    Scope scope{nullptr, arguments};
    for (size_t i = 0; i < call.states.size(); ++i)
      scope.locals.insert_or_assign(call.states[i].name,
                                    load_state(f_, call.states[i].type, state(entry, first_state + i)));
    std::vector<Value> updated;
    for (const auto& each : call.states)
      updated.push_back(emit_expr(f_, is_removal ? *each.retract : each.step, scope));
    for (size_t i = 0; i < updated.size(); ++i)
      store_state(f_, layout_.table, updated[i], state(entry, first_state + i));
  }

  llvm::Value* state(llvm::Value* entry, size_t position) { return f_.offset(entry, layout_.entry.states[position]); }

  void compute_anew(size_t call_index, size_t first_state, llvm::Value* entry) {
    const AggregateCall& call = node_.calls[call_index];
    const Schema arguments = argument_row(call);
    const auto locals = [&](llvm::Value* cell) {
      const Row row = load_cell(f_, arguments, cell);
      Arguments values;
      for (const auto& field : arguments.fields) values.insert_or_assign(field.name, row.at(field.name));
      return values;
    };
    auto* is_first = f_.slot(f_.stage.bool_type, "is_first");
    f_.b.CreateStore(f_.boolean(true), is_first);
    const auto initialize = [&](const Arguments& values) {
      for (size_t i = 0; i < call.states.size(); ++i)
        store_state(f_, layout_.table, emit_expr(f_, call.states[i].init, {nullptr, values}),
                    state(entry, first_state + i));
    };
    const bool begins_with_row = std::ranges::any_of(call.states, [](const AggregateState& each) {
      bool reads = false;
      for_each(each.init, [&](const Expr& part) { reads = reads || part.kind == ExprKind::Local; });
      return reads;
    });
    // Of a function that begins with a row nobody asks the result when there is none: the group is gone.
    if (!begins_with_row) initialize({});
    for_each_cell(f_, history(entry, call_index), [&](llvm::Value* cell) -> llvm::Value* {
      const Arguments values = locals(cell);
      if (begins_with_row) {
        f_.if_then(f_.b.CreateLoad(f_.stage.bool_type, is_first), [&] { initialize(values); });
        f_.b.CreateStore(f_.boolean(false), is_first);
      }
      step(call, first_state, values, entry, false);
      return nullptr;
    });
  }

  // First the old result with weight -1, then the new one with 1: each where there is one. One loop, so that the steps
  // below are written once.
  void emit_changes(llvm::Value* entry, llvm::Value* results, llvm::Value* was_shown, llvm::Value* is_now_shown) {
    auto* has_changed = f_.if_else(
        f_.b.CreateAnd(was_shown, is_now_shown), f_.stage.bool_type, [&] { return differ(results); },
        [&]() -> llvm::Value* { return f_.boolean(true); });
    f_.if_then(has_changed, [&] {
      f_.loop(f_.int64(0), f_.int64(2), "change", [&](llvm::Value* i) {
        auto* is_old = f_.b.CreateICmpEQ(i, f_.int64(0));
        f_.if_then(f_.b.CreateSelect(is_old, was_shown, is_now_shown), [&] {
          auto* place = f_.offset(results, f_.b.CreateMul(i, f_.int64(result_bytes())));
          auto* weight = f_.b.CreateSub(f_.b.CreateMul(i, f_.int64(2)), f_.int64(1));
          emit_users(f_, id_, result_row(entry, place, weight));
        });
      });
    });
  }

  [[nodiscard]] uint64_t result_bytes() const { return size_of_results(node_); }
  void store_results(llvm::Value* entry, llvm::Value* place, bool outlives_change) {
    codegen::store_results(f_, id_, node_, layout_, entry, place, outlives_change);
  }
  llvm::Value* differ(llvm::Value* results) {
    return results_differ(f_, node_, results, f_.offset(results, result_bytes()));
  }

  Row result_row(llvm::Value* entry, llvm::Value* results, llvm::Value* weight) {
    Row row;
    const auto keys = load_keys(f_, layout_.entry, layout_.key_types, entry);
    for (size_t i = 0; i < keys.size(); ++i) row.add(node_.keys[i].name, keys[i]);
    add_results_in_memory(f_, node_, results, row);
    if (weight != nullptr) add_weight(row, weight);
    return row;
  }

  FunctionEmitter& f_;
  NodeId id_;
  const AggregateNode& node_;
  AggregateLayout layout_;
};

}  // namespace

// Behind the states of the calls: the number of rows, then the kept arguments of each call that needs them, or what is
// known of changes that are collected.
void add_change_states(StageContext& stage, NodeId id, const AggregateNode& node, AggregateLayout& layout) {
  std::vector<Type> states = layout.state_types;
  states.push_back(kInt);
  for (const auto& call : node.calls)
    if (needs_history(stage, id, call)) states.push_back(kInt);
  if (collects_changes(node)) {
    states.insert(states.end(), 3, kInt);
    for (const auto& call : node.calls) states.push_back(call.finish.type);
  }
  layout.entry = entry_layout(layout.key_types, states);
}

void consume_changing(FunctionEmitter& f, NodeId id, const AggregateNode& node, const Row& row) {
  ChangingAggregate(f, id, node).consume(row);
}

void emit_changing_finish(FunctionEmitter& f, NodeId id, const AggregateNode& node) {
  ChangingAggregate(f, id, node).finish();
}

}  // namespace sluice::codegen
