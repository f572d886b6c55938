// Incremental tops: a row that comes or goes changes the ranking of its key, and what that changes among the first rows
// goes out at once, or, where changes are collected, when they are due.
#include "compiler/codegen/changed_results.h"
#include "compiler/codegen/kept_rows.h"
#include "compiler/codegen/memory.h"
#include "compiler/codegen/operators.h"
#include "compiler/codegen/panes.h"
#include "compiler/codegen/tops.h"
#include "runtime/abi/kernel_abi.h"

namespace sluice::codegen {

namespace {

class ChangingTop {
 public:
  ChangingTop(FunctionEmitter& emitter, NodeId node_id, const TopNode& top)
      : f_(emitter), id_(node_id), node_(top), kept_(kept_schema(emitter.stage, node_id, StateKind::Ranking)) {}

  void consume(const Row& row) {
    std::vector<Value> keys;
    for (const auto& key : node_.keys) keys.push_back(emit_expr(f_, key.expr, {&row, {}}));
    auto* ranking = ranking_of(keys);
    if (!collects_changes(node_)) return emit_changes(ranking, change(ranking, row));
    // A row that counts in a later interval than what waits lets that go first.
    auto* due = due_of(keys, row);
    give_out(ranking, is_true(f_.call("rt_ranking_is_due_before", {ranking, due})));
    change(ranking, row);
    f_.if_then(is_true(f_.call("rt_ranking_wait", {ranking, due})),
               [&] { f_.call("rt_changed_add", {changed(), ranking, due}); });
  }

  // What is due goes out; windows that are complete are forgotten.
  void finish() {
    if (collects_changes(node_)) give_out_due();
    if (node_.keys.empty()) return;
    const KeyedTop keyed = keyed_top(f_.stage, id_, node_);
    if (!keyed.window) return;
    auto* cursor = f_.slot(f_.stage.i64, "cursor");
    for_each_due_pane(f_, keyed.groups, {}, [&](llvm::Value* pane) {
      f_.b.CreateStore(f_.int64(0), cursor);
      for_each_entry(f_, table_of_pane(f_, pane), cursor, [&](llvm::Value* entry) {
        f_.call("rt_ranking_forget_key", {rankings(), f_.offset(entry, keyed.entry.states[0])});
      });
    });
  }

 private:
  llvm::Value* rankings() { return f_.sorter(f_.stage.state_index(id_, StateKind::Ranking)); }
  llvm::Value* changed() { return f_.sorter(f_.stage.state_index(id_, StateKind::Changed)); }
  llvm::Value* compare() { return compare_function(f_.stage, id_, node_.order, kept_, false); }
  llvm::Value* ties() {
    if (node_.with_ties) return compare_function(f_.stage, id_, node_.order, kept_, true);
    return llvm::ConstantPointerNull::get(f_.stage.ptr);
  }
  llvm::Value* is_true(llvm::Value* flag) { return f_.b.CreateICmpNE(flag, llvm::ConstantInt::get(f_.stage.i8, 0)); }
  [[nodiscard]] bool may_go() const {
    return f_.stage.node(f_.stage.node(id_).inputs[0]).schema.find(kRowWeight) != nullptr;
  }
  llvm::Value* flags() { return f_.int32((node_.rank_column.empty() ? 0u : 1u) | (may_go() ? 2u : 0u)); }

  llvm::Value* ranking_of(const std::vector<Value>& keys) {
    if (node_.keys.empty()) return rankings();
    const KeyedTop keyed = keyed_top(f_.stage, id_, node_);
    auto* table =
        keyed.window ? table_of_pane(f_, pane_of(f_, keyed.groups, keys[*keyed.window])) : f_.table(keyed.groups);
    auto* entry = find_or_insert(f_, table, keyed.entry, keys, [](llvm::Value*) {}).entry;
    return f_.call("rt_ranking_of_key", {rankings(), f_.offset(entry, keyed.entry.states[0])});
  }

  // How many changes there are.
  llvm::Value* change(llvm::Value* ranking, const Row& row) {
    const auto values = kept_values(f_, node_.order, kept_, row);
    store_row(f_, values, f_.call("rt_ranking_reserve", {ranking, heap_size(f_, values)}));
    auto* weight = may_go() ? row.at(kRowWeight).data : f_.int64(1);
    return f_.call("rt_ranking_change",
                   {f_.context(), ranking, compare(), ties(), f_.int64(node_.limit), flags(), weight});
  }

  void emit_changes(llvm::Value* ranking, llvm::Value* count) {
    auto* end = f_.slot(f_.stage.ptr, "end");
    auto* numbers = f_.memory(16);
    f_.loop(f_.int64(0), count, "change", [&](llvm::Value* position) {
      auto* address = f_.call("rt_ranking_row", {ranking, position, end, numbers});
      Row changed = load_row(f_, kept_, address, f_.b.CreateLoad(f_.stage.ptr, end));
      if (!node_.rank_column.empty()) {
        Value rank;
        rank.type = Type(TypeKind::Int);
        rank.data = f_.load(f_.stage.i64, numbers);
        changed.add(node_.rank_column, rank);
      }
      add_weight(changed, f_.load(f_.stage.i64, numbers, 8));
      emit_users(f_, id_, changed);
    });
  }

  // ---- changes that are collected ----

  // The end of the row's interval, but no later than that of its window.
  llvm::Value* due_of(const std::vector<Value>& keys, const Row& row) {
    auto* due = end_of_interval(f_, *node_.every, row);
    const auto window = window_key(node_.keys);
    if (!window) return due;
    auto* lag = f_.int64(static_cast<uint64_t>(window_lag(f_.stage.plan.graph, id_)));
    auto* end = f_.b.CreateBinaryIntrinsic(llvm::Intrinsic::sadd_sat, keys[*window].fields[1].data, lag);
    return f_.b.CreateBinaryIntrinsic(llvm::Intrinsic::smin, due, end);
  }

  void give_out(llvm::Value* ranking, llvm::Value* condition) {
    f_.if_then(condition, [&] {
      emit_changes(ranking,
                   f_.call("rt_ranking_give_out", {ranking, compare(), ties(), f_.int64(node_.limit), flags()}));
    });
  }

  // The rankings whose time has come; of those that rows have moved to a later interval meanwhile it comes later.
  void give_out_due() {
    auto* head = f_.block("changed");
    auto* inside = f_.block("ranking");
    auto* after = f_.block("after");
    f_.b.CreateBr(head);
    f_.begin(head);
    auto* ranking = f_.call("rt_changed_next", {f_.context(), changed()});
    f_.b.CreateCondBr(f_.b.CreateIsNull(ranking), after, inside);
    f_.begin(inside);
    f_.node = id_;
    auto* due = f_.call("rt_ranking_due", {ranking});
    auto* is_due = f_.b.CreateICmpSLE(due, f_.load(f_.stage.i64, f_.context(), offsetof(abi::TaskContext, watermark)));
    f_.if_then(f_.b.CreateNot(is_due), [&] { f_.call("rt_changed_add", {changed(), ranking, due}); });
    f_.if_then(is_due, [&] { f_.call("rt_ranking_unlist", {ranking}); });
    give_out(ranking, is_due);
    f_.reset_scratch();
    emit_yield_check(f_, [] {});
    f_.b.CreateBr(head);
    f_.begin(after);
  }

  FunctionEmitter& f_;
  NodeId id_;
  const TopNode& node_;
  const Schema& kept_;
};

}  // namespace

void consume_changing_top(FunctionEmitter& f, NodeId id, const TopNode& node, const Row& row) {
  ChangingTop(f, id, node).consume(row);
}

void emit_changing_top_finish(FunctionEmitter& f, NodeId id, const TopNode& node) { ChangingTop(f, id, node).finish(); }

}  // namespace sluice::codegen
