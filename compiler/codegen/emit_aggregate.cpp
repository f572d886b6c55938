// aggregate: rows into the groups of a hash table; groups out in a finish phase. Without keys the one group's state
// stays in registers for the length of a unit.
#include <algorithm>
#include <limits>
#include <optional>

#include "compiler/codegen/aggregate.h"
#include "compiler/codegen/aggregate_batch.h"
#include "compiler/codegen/memory.h"
#include "compiler/codegen/operators.h"
#include "compiler/codegen/panes.h"
#include "compiler/codegen/table.h"
#include "compiler/lower/lower.h"
#include "lang/support/invariant.h"
#include "runtime/abi/kernel_abi.h"

namespace sluice::codegen {

namespace {

// A partial aggregate hands its groups on when it has more than this many, so that its table stays in the cache.
constexpr uint64_t kPartialGroups = 1 << 16;

// As many states as there are registers to hold them; more would live on the stack, no nearer than in the table, and
// each of them would be carried through every branch of the loop.
constexpr size_t kRegisteredStates = 16;

// May the one group's state live in registers?
bool may_be_registered(const AggregateNode& node) {
  if (!node.keys.empty()) return false;
  size_t count = 0;
  for (const auto& call : node.calls) count += call.states.size();
  if (count > kRegisteredStates) return false;
  for (const auto& call : node.calls)
    for (const auto& state : call.states)
      if (state.type.kind == TypeKind::String || state.type.kind == TypeKind::List ||
          state.type.kind == TypeKind::Record)
        return false;
  return true;
}

}  // namespace

AggregateLayout aggregate_layout(StageContext& stage, NodeId id, const AggregateNode& node) {
  AggregateLayout layout;
  for (const auto& key : meeting_keys(node)) layout.key_types.push_back(key.expr.type);
  for (const auto& call : node.calls) {
    for (const auto& state : call.states) {
      layout.state_types.push_back(state.type);
      layout.state_names.push_back(call.name + "." + state.name);
    }
  }
  std::vector<Type> kept = layout.state_types;
  if (node.window_rows != 0) kept.emplace_back(TypeKind::Int);  // rows in the group so far
  layout.entry = entry_layout(layout.key_types, kept);
  if (node.is_incremental) add_change_states(stage, id, node, layout);
  layout.state = stage.state_index(id, node.windows ? StateKind::Panes : StateKind::Groups);
  stage.entry_sizes[layout.state] = layout.entry.size;
  layout.window = window_key(node.keys);
  layout.is_registered = may_be_registered(node);
  if (node.phase == AggregatePhase::Final) return layout;
  for (const auto& group : distinct_groups(node)) {
    layout.distinct.push_back(
        stage.state_index(id, StateKind::Distinct, static_cast<uint32_t>(layout.distinct.size())));
    // Also when its rows turn out never to be counted.
    stage.entry_sizes[layout.distinct.back()] = distinct_layout(node, group, layout.key_types).size;
  }
  return layout;
}

llvm::Value* table_for(FunctionEmitter& f, const AggregateLayout& layout, uint32_t state,
                       const std::vector<Value>& keys) {
  return layout.window ? table_of_pane(f, pane_of(f, state, keys[*layout.window])) : f.table(state);
}

std::vector<Value> evaluate_keys(FunctionEmitter& f, const AggregateNode& node, const Row& row) {
  std::vector<Value> keys;
  for (const auto& key : node.keys) keys.push_back(emit_expr(f, key.expr, {&row, {}}));
  return keys;
}

Arguments evaluate_arguments(FunctionEmitter& f, const AggregateCall& call, const Row& row) {
  Arguments arguments;
  for (const auto& arg : call.args) arguments.insert_or_assign(arg.name, emit_expr(f, arg.expr, {&row, {}}));
  return arguments;
}

namespace {

bool mentions_local(const Expr& expr, const std::vector<NamedExpr>& names) {
  bool found = false;
  for_each(expr, [&](const Expr& part) {
    found =
        found || (part.kind == ExprKind::Local && std::ranges::find(names, part.name, &NamedExpr::name) != names.end());
  });
  return found;
}

// One call's new states from its old ones.
std::vector<Value> step(FunctionEmitter& f, const AggregateCall& call, Scope scope,
                        const std::vector<Value>& old_states) {
  for (size_t i = 0; i < call.states.size(); ++i) scope.locals.insert_or_assign(call.states[i].name, old_states[i]);
  std::vector<Value> updated;
  for (const auto& state : call.states) updated.push_back(emit_expr(f, state.step, scope));
  return updated;
}

std::vector<Value> merge(FunctionEmitter& f, const AggregateCall& call, const Row& partial,
                         const std::vector<Value>& old_states) {
  Scope scope;
  for (size_t i = 0; i < call.states.size(); ++i) {
    scope.locals.insert_or_assign(call.states[i].name, old_states[i]);
    scope.locals.insert_or_assign("o." + call.states[i].name, partial.at(call.name + "." + call.states[i].name));
  }
  std::vector<Value> updated;
  for (const auto& state : call.states) updated.push_back(emit_expr(f, *state.merge, scope));
  return updated;
}

// Brings a row into the states of calls, at addresses one behind the other.
class Update {
 public:
  Update(FunctionEmitter& emitter, const AggregateNode& node, const AggregateLayout& layout, const Row& row,
         const std::vector<llvm::Value*>& addresses)
      : f_(emitter), node_(node), layout_(layout), row_(row), addresses_(addresses) {
    size_t position = 0;
    for (const auto& call : node.calls) {
      first_state_.push_back(position);
      position += call.states.size();
    }
  }

  void merge_partial(size_t call) { write(call, merge(f_, node_.calls[call], row_, old_states(call))); }

  void step_row(size_t call) {
    const auto counted = [&] { apply(call, evaluate_arguments(f_, node_.calls[call], row_)); };
    if (!node_.calls[call].filter) return counted();
    f_.if_then(emit_expr(f_, *node_.calls[call].filter, {&row_, {}}).data, counted);
  }

  void apply(size_t call, const Arguments& arguments) {
    write(call, step(f_, node_.calls[call], {nullptr, arguments}, old_states(call)));
  }

 private:
  std::vector<Value> old_states(size_t call) {
    std::vector<Value> states;
    for (const auto& state : node_.calls[call].states)
      states.push_back(load_state(f_, state.type, addresses_[first_state_[call] + states.size()]));
    return states;
  }

  void write(size_t call, const std::vector<Value>& states) {
    for (size_t i = 0; i < states.size(); ++i) {
      auto* address = addresses_[first_state_[call] + i];
      if (layout_.is_registered) {
        store_memory(f_, states[i], address);
      } else {
        store_state(f_, layout_.table, states[i], address);
      }
    }
  }

  FunctionEmitter& f_;
  const AggregateNode& node_;
  const AggregateLayout& layout_;
  const Row& row_;
  const std::vector<llvm::Value*>& addresses_;
  std::vector<size_t> first_state_;  // by call
};

// All calls, with the addresses of their states one behind the other.
void update_calls(FunctionEmitter& f, NodeId id, const AggregateNode& node, const AggregateLayout& layout,
                  const std::vector<Value>& keys, const Row& row, const std::vector<llvm::Value*>& addresses) {
  Update update(f, node, layout, row, addresses);
  const bool is_final = node.phase == AggregatePhase::Final;
  for (size_t call = 0; call < node.calls.size(); ++call) {
    f.node = id;
    if (is_final) {
      update.merge_partial(call);
    } else if (!node.calls[call].is_distinct) {
      update.step_row(call);
    }
  }
  if (is_final || node.session) return;
  const auto groups = distinct_groups(node);
  for (size_t group = 0; group < groups.size(); ++group) {
    f.node = id;
    consume_distinct(f, node, layout, group, keys, row,
                     [&](size_t call, const Arguments& arguments) { update.apply(call, arguments); });
  }
}

}  // namespace

// The initial state of a new group. Its first row's arguments are evaluated only when an initial value needs them.
void initialize_states(FunctionEmitter& f, const AggregateNode& node, const AggregateLayout& layout, const Row* row,
                       llvm::Value* entry) {
  auto* table = layout.table;
  size_t position = 0;
  for (const auto& call : node.calls) {
    Scope scope;
    const bool needs_row = std::ranges::any_of(
        call.states, [&](const AggregateState& state) { return mentions_local(state.init, call.args); });
    if (needs_row) {
      SLUICE_INVARIANT(row != nullptr,
                       "the first row's arguments of " + call.name + " are needed where there is no row");
      scope.locals = evaluate_arguments(f, call, *row);
    }
    for (const auto& state : call.states) {
      store_state(f, table, emit_expr(f, state.init, scope), f.offset(entry, layout.entry.states[position]));
      ++position;
    }
  }
}

void update_states(FunctionEmitter& f, NodeId id, const AggregateNode& node, const AggregateLayout& layout,
                   const std::vector<Value>& keys, const Row& row, llvm::Value* entry) {
  std::vector<llvm::Value*> addresses;
  for (size_t i = 0; i < layout.state_types.size(); ++i) addresses.push_back(f.offset(entry, layout.entry.states[i]));
  update_calls(f, id, node, layout, keys, row, addresses);
}

void step_call(FunctionEmitter& f, const AggregateNode& node, const AggregateLayout& layout, size_t call,
               const Arguments& arguments, llvm::Value* entry) {
  std::vector<llvm::Value*> addresses;
  for (size_t i = 0; i < layout.state_types.size(); ++i) addresses.push_back(f.offset(entry, layout.entry.states[i]));
  Update(f, node, layout, Row(), addresses).apply(call, arguments);
}

void merge_states(FunctionEmitter& f, const AggregateNode& node, const AggregateLayout& layout, llvm::Value* entry,
                  llvm::Value* other) {
  size_t position = 0;
  for (const auto& call : node.calls) {
    Row partial;
    std::vector<Value> states;
    const size_t first = position;
    if (call.is_distinct) {
      position += call.states.size();
      continue;
    }
    for (const auto& state : call.states) {
      const uint32_t offset = layout.entry.states[position++];
      partial.add(call.name + "." + state.name, load_state(f, state.type, f.offset(other, offset)));
      states.push_back(load_state(f, state.type, f.offset(entry, offset)));
    }
    const auto merged = merge(f, call, partial, states);
    for (size_t i = 0; i < merged.size(); ++i)
      store_state(f, layout.table, merged[i], f.offset(entry, layout.entry.states[first + i]));
  }
}

void add_results(FunctionEmitter& f, NodeId id, const AggregateNode& node, const AggregateLayout& layout,
                 llvm::Value* entry, RowBuilder& row) {
  size_t position = 0;
  for (const auto& call : node.calls) {
    Scope scope;
    for (const auto& state : call.states)
      scope.locals.insert_or_assign(state.name,
                                    load_state(f, state.type, f.offset(entry, layout.entry.states[position++])));
    f.node = id;
    row.add(call.name, call.finish.type, emit_expr(f, call.finish, scope));
  }
}

llvm::Value* only_entry(FunctionEmitter& f, const AggregateNode& node, AggregateLayout layout) {
  layout.table = f.table(layout.state);
  return find_or_insert(f, layout.table, layout.entry, hash_keys(f, {}),
                        [&](llvm::Value* entry) { initialize_states(f, node, layout, nullptr, entry); })
      .entry;
}

bool is_kept_open(const AggregateNode& node) {
  return node.keys.empty() && !node.session && !node.is_incremental && node.window_rows == 0;
}

namespace {

void prepare(FunctionEmitter& f, NodeId id, const AggregateNode& node) {
  if (!is_kept_open(node)) return;
  const AggregateLayout layout = aggregate_layout(f.stage, id, node);
  auto* entry = only_entry(f, node, layout);
  std::vector<llvm::Value*> addresses;
  for (size_t i = 0; i < layout.state_types.size(); ++i) {
    auto* address = f.offset(entry, layout.entry.states[i]);
    if (!layout.is_registered) {
      addresses.push_back(address);
      continue;
    }
    const Type type = layout.state_types[i];
    const uint64_t words = abi::field_size_of(type) / 8;  // a decimal that may be null has three
    auto* slot = f.slot(llvm::ArrayType::get(f.stage.i64, words), "state");
    store_memory(f, load_memory(f, type, address), slot);
    f.at_exit([&f, type, slot, address] { store_memory(f, load_memory(f, type, slot), address); });
    addresses.push_back(slot);
  }
  f.prepared.emplace(id, std::move(addresses));
}

Row result_row(FunctionEmitter& f, NodeId id, const AggregateNode& node, const AggregateLayout& layout,
               llvm::Value* entry) {
  std::vector<Type> types = layout.key_types;
  if (node.phase == AggregatePhase::Partial) {
    types.insert(types.end(), layout.state_types.begin(), layout.state_types.end());
  } else {
    for (const auto& call : node.calls) types.push_back(call.finish.type);
  }
  RowBuilder row(f, types);
  const auto keys = load_keys(f, layout.entry, layout.key_types, entry);
  for (size_t i = 0; i < keys.size(); ++i) row.add(node.keys[i].name, layout.key_types[i], keys[i]);
  size_t position = 0;
  for (const auto& call : node.calls) {
    Scope scope;
    for (const auto& state : call.states) {
      const Value value = load_state(f, state.type, f.offset(entry, layout.entry.states[position]));
      if (node.phase == AggregatePhase::Partial) row.add(layout.state_names[position], state.type, value);
      scope.locals.insert_or_assign(state.name, value);
      ++position;
    }
    f.node = id;
    if (node.phase != AggregatePhase::Partial) row.add(call.name, call.finish.type, emit_expr(f, call.finish, scope));
  }
  return row.row();
}

// The group of a key takes rows until it has enough of them; then it is given out, and the next row begins anew.
void consume_counted(FunctionEmitter& f, NodeId id, const AggregateNode& node, const Row& row) {
  AggregateLayout layout = aggregate_layout(f.stage, id, node);
  const std::vector<Value> keys = evaluate_keys(f, node, row);
  layout.table = f.table(layout.state);
  auto* entry = find_or_insert(f, layout.table, layout.entry, keys, [](llvm::Value*) {}).entry;
  const uint32_t counter = layout.entry.states.back();
  auto* rows = f.load(f.stage.i64, entry, counter);
  f.if_then(f.b.CreateICmpEQ(rows, f.int64(0)), [&] { initialize_states(f, node, layout, &row, entry); });
  update_states(f, id, node, layout, keys, row, entry);
  auto* now = f.b.CreateAdd(rows, f.int64(1));
  auto* is_full = f.b.CreateICmpUGE(now, f.int64(node.window_rows));
  f.store(f.b.CreateSelect(is_full, f.int64(0), now), entry, counter);
  f.if_then(is_full, [&] { emit_users(f, id, result_row(f, id, node, layout, entry)); });
}

// A function of its own, because both the end of a unit and the finish phase need it.
llvm::Function* flush_function(StageContext& stage, NodeId id, const AggregateNode& node) {
  const std::string name = "flush_" + stage.node(id).label;
  if (auto* existing = stage.module->getFunction(name)) return existing;
  FunctionEmitter f(stage, name, 0, stage.node(id).span);
  f.function->setLinkage(llvm::Function::InternalLinkage);
  f.node = id;
  const AggregateLayout layout = aggregate_layout(stage, id, node);
  auto* cursor = f.slot(stage.i64, "cursor");
  const auto flush = [&](llvm::Value* table) {
    f.b.CreateStore(f.int64(0), cursor);
    for_each_entry(f, table, cursor,
                   [&](llvm::Value* entry) { emit_users(f, id, result_row(f, id, node, layout, entry)); });
  };
  if (layout.window) {
    for_each_due_pane(f, layout.state, {}, [&](llvm::Value* pane) { flush(table_of_pane(f, pane)); });
  } else {
    flush(f.table(layout.state));
    f.call("rt_table_clear", {f.context(), f.table(layout.state)});
  }
  f.finish(abi::Code::Done);
  return f.function;
}

void unit_end(FunctionEmitter& f, NodeId id, const AggregateNode& node) {
  if (node.phase != AggregatePhase::Partial || node.keys.empty()) return;
  const AggregateLayout layout = aggregate_layout(f.stage, id, node);
  if (layout.window) {
    // All of them leave, complete or not: what is in a pane later merges with it behind the exchange.
    auto* groups = f.call("rt_pane_groups", {f.state_pointer(offsetof(abi::TaskContext, panes), layout.state)});
    f.if_then(f.b.CreateICmpUGT(groups, f.int64(kPartialGroups)), [&] {
      auto* watermark = f.load(f.stage.i64, f.context(), offsetof(abi::TaskContext, watermark));
      f.store(f.int64(std::numeric_limits<int64_t>::max()), f.context(), offsetof(abi::TaskContext, watermark));
      f.b.CreateCall(flush_function(f.stage, id, node), {f.context()});
      f.store(watermark, f.context(), offsetof(abi::TaskContext, watermark));
    });
    return;
  }
  auto* count = f.load(f.stage.i64, f.table(layout.state), offsetof(abi::HashTable, count));
  f.if_then(f.b.CreateICmpUGT(count, f.int64(kPartialGroups)),
            [&] { f.b.CreateCall(flush_function(f.stage, id, node), {f.context()}); });
}

}  // namespace

void emit_prepare(FunctionEmitter& f, NodeId node) {
  for_each_reached(f.stage, node, [&](NodeId id, const Node& reached) {
    if (const auto* aggregate = reached.as<AggregateNode>()) prepare(f, id, *aggregate);
  });
}

void emit_unit_end(FunctionEmitter& f, NodeId node) {
  for_each_reached(f.stage, node, [&](NodeId id, const Node& reached) {
    if (const auto* aggregate = reached.as<AggregateNode>()) unit_end(f, id, *aggregate);
  });
}

namespace {

// The first partial row of a group is its state; further ones merge.
void consume_partial(FunctionEmitter& f, NodeId id, const AggregateNode& node, const AggregateLayout& layout,
                     const std::vector<Value>& keys, const Row& row) {
  const auto adopt = [&](llvm::Value* entry) {
    for (size_t i = 0; i < layout.state_types.size(); ++i)
      store_state(f, layout.table, row.at(layout.state_names[i]), f.offset(entry, layout.entry.states[i]));
  };
  const FoundEntry found = find_or_insert(f, layout.table, layout.entry, keys, adopt);
  f.if_then(f.b.CreateNot(found.is_new), [&] { update_states(f, id, node, layout, keys, row, found.entry); });
}

}  // namespace

void consume_hashed(FunctionEmitter& f, NodeId id, const AggregateNode& node, AggregateLayout layout,
                    const HashedKeys& keys, const Row& row) {
  layout.table = table_for(f, layout, layout.state, keys.keys);
  const auto initialize = [&](llvm::Value* entry) { initialize_states(f, node, layout, &row, entry); };
  auto* entry = find_or_insert(f, layout.table, layout.entry, keys, initialize).entry;
  update_states(f, id, node, layout, keys.keys, row, entry);
}

void consume(FunctionEmitter& f, NodeId id, const AggregateNode& node, const Row& row) {
  if (node.session && node.is_incremental) return consume_changing_session(f, id, node, row);
  if (node.session) return consume_session(f, id, node, row);
  if (node.window_rows != 0 && !node.is_incremental) return consume_counted(f, id, node, row);
  if (node.is_incremental) return consume_changing(f, id, node, row);
  if (const auto batch = f.batches.find(id); batch != f.batches.end()) return batch->second->add(row);
  AggregateLayout layout = aggregate_layout(f.stage, id, node);
  if (node.keys.empty()) {
    layout.table = f.table(layout.state);
    return update_calls(f, id, node, layout, {}, row, f.prepared.at(id));
  }
  std::vector<Value> keys = evaluate_keys(f, node, row);
  if (node.windows) {
    layout.table = table_of_shared_pane(f, layout.state, keys[*layout.window]);
    keys.erase(keys.begin() + static_cast<ptrdiff_t>(*layout.window));
    return consume_partial(f, id, node, layout, keys, row);
  }
  if (node.phase != AggregatePhase::Final) return consume_hashed(f, id, node, layout, hash_keys(f, keys), row);
  layout.table = table_for(f, layout, layout.state, keys);
  consume_partial(f, id, node, layout, keys, row);
}

void note_entry(StageContext& stage, NodeId id, const AggregateNode& node) {
  static_cast<void>(aggregate_layout(stage, id, node));
}

void emit_finish(FunctionEmitter& f, NodeId id, const AggregateNode& node) {
  if (node.session) {
    emit_prepare(f, id);
    return node.is_incremental ? emit_changing_session_finish(f, id, node) : emit_session_finish(f, id, node);
  }
  if (node.is_incremental) {
    emit_prepare(f, id);
    return emit_changing_finish(f, id, node);
  }
  if (node.windows) {
    emit_prepare(f, id);
    return emit_pane_windows_finish(f, id, node);
  }
  const AggregateLayout layout = aggregate_layout(f.stage, id, node);
  if (node.phase == AggregatePhase::Partial) {
    if (node.keys.empty()) static_cast<void>(only_entry(f, node, layout));
    f.b.CreateCall(flush_function(f.stage, id, node), {f.context()});
    return;
  }
  emit_prepare(f, id);
  // Without keys there is a result also when there was no row.
  if (node.keys.empty() && node.window_rows == 0) {
    auto* cursor_at_start = f.load(f.stage.i64, f.context(), offsetof(abi::TaskContext, cursor));
    f.if_then(f.b.CreateICmpEQ(cursor_at_start, f.int64(0)), [&] { static_cast<void>(only_entry(f, node, layout)); });
  }
  auto* cursor = f.offset(f.context(), offsetof(abi::TaskContext, cursor));
  const auto emit_groups = [&](llvm::Value* table) {
    for_each_entry(f, table, cursor, [&](llvm::Value* entry) {
      const auto emit = [&] { emit_users(f, id, result_row(f, id, node, layout, entry)); };
      if (node.window_rows == 0) {
        emit();
      } else {
        f.if_then(f.b.CreateICmpNE(f.load(f.stage.i64, entry, layout.entry.states.back()), f.int64(0)), emit);
      }
      emit_yield_check(f, [] {});
    });
  };
  if (!layout.window) return emit_groups(f.table(layout.state));
  for_each_due_pane(f, layout.state, layout.distinct, [&](llvm::Value* pane) {
    emit_groups(table_of_pane(f, pane));
    f.store(f.int64(0), cursor);
  });
}

}  // namespace sluice::codegen
