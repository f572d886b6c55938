// Distinct values of sessions. Two sessions that become one may have the same values, so those of the one are brought
// to the other by themselves, and count there if they are new.
#include "compiler/codegen/expr.h"
#include "compiler/codegen/sessions.h"
#include "runtime/abi/layout.h"

namespace sluice::codegen {

namespace {

// Of a distinct call: its table, whose entries have a session, values, and the next entry of the session.
struct ValuesOfCall {
  size_t call;
  uint32_t table;
  std::vector<Type> types;
  EntryLayout entry;
};

std::vector<ValuesOfCall> values_of_calls(const StageContext& stage, NodeId id, const AggregateNode& node) {
  std::vector<ValuesOfCall> all;
  for (size_t i = 0; i < node.calls.size(); ++i) {
    if (!node.calls[i].is_distinct) continue;
    const uint32_t table = stage.state_index(id, StateKind::Distinct, static_cast<uint32_t>(all.size()));
    std::vector<Type> types{Type(TypeKind::Int)};
    for (const auto& arg : node.calls[i].args) types.push_back(arg.expr.type);
    EntryLayout entry = entry_layout(types, {Type(TypeKind::Int)});
    all.push_back({i, table, std::move(types), std::move(entry)});
  }
  return all;
}

class SessionValues {
 public:
  SessionValues(FunctionEmitter& emitter, const AggregateNode& node, const SessionStates& states, ValuesOfCall values,
                size_t nth)
      : f_(emitter), node_(node), states_(states), values_(std::move(values)), first_(states.values[nth]) {}

  void update(const Row& row, llvm::Value* session) {
    const AggregateCall& call = node_.calls[values_.call];
    const auto counted = [&] {
      const Arguments arguments = evaluate_arguments(f_, call, row);
      std::vector<Value> values;
      for (const auto& arg : call.args) values.push_back(arguments.at(arg.name));
      add(session, values, arguments);
    };
    if (!call.filter) return counted();
    f_.if_then(emit_expr(f_, *call.filter, {&row, {}}).data, counted);
  }

  void merge(llvm::Value* session, llvm::Value* other) {
    take_all(other, [&](const std::vector<Value>& values) {
      Arguments arguments;
      const AggregateCall& call = node_.calls[values_.call];
      for (size_t i = 0; i < values.size(); ++i) arguments.insert_or_assign(call.args[i].name, values[i]);
      add(session, values, arguments);
    });
  }

  void forget(llvm::Value* session) {
    take_all(session, [](const std::vector<Value>&) {});
  }

 private:
  llvm::Value* table() { return f_.table(values_.table); }
  llvm::Value* next(llvm::Value* entry) { return f_.offset(entry, values_.entry.states[0]); }

  void add(llvm::Value* session, const std::vector<Value>& values, const Arguments& arguments) {
    Value owner;
    owner.type = Type(TypeKind::Int);
    owner.data = f_.b.CreatePtrToInt(session, f_.stage.i64);
    HashedKeys keys = hash_keys(f_, values, WindowHash::Whole);
    auto* part = f_.b.CreateMul(owner.data, f_.int64(abi::kSessionHash));
    keys.hash = f_.b.CreateXor(keys.hash, part);
    keys.keys.insert(keys.keys.begin(), owner);
    keys.words.insert(keys.words.begin(), TextWords{});
    const FoundEntry found = find_or_insert(f_, table(), values_.entry, keys, [](llvm::Value*) {});
    f_.if_then(found.is_new, [&] {
      auto* first = f_.offset(session, first_);
      f_.store(f_.load(f_.stage.ptr, first), next(found.entry));
      f_.store(found.entry, first);
      step_call(f_, node_, states_.aggregate, values_.call, arguments, session);
    });
  }

  // Every entry of a session, which has none then.
  void take_all(llvm::Value* session, const std::function<void(const std::vector<Value>&)>& body) {
    auto* first = f_.offset(session, first_);
    auto* head = f_.block("values");
    auto* inside = f_.block("value");
    auto* after = f_.block("after");
    f_.b.CreateBr(head);
    f_.begin(head);
    auto* entry = f_.load(f_.stage.ptr, first);
    f_.b.CreateCondBr(f_.b.CreateIsNull(entry), after, inside);
    f_.begin(inside);
    f_.store(f_.load(f_.stage.ptr, next(entry)), first);
    std::vector<Value> keys = load_keys(f_, values_.entry, values_.types, entry);
    keys.erase(keys.begin());
    body(keys);
    forget_entry(f_, table(), values_.entry, values_.types, {}, entry);
    f_.b.CreateBr(head);
    f_.begin(after);
  }

  FunctionEmitter& f_;
  const AggregateNode& node_;
  const SessionStates& states_;
  ValuesOfCall values_;
  uint32_t first_;  // where a session has the first of its entries
};

void for_each_call(FunctionEmitter& f, NodeId id, const AggregateNode& node, const SessionStates& states,
                   const std::function<void(SessionValues)>& body) {
  size_t nth = 0;
  for (auto& values : values_of_calls(f.stage, id, node)) {
    f.node = id;
    body(SessionValues(f, node, states, std::move(values), nth++));
  }
}

}  // namespace

void note_values(StageContext& stage, NodeId id, const AggregateNode& node) {
  for (const auto& values : values_of_calls(stage, id, node)) stage.entry_sizes[values.table] = values.entry.size;
}

void update_values(FunctionEmitter& f, NodeId id, const AggregateNode& node, const SessionStates& states,
                   const Row& row, llvm::Value* session) {
  for_each_call(f, id, node, states, [&](SessionValues values) { values.update(row, session); });
}

void merge_values(FunctionEmitter& f, NodeId id, const AggregateNode& node, const SessionStates& states,
                  llvm::Value* session, llvm::Value* other) {
  for_each_call(f, id, node, states, [&](SessionValues values) { values.merge(session, other); });
}

void forget_values(FunctionEmitter& f, NodeId id, const AggregateNode& node, const SessionStates& states,
                   llvm::Value* session) {
  for_each_call(f, id, node, states, [&](SessionValues values) { values.forget(session); });
}

}  // namespace sluice::codegen
