// Sessions in generated code (runtime/state/session_table.h): each key has a list of open ones, whose states lie behind
// abi::Session. A row makes one longer, begins one, or joins two to one.
#pragma once

#include <functional>
#include <vector>

#include "compiler/codegen/aggregate.h"
#include "compiler/codegen/function_emitter.h"
#include "compiler/codegen/table.h"
#include "compiler/codegen/value.h"

namespace sluice::codegen {

struct SessionKeys {
  std::vector<Type> types;
  EntryLayout entry;  // of the table of keys; its state is the head of the list, or abi::KeySessions
  uint32_t table = 0;
  uint32_t sessions = 0;
};
// Of a node whose sessions have `state_bytes` behind their heads.
[[nodiscard]] SessionKeys session_keys(StageContext& stage, NodeId id, const std::vector<NamedExpr>& keys,
                                       const SessionWindow& window, uint32_t state_bytes);

// The sessions of an aggregate: states at offsets in a session, those of the calls, then what else is kept of it.
struct SessionStates {
  SessionKeys keys;
  AggregateLayout aggregate;
  // The first of its values in the table of each distinct call, in the order of the calls.
  std::vector<uint32_t> values;
};
[[nodiscard]] SessionStates session_states(StageContext& stage, NodeId id, const AggregateNode& node,
                                           const std::vector<Type>& more);
// Brings a row of the key in `entry` into its session, which may become one with others: they are given to `absorbed`.
// Returns the session.
llvm::Value* update_session(FunctionEmitter& f, NodeId id, const AggregateNode& node, const SessionStates& states,
                            const std::vector<Value>& keys, const Row& row, llvm::Value* entry,
                            const std::function<void(llvm::Value* session, llvm::Value* other)>& absorbed,
                            const std::function<void(llvm::Value* session)>& begun);

// Brings the states of a session that is gone into another.
void merge_sessions(FunctionEmitter& f, NodeId id, const AggregateNode& node, const SessionStates& states,
                    llvm::Value* session, llvm::Value* other);

// Distinct values of sessions: session_values.cpp. The entries of their tables are found by the session and the values,
// and those of a session stand in a list.
void note_values(StageContext& stage, NodeId id, const AggregateNode& node);
void update_values(FunctionEmitter& f, NodeId id, const AggregateNode& node, const SessionStates& states,
                   const Row& row, llvm::Value* session);
void merge_values(FunctionEmitter& f, NodeId id, const AggregateNode& node, const SessionStates& states,
                  llvm::Value* session, llvm::Value* other);
void forget_values(FunctionEmitter& f, NodeId id, const AggregateNode& node, const SessionStates& states,
                   llvm::Value* session);

// Runs `body` unless the row comes later than its source promised, so that its session might be gone.
void if_in_time(FunctionEmitter& f, NodeId id, const SessionWindow& window, const Row& row,
                const std::function<void()>& body);

// The session for a row at `time` of the key in `entry`.
[[nodiscard]] llvm::Value* session_for(FunctionEmitter& f, const SessionKeys& keys, llvm::Value* entry,
                                       llvm::Value* time, const SessionWindow& window);
// Calls `merge` with each session that the row has joined to this one, to be merged into it.
void absorb_others(FunctionEmitter& f, const SessionKeys& keys, llvm::Value* entry, llvm::Value* session,
                   const std::function<void(llvm::Value* other)>& merge);

// A session that is complete: its key and window.
struct DueSession {
  llvm::Value* session;
  std::vector<Value> keys;
  Value window;
};
// Calls `emit` for each, then forgets it.
void for_each_due_session(FunctionEmitter& f, const SessionKeys& keys, const SessionWindow& window,
                          const std::function<void(const DueSession&)>& emit);

}  // namespace sluice::codegen
