#include "compiler/codegen/panes.h"

namespace sluice::codegen {

namespace {

llvm::Value* panes(FunctionEmitter& f, uint32_t state) {
  return f.state_pointer(offsetof(abi::TaskContext, panes), state);
}

void drop_due(FunctionEmitter& f, uint32_t state) {
  auto* head = f.block("companions");
  auto* drop = f.block("drop");
  auto* after = f.block("after");
  f.b.CreateBr(head);
  f.begin(head);
  auto* pane = f.call("rt_pane_due", {f.context(), panes(f, state)});
  f.b.CreateCondBr(f.b.CreateIsNull(pane), after, drop);
  f.begin(drop);
  f.call("rt_pane_drop", {f.context(), panes(f, state)});
  f.b.CreateBr(head);
  f.begin(after);
}

}  // namespace

llvm::Value* pane_of(FunctionEmitter& f, uint32_t state, const Value& window) {
  auto* end = window.fields[1].data;
  auto* all = panes(f, state);
  auto* is_latest = f.b.CreateICmpEQ(f.load(f.stage.i64, all, offsetof(abi::Panes, latest_end)), end);
  // An end before all others stands for "none" in latest_end.
  auto* latest = f.load(f.stage.ptr, all, offsetof(abi::Panes, latest));
  auto* found = f.b.CreateAnd(is_latest, f.b.CreateIsNotNull(latest));
  return f.if_else(
      found, f.stage.ptr, [&]() -> llvm::Value* { return latest; },
      [&]() -> llvm::Value* { return f.call("rt_pane", {f.context(), all, end}); });
}

llvm::Value* table_of_pane(FunctionEmitter& f, llvm::Value* pane) {
  return f.load(f.stage.ptr, pane, offsetof(abi::Pane, table));
}

llvm::Value* tops_of_pane(FunctionEmitter& f, llvm::Value* pane) {
  return f.load(f.stage.ptr, pane, offsetof(abi::Pane, tops));
}

void for_each_due_pane(FunctionEmitter& f, uint32_t state, const std::vector<uint32_t>& companions,
                       const std::function<void(llvm::Value*)>& body) {
  auto* head = f.block("panes");
  auto* inside = f.block("pane");
  auto* after = f.block("after");
  f.b.CreateBr(head);
  f.begin(head);
  auto* pane = f.call("rt_pane_due", {f.context(), panes(f, state)});
  f.b.CreateCondBr(f.b.CreateIsNull(pane), after, inside);
  f.begin(inside);
  body(pane);
  f.call("rt_pane_drop", {f.context(), panes(f, state)});
  f.b.CreateBr(head);
  f.begin(after);
  for (const uint32_t companion : companions) drop_due(f, companion);
}

void for_each_entry(FunctionEmitter& f, llvm::Value* table, llvm::Value* cursor,
                    const std::function<void(llvm::Value*)>& emit) {
  auto* head = f.block("entries");
  auto* inside = f.block("entry");
  auto* after = f.block("after");
  f.b.CreateBr(head);
  f.begin(head);
  auto* entry = f.call("rt_table_next", {table, cursor});
  f.b.CreateCondBr(f.b.CreateIsNull(entry), after, inside);
  f.begin(inside);
  emit(entry);
  f.reset_scratch();
  f.b.CreateBr(head);
  f.begin(after);
}

}  // namespace sluice::codegen
