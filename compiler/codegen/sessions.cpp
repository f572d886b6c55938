#include "compiler/codegen/sessions.h"

#include "compiler/codegen/operators.h"

namespace sluice::codegen {

SessionKeys session_keys(StageContext& stage, NodeId id, const std::vector<NamedExpr>& keys,
                         const SessionWindow& window, uint32_t state_bytes) {
  SessionKeys result;
  for (const auto& key : keys) result.types.push_back(key.expr.type);
  result.entry = entry_layout(result.types, std::vector<Type>(window.max == 0 ? 1 : 2, Type(TypeKind::Int)));
  result.table = stage.state_index(id, StateKind::Groups);
  result.sessions = stage.state_index(id, StateKind::Sessions);
  stage.entry_sizes[result.table] = result.entry.size;
  stage.entry_sizes[result.sessions] = static_cast<uint32_t>(sizeof(abi::Session)) + state_bytes;
  return result;
}

void if_in_time(FunctionEmitter& f, NodeId id, const SessionWindow& window, const Row& row,
                const std::function<void()>& body) {
  auto* late = f.int64(static_cast<uint64_t>(window.late));
  auto* last = f.b.CreateBinaryIntrinsic(llvm::Intrinsic::sadd_sat, row.at(kRowTime).data, late);
  auto* is_late = f.b.CreateICmpSLT(last, row.at(kRowMark).data);
  if (window.counts_late) count_late(f, id, is_late);
  f.if_then(f.b.CreateNot(is_late), body);
}

// Mostly the only one of its key, a little longer now.
llvm::Value* session_for(FunctionEmitter& f, const SessionKeys& keys, llvm::Value* entry, llvm::Value* time,
                         const SessionWindow& window) {
  auto* head = f.offset(entry, keys.entry.states[0]);
  auto* gap = f.int64(static_cast<uint64_t>(window.gap));
  const auto search = [&]() -> llvm::Value* {
    return f.call("rt_session_find", {f.context(), f.sorter(keys.sessions), entry, head, time});
  };
  auto* first = f.load(f.stage.ptr, head);
  return f.if_else(
      f.b.CreateIsNotNull(first), f.stage.ptr,
      [&]() -> llvm::Value* {
        auto* start = f.load(f.stage.i64, first, offsetof(abi::Session, start));
        auto* end = f.load(f.stage.i64, first, offsetof(abi::Session, end));
        auto* is_only = f.b.CreateIsNull(f.load(f.stage.ptr, first, offsetof(abi::Session, next)));
        auto* is_inside = f.b.CreateAnd(f.b.CreateICmpSGE(time, start), f.b.CreateICmpSLT(time, end));
        return f.if_else(
            f.b.CreateAnd(is_only, is_inside), f.stage.ptr,
            [&]() -> llvm::Value* {
              auto* new_end = f.b.CreateBinaryIntrinsic(llvm::Intrinsic::sadd_sat, time, gap);
              f.store(f.b.CreateSelect(f.b.CreateICmpSGT(new_end, end), new_end, end), first,
                      offsetof(abi::Session, end));
              return first;
            },
            search);
      },
      search);
}

void absorb_others(FunctionEmitter& f, const SessionKeys& keys, llvm::Value* entry, llvm::Value* session,
                   const std::function<void(llvm::Value*)>& merge) {
  auto* head = f.offset(entry, keys.entry.states[0]);
  auto* has_others = f.b.CreateIsNotNull(f.load(f.stage.ptr, f.load(f.stage.ptr, head), offsetof(abi::Session, next)));
  f.if_then(has_others, [&] {
    auto* loop = f.block("absorb");
    auto* inside = f.block("absorbed");
    auto* after = f.block("after");
    f.b.CreateBr(loop);
    f.begin(loop);
    auto* other = f.call("rt_session_absorb", {f.context(), f.sorter(keys.sessions), head, session});
    f.b.CreateCondBr(f.b.CreateIsNull(other), after, inside);
    f.begin(inside);
    merge(other);
    f.b.CreateBr(loop);
    f.begin(after);
  });
}

namespace {

Value window_of_session(FunctionEmitter& f, llvm::Value* session, const SessionWindow& window) {
  auto* start = f.load(f.stage.i64, session, offsetof(abi::Session, start));
  llvm::Value* end = f.load(f.stage.i64, session, offsetof(abi::Session, end));
  if (window.max != 0) {
    auto* limit = f.b.CreateAdd(start, f.int64(static_cast<uint64_t>(window.max)));
    end = f.b.CreateSelect(f.b.CreateICmpSLT(limit, end), limit, end);
  }
  return window_value(start, end);
}

}  // namespace

void for_each_due_session(FunctionEmitter& f, const SessionKeys& keys, const SessionWindow& window,
                          const std::function<void(const DueSession&)>& emit) {
  auto* head = f.block("sessions");
  auto* inside = f.block("session");
  auto* after = f.block("after");
  f.b.CreateBr(head);
  f.begin(head);
  auto* session = f.call("rt_session_due", {f.context(), f.sorter(keys.sessions)});
  f.b.CreateCondBr(f.b.CreateIsNull(session), after, inside);
  f.begin(inside);
  auto* entry = f.load(f.stage.ptr, session, offsetof(abi::Session, entry));
  emit({session, load_keys(f, keys.entry, keys.types, entry), window_of_session(f, session, window)});
  f.reset_scratch();
  auto* is_last = f.call("rt_session_release",
                         {f.context(), f.sorter(keys.sessions), session, f.offset(entry, keys.entry.states[0])});
  f.if_then(f.b.CreateICmpNE(is_last, llvm::ConstantInt::get(f.stage.i8, 0)),
            [&] { forget_entry(f, f.table(keys.table), keys.entry, keys.types, {}, entry); });
  emit_yield_check(f, [] {});
  f.b.CreateBr(head);
  f.begin(after);
}

}  // namespace sluice::codegen
