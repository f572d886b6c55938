// Aggregates over windows that are made of panes (runtime/state/shared_panes.h): a partial row goes into the group of
// its pane; when a window is due, the groups of its panes are merged key by key, in the order of their hashes.
#include "compiler/codegen/aggregate.h"
#include "compiler/codegen/expr.h"
#include "compiler/codegen/operators.h"

namespace sluice::codegen {

namespace {

class WindowEmitter {
 public:
  WindowEmitter(FunctionEmitter& emitter, NodeId id, const AggregateNode& node)
      : f_(emitter), id_(id), node_(node), layout_(aggregate_layout(emitter.stage, id, node)) {
    panes_ = f_.sorter(layout_.state);
    layout_.table = f_.load(f_.stage.ptr, panes_, offsetof(abi::WindowMerge, merged));
  }

  void emit() {
    auto* windows = f_.block("windows");
    auto* groups = f_.block("groups");
    auto* group = f_.block("group");
    auto* drop = f_.block("drop");
    auto* after = f_.block("after");
    f_.b.CreateBr(windows);
    f_.begin(windows);
    auto* is_due = f_.call("rt_shared_due", {f_.context(), panes_});
    f_.b.CreateCondBr(f_.b.CreateICmpNE(is_due, llvm::ConstantInt::get(f_.stage.i8, 0)), groups, after);
    f_.begin(groups);
    auto* count = f_.call("rt_shared_group", {panes_});
    f_.b.CreateCondBr(f_.b.CreateICmpNE(count, f_.int64(0)), group, drop);
    f_.begin(group);
    emit_group(count);
    emit_yield_check(f_, [] {});
    f_.b.CreateBr(groups);
    f_.begin(drop);
    f_.call("rt_shared_drop", {f_.context(), panes_});
    f_.b.CreateBr(windows);
    f_.begin(after);
  }

 private:
  // The entries with one hash, which mostly have one key, too: each is merged with those of its key behind it.
  void emit_group(llvm::Value* count) {
    auto* entries = f_.load(f_.stage.ptr, panes_, offsetof(abi::WindowMerge, group));
    f_.loop(f_.int64(0), count, "entries", [&](llvm::Value* i) {
      auto* entry = f_.b.CreateLoad(f_.stage.ptr, place(entries, i));
      f_.if_then(f_.b.CreateIsNotNull(entry), [&] {
        auto* merged = f_.load(f_.stage.ptr, panes_, offsetof(abi::WindowMerge, merged_entry));
        copy_states(entry, merged);
        f_.loop(f_.b.CreateAdd(i, f_.int64(1)), count, "others", [&](llvm::Value* j) {
          auto* other = f_.b.CreateLoad(f_.stage.ptr, place(entries, j));
          f_.if_then(f_.b.CreateIsNotNull(other), [&] {
            f_.if_then(same_keys(f_, layout_.entry, layout_.key_types, entry, other), [&] {
              merge_states(f_, node_, layout_, merged, other);
              f_.b.CreateStore(llvm::ConstantPointerNull::get(f_.stage.ptr), place(entries, j));
            });
          });
        });
        emit_result(entry, merged);
      });
    });
  }

  llvm::Value* place(llvm::Value* entries, llvm::Value* index) { return f_.b.CreateGEP(f_.stage.ptr, entries, index); }

  void copy_states(llvm::Value* from, llvm::Value* to) {
    for (size_t i = 0; i < layout_.state_types.size(); ++i) {
      const uint32_t offset = layout_.entry.states[i];
      const Value state = load_state(f_, layout_.state_types[i], f_.offset(from, offset));
      store_state(f_, layout_.table, state, f_.offset(to, offset));
    }
  }

  void emit_result(llvm::Value* keys_from, llvm::Value* states) {
    std::vector<Type> types;
    for (const auto& key : node_.keys) types.push_back(key.expr.type);
    for (const auto& call : node_.calls) types.push_back(call.finish.type);
    auto* start = f_.load(f_.stage.i64, panes_, offsetof(abi::WindowMerge, window_start));
    auto* end = f_.load(f_.stage.i64, panes_, offsetof(abi::WindowMerge, window_end));
    std::vector<Value> keys = load_keys(f_, layout_.entry, layout_.key_types, keys_from);
    keys.insert(keys.begin() + static_cast<ptrdiff_t>(*layout_.window), window_value(start, end));
    RowBuilder row(f_, types);
    for (size_t i = 0; i < keys.size(); ++i) row.add(node_.keys[i].name, types[i], keys[i]);
    add_results(f_, id_, node_, layout_, states, row);
    emit_users(f_, id_, row.row());
    f_.reset_scratch();
  }

  FunctionEmitter& f_;
  NodeId id_;
  const AggregateNode& node_;
  AggregateLayout layout_;
  llvm::Value* panes_;
};

}  // namespace

llvm::Value* table_of_shared_pane(FunctionEmitter& f, uint32_t state, const Value& pane) {
  auto* panes = f.sorter(state);
  auto* start = pane.fields[0].data;
  auto* end = pane.fields[1].data;
  auto* latest = f.load(f.stage.ptr, panes, offsetof(abi::WindowMerge, latest));
  auto* same_start = f.b.CreateICmpEQ(f.load(f.stage.i64, panes, offsetof(abi::WindowMerge, latest_start)), start);
  auto* same_end = f.b.CreateICmpEQ(f.load(f.stage.i64, panes, offsetof(abi::WindowMerge, latest_end)), end);
  auto* is_latest = f.b.CreateAnd(f.b.CreateIsNotNull(latest), f.b.CreateAnd(same_start, same_end));
  return f.if_else(
      is_latest, f.stage.ptr, [&]() -> llvm::Value* { return latest; },
      [&]() -> llvm::Value* { return f.call("rt_shared_pane", {f.context(), panes, start, end}); });
}

void emit_pane_windows_finish(FunctionEmitter& f, NodeId id, const AggregateNode& node) {
  WindowEmitter(f, id, node).emit();
}

}  // namespace sluice::codegen
