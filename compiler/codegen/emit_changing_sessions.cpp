// Incremental aggregates over session windows: each session remembers the result that it gave out last, and the
// sessions that it has absorbed since, whose results are still owed. A change takes all of these back and gives out the
// new one.
#include <limits>

#include "compiler/codegen/aggregate.h"
#include "compiler/codegen/changed_results.h"
#include "compiler/codegen/operators.h"
#include "compiler/codegen/sessions.h"
#include "runtime/abi/kernel_abi.h"

namespace sluice::codegen {

namespace {

const Type kInt(TypeKind::Int);
constexpr uint64_t kWindowBytes = 16;  // of a session's window, in front of its results
constexpr uint64_t kNever = std::numeric_limits<int64_t>::max();

class ChangingSessions {
 public:
  ChangingSessions(FunctionEmitter& emitter, NodeId node_id, const AggregateNode& aggregate)
      : f_(emitter), id_(node_id), node_(aggregate), states_(session_states(f_.stage, id_, node_, kept(aggregate))) {
    states_.aggregate.table = f_.table(states_.keys.table);
  }

  void consume(const Row& row) {
    if_in_time(f_, id_, *node_.session, row, [&] {
      const std::vector<Value> keys = evaluate_keys(f_, node_, row);
      auto* entry =
          find_or_insert(f_, f_.table(states_.keys.table), states_.keys.entry, keys, [](llvm::Value*) {}).entry;
      auto* due = collects_changes(node_) ? end_of_interval(f_, *node_.every, row) : nullptr;
      if (due != nullptr) give_out_earlier(entry, row.at(kRowTime).data, mark_with_row(f_, *node_.every, row));
      auto* session = update_session(
          f_, id_, node_, states_, keys, row, entry, [&](llvm::Value* one, llvm::Value* other) { owe(one, other); },
          [&](llvm::Value* begun) { begin(begun); });
      if (due == nullptr) return give_out(session);
      wait(session, due);
    });
  }

  // What is due goes out; sessions that are complete are forgotten.
  void finish() {
    if (collects_changes(node_)) give_out_due();
    for_each_due_session(f_, states_.keys, *node_.session, [&](const DueSession& due) {
      if (collects_changes(node_)) give_out_waiting(due.session, is_waiting(due.session));
      forget_values(f_, id_, node_, states_, due.session);
    });
  }

 private:
  // Behind the states of the calls. Only who collects changes has those from kDue on; kShownUntil is the first end of a
  // window that was given out and is still to be taken back.
  enum Kept : uint8_t {
    kOwed,
    kWasGiven,
    kGivenStart,
    kGivenEnd,
    kDue,
    kIsWaiting,
    kShownUntil,
    kIsListed,
    kListedDue
  };
  static size_t kept_words(const AggregateNode& node) {
    return collects_changes(node) ? kListedDue + 1 : kGivenEnd + 1;
  }
  static std::vector<Type> kept(const AggregateNode& node) {
    std::vector<Type> types(kept_words(node), kInt);
    for (const auto& call : node.calls) types.push_back(call.finish.type);
    return types;
  }
  llvm::Value* place(llvm::Value* session, size_t which) {
    const AggregateLayout& aggregate = states_.aggregate;
    return f_.offset(session, aggregate.entry.states[aggregate.state_types.size() + which]);
  }
  llvm::Value* word(llvm::Value* session, Kept which) { return f_.load(f_.stage.i64, place(session, which)); }
  llvm::Value* flag(llvm::Value* session, Kept which) { return f_.b.CreateICmpNE(word(session, which), f_.int64(0)); }
  void set(llvm::Value* session, Kept which, uint64_t value) { f_.store(f_.int64(value), place(session, which)); }
  llvm::Value* owed(llvm::Value* session) { return f_.load(f_.stage.ptr, place(session, kOwed)); }
  llvm::Value* is_waiting(llvm::Value* session) { return flag(session, kIsWaiting); }
  GivenPlace given(llvm::Value* session) {
    return [this, session](size_t call) { return place(session, kept_words(node_) + call); };
  }
  llvm::Value* sessions() { return f_.sorter(states_.keys.sessions); }
  llvm::Value* changed() { return f_.sorter(f_.stage.state_index(id_, StateKind::Changed)); }

  // A new session, in the memory of one that is gone perhaps, which a list of changes may still lead to.
  void begin(llvm::Value* session) {
    set(session, kOwed, 0);
    set(session, kWasGiven, 0);
    if (!collects_changes(node_)) return;
    set(session, kIsWaiting, 0);
    set(session, kShownUntil, kNever);
  }

  void owe(llvm::Value* session, llvm::Value* other) {
    f_.call("rt_session_owe", {sessions(), place(session, kOwed), other, owed(other), word(other, kWasGiven)});
    if (!collects_changes(node_)) return;
    f_.store(least(word(session, kShownUntil), word(other, kShownUntil)), place(session, kShownUntil));
    f_.if_then(is_waiting(other), [&] {
      set(other, kIsWaiting, 0);
      wait(session, word(other, kDue));
    });
  }

  // ---- changes that are collected ----

  void wait(llvm::Value* session, llvm::Value* due) {
    auto* before = word(session, kDue);
    auto* later = f_.b.CreateBinaryIntrinsic(llvm::Intrinsic::smax, before, due);
    due = f_.b.CreateSelect(is_waiting(session), later, due);
    f_.store(due, place(session, kDue));
    set(session, kIsWaiting, 1);
    // It may have been listed for a result that went out already, or in the life of a session before.
    due = due_of(session);
    auto* is_listed = f_.b.CreateAnd(flag(session, kIsListed), f_.b.CreateICmpSGE(due, word(session, kListedDue)));
    f_.if_then(f_.b.CreateNot(is_listed), [&] {
      set(session, kIsListed, 1);
      f_.store(due, place(session, kListedDue));
      f_.call("rt_changed_add", {changed(), session, due});
    });
  }

  // What waits is due at the end of its interval, but no later than when a window that was given out would be over: who
  // reads it forgets it then.
  llvm::Value* due_of(llvm::Value* session) {
    auto* lag = f_.int64(static_cast<uint64_t>(window_lag(f_.stage.plan.graph, id_)));
    auto* over = f_.b.CreateBinaryIntrinsic(llvm::Intrinsic::sadd_sat, word(session, kShownUntil), lag);
    return least(word(session, kDue), over);
  }
  llvm::Value* least(llvm::Value* a, llvm::Value* b) { return f_.b.CreateBinaryIntrinsic(llvm::Intrinsic::smin, a, b); }

  void give_out_waiting(llvm::Value* session, llvm::Value* condition) {
    f_.if_then(condition, [&] {
      set(session, kIsWaiting, 0);
      give_out(session);
    });
  }

  // The sessions that a row at `time` belongs to, if they have results to give out that are due by the watermark that
  // comes with it.
  void give_out_earlier(llvm::Value* entry, llvm::Value* time, llvm::Value* mark) {
    auto* at = f_.slot(f_.stage.ptr, "session");
    f_.b.CreateStore(f_.load(f_.stage.ptr, f_.offset(entry, states_.keys.entry.states[0])), at);
    auto* end = f_.b.CreateBinaryIntrinsic(llvm::Intrinsic::sadd_sat, time,
                                           f_.int64(static_cast<uint64_t>(node_.session->gap)));
    for_each_in_list(at, [&](llvm::Value* session) {
      auto* is_before = f_.b.CreateICmpSGT(end, f_.load(f_.stage.i64, session, offsetof(abi::Session, start)));
      auto* is_behind = f_.b.CreateICmpSLT(time, f_.load(f_.stage.i64, session, offsetof(abi::Session, end)));
      auto* is_earlier = f_.b.CreateAnd(is_waiting(session), f_.b.CreateICmpSLE(due_of(session), mark));
      give_out_waiting(session, f_.b.CreateAnd(is_earlier, f_.b.CreateAnd(is_before, is_behind)));
    });
  }

  // Those listed whose time has come; of those that rows have moved to a later interval meanwhile it comes later.
  void give_out_due() {
    auto* head = f_.block("changed");
    auto* inside = f_.block("session");
    auto* after = f_.block("after");
    f_.b.CreateBr(head);
    f_.begin(head);
    auto* session = f_.call("rt_changed_next", {f_.context(), changed()});
    f_.b.CreateCondBr(f_.b.CreateIsNull(session), after, inside);
    f_.begin(inside);
    // Of one that was listed again for an earlier time only that place counts.
    auto* is_last = f_.b.CreateICmpEQ(f_.call("rt_changed_due", {changed()}), word(session, kListedDue));
    f_.if_then(f_.b.CreateAnd(flag(session, kIsListed), is_last), [&] { take_from_list(session); });
    f_.reset_scratch();
    emit_yield_check(f_, [] {});
    f_.b.CreateBr(head);
    f_.begin(after);
  }

  void take_from_list(llvm::Value* session) {
    set(session, kIsListed, 0);
    auto* watermark = f_.load(f_.stage.i64, f_.context(), offsetof(abi::TaskContext, watermark));
    auto* is_due = f_.b.CreateICmpSLE(due_of(session), watermark);
    auto* waits = is_waiting(session);
    f_.if_then(f_.b.CreateAnd(waits, f_.b.CreateNot(is_due)), [&] { wait(session, word(session, kDue)); });
    give_out_waiting(session, f_.b.CreateAnd(waits, is_due));
  }

  // ---- giving out ----

  // `at`: a slot with the first of them. The body may forget what it gets.
  void for_each_in_list(llvm::Value* at, const std::function<void(llvm::Value*)>& body) {
    auto* head = f_.block("list");
    auto* inside = f_.block("listed");
    auto* after = f_.block("after");
    f_.b.CreateBr(head);
    f_.begin(head);
    auto* session = f_.b.CreateLoad(f_.stage.ptr, at);
    f_.b.CreateCondBr(f_.b.CreateIsNull(session), after, inside);
    f_.begin(inside);
    f_.b.CreateStore(f_.load(f_.stage.ptr, session, offsetof(abi::Session, next)), at);
    body(session);
    f_.b.CreateBr(head);
    f_.begin(after);
  }

  // The old result is that of the session or, if it has given out none, that of one that it owes: only where there are
  // others besides is it certain that something has changed.
  void give_out(llvm::Value* session) {
    auto* was_given = flag(session, kWasGiven);
    auto* first_owed = owed(session);
    auto* old = f_.b.CreateSelect(was_given, session, first_owed);
    auto* others = f_.slot(f_.stage.ptr, "owed");
    f_.b.CreateStore(first_owed, others);
    auto* is_taken = f_.b.CreateAnd(f_.b.CreateNot(was_given), f_.b.CreateIsNotNull(first_owed));
    f_.if_then(is_taken,
               [&] { f_.b.CreateStore(f_.load(f_.stage.ptr, first_owed, offsetof(abi::Session, next)), others); });
    auto* has_others = f_.b.CreateIsNotNull(f_.b.CreateLoad(f_.stage.ptr, others));
    const std::vector<Value> keys = keys_of(session);
    auto* results = f_.memory(2 * size());
    for_each_in_list(others, [&](llvm::Value* other) {
      load_old(other, results);
      emit_users(f_, id_, row_of(keys, results, f_.int64(static_cast<uint64_t>(-1))), CodeOfUsers::Function);
      f_.call("rt_session_forget", {sessions(), other});
    });
    auto* has_old = f_.b.CreateIsNotNull(old);
    f_.if_then(has_old, [&] { load_old(old, results); });
    auto* now = f_.offset(results, size());
    store_now(session, now);
    auto* has_changed = f_.if_else(
        f_.b.CreateAnd(has_old, f_.b.CreateNot(has_others)), f_.stage.bool_type, [&] { return differ(results, now); },
        [&]() -> llvm::Value* { return f_.boolean(true); });
    f_.if_then(has_changed, [&] { emit_both(keys, results, has_old); });
    // Also when what was given out stays: another session gave it, which is forgotten now.
    f_.if_then(f_.b.CreateOr(has_changed, is_taken), [&] {
      f_.copy(place(session, kGivenStart), now, f_.int64(kWindowBytes));
      store_given(f_, node_, states_.aggregate.table, f_.offset(now, kWindowBytes), given(session));
    });
    f_.if_then(is_taken, [&] { f_.call("rt_session_forget", {sessions(), first_owed}); });
    set(session, kOwed, 0);
    set(session, kWasGiven, 1);
    if (collects_changes(node_) && !node_.session->column.starts_with('@'))
      f_.store(f_.load(f_.stage.i64, session, offsetof(abi::Session, end)), place(session, kShownUntil));
  }

  // One loop, so that the steps below are written once.
  void emit_both(const std::vector<Value>& keys, llvm::Value* results, llvm::Value* has_old) {
    f_.loop(f_.int64(0), f_.int64(2), "change", [&](llvm::Value* i) {
      auto* is_old = f_.b.CreateICmpEQ(i, f_.int64(0));
      f_.if_then(f_.b.CreateOr(f_.b.CreateNot(is_old), has_old), [&] {
        auto* weight = f_.b.CreateSub(f_.b.CreateMul(i, f_.int64(2)), f_.int64(1));
        emit_users(f_, id_, row_of(keys, f_.offset(results, f_.b.CreateMul(i, f_.int64(size()))), weight));
      });
    });
  }

  [[nodiscard]] uint64_t size() const { return kWindowBytes + size_of_results(node_); }
  void load_old(llvm::Value* session, llvm::Value* results) {
    f_.copy(results, place(session, kGivenStart), f_.int64(kWindowBytes));
    load_given(f_, node_, f_.offset(results, kWindowBytes), given(session));
  }
  void store_now(llvm::Value* session, llvm::Value* now) {
    f_.copy(now, f_.offset(session, offsetof(abi::Session, start)), f_.int64(kWindowBytes));
    store_results(f_, id_, node_, states_.aggregate, session, f_.offset(now, kWindowBytes), false);
  }
  llvm::Value* differ(llvm::Value* before, llvm::Value* now) {
    auto* results = results_differ(f_, node_, f_.offset(before, kWindowBytes), f_.offset(now, kWindowBytes));
    if (node_.session->column.starts_with('@')) return results;  // nobody sees the window
    for (const uint64_t part : {uint64_t{0}, kWindowBytes / 2}) {
      auto* is_other = f_.b.CreateICmpNE(f_.load(f_.stage.i64, before, part), f_.load(f_.stage.i64, now, part));
      results = f_.b.CreateOr(results, is_other);
    }
    return results;
  }

  std::vector<Value> keys_of(llvm::Value* session) {
    auto* entry = f_.load(f_.stage.ptr, session, offsetof(abi::Session, entry));
    return load_keys(f_, states_.keys.entry, states_.keys.types, entry);
  }
  Row row_of(const std::vector<Value>& keys, llvm::Value* results, llvm::Value* weight) {
    Row row;
    for (size_t i = 0; i < keys.size(); ++i) row.add(node_.keys[i].name, keys[i]);
    row.add(node_.session->column,
            window_value(f_.load(f_.stage.i64, results), f_.load(f_.stage.i64, results, kWindowBytes / 2)));
    add_results_in_memory(f_, node_, f_.offset(results, kWindowBytes), row);
    add_weight(row, weight);
    return row;
  }

  FunctionEmitter& f_;
  NodeId id_;
  const AggregateNode& node_;
  SessionStates states_;
};

}  // namespace

void consume_changing_session(FunctionEmitter& f, NodeId id, const AggregateNode& node, const Row& row) {
  ChangingSessions(f, id, node).consume(row);
}

void emit_changing_session_finish(FunctionEmitter& f, NodeId id, const AggregateNode& node) {
  ChangingSessions(f, id, node).finish();
}

}  // namespace sluice::codegen
