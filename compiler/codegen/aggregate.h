// What the aggregates of all kinds of windows share: the states of their calls in memory, and how rows change them.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "compiler/codegen/function_emitter.h"
#include "compiler/codegen/memory.h"
#include "compiler/codegen/table.h"
#include "compiler/codegen/value.h"
#include "lang/graph/flow_graph.h"

namespace sluice::codegen {

struct AggregateLayout {
  std::vector<Type> key_types;  // of meeting_keys: entries of panes do not say which pane it is
  std::vector<Type> state_types;
  std::vector<std::string> state_names;  // "<call>.<state>", as a Partial phase names its columns
  EntryLayout entry;
  uint32_t state = 0;              // position in StagePlan::states
  std::optional<size_t> window;    // among the keys
  bool is_registered = false;      // the states of the only group are in registers while rows come
  std::vector<uint32_t> distinct;  // positions of the tables of distinct_groups
  llvm::Value* table = nullptr;    // the one being worked on: it owns the bytes of strings
};

[[nodiscard]] AggregateLayout aggregate_layout(StageContext& stage, NodeId id, const AggregateNode& node);
// Is its one group looked up once for all rows of a unit? See emit_prepare.
[[nodiscard]] bool is_kept_open(const AggregateNode& node);
// The entry of an aggregate without keys, made when the table is empty.
[[nodiscard]] llvm::Value* only_entry(FunctionEmitter& f, const AggregateNode& node, AggregateLayout layout);

// The table for a row with these keys: that of its window, if one of them is a window.
[[nodiscard]] llvm::Value* table_for(FunctionEmitter& f, const AggregateLayout& layout, uint32_t state,
                                     const std::vector<Value>& keys);
[[nodiscard]] std::vector<Value> evaluate_keys(FunctionEmitter& f, const AggregateNode& node, const Row& row);
using Arguments = std::map<std::string, Value, std::less<>>;
[[nodiscard]] Arguments evaluate_arguments(FunctionEmitter& f, const AggregateCall& call, const Row& row);

// The initial states of a new group at `entry`. `row` may be null where no initial value needs one.
void initialize_states(FunctionEmitter& f, const AggregateNode& node, const AggregateLayout& layout, const Row* row,
                       llvm::Value* entry);
// All calls' states at `entry` changed by a row of a group with these keys; over sessions not those of distinct values
// (sessions.h), which are not merged either.
void update_states(FunctionEmitter& f, NodeId id, const AggregateNode& node, const AggregateLayout& layout,
                   const std::vector<Value>& keys, const Row& row, llvm::Value* entry);
// The states of one call at `entry` changed by a row with these arguments.
void step_call(FunctionEmitter& f, const AggregateNode& node, const AggregateLayout& layout, size_t call,
               const Arguments& arguments, llvm::Value* entry);
// All calls' states at `entry` merged with those at `other`.
void merge_states(FunctionEmitter& f, const AggregateNode& node, const AggregateLayout& layout, llvm::Value* entry,
                  llvm::Value* other);
// The results of the calls over the states at `entry`, added to `row`.
void add_results(FunctionEmitter& f, NodeId id, const AggregateNode& node, const AggregateLayout& layout,
                 llvm::Value* entry, RowBuilder& row);

// A row into its group, whose keys are known; an aggregate of plain groups that takes rows, not partial results.
void consume_hashed(FunctionEmitter& f, NodeId id, const AggregateNode& node, AggregateLayout layout,
                    const HashedKeys& keys, const Row& row);

// Distinct values: emit_distinct.cpp. The entries of the table of a group of calls, see distinct_groups: one has a
// count where rows can be taken back, and a bit for each call where there are several.
[[nodiscard]] EntryLayout distinct_layout(const AggregateNode& node, const std::vector<size_t>& group,
                                          const std::vector<Type>& key_types);
// `apply(call, arguments)` where the row's arguments come to the group of keys for the first time.
void consume_distinct(FunctionEmitter& f, const AggregateNode& node, const AggregateLayout& layout, size_t group,
                      const std::vector<Value>& keys, const Row& row,
                      const std::function<void(size_t call, const Arguments& arguments)>& apply);

// Incremental aggregates: emit_changing_aggregate.cpp.
void add_change_states(StageContext& stage, NodeId id, const AggregateNode& node, AggregateLayout& layout);
void consume_changing(FunctionEmitter& f, NodeId id, const AggregateNode& node, const Row& row);
void emit_changing_finish(FunctionEmitter& f, NodeId id, const AggregateNode& node);

// Aggregates over session windows: emit_sessions.cpp, and the incremental ones emit_changing_sessions.cpp.
void consume_session(FunctionEmitter& f, NodeId id, const AggregateNode& node, const Row& row);
void emit_session_finish(FunctionEmitter& f, NodeId id, const AggregateNode& node);
void consume_changing_session(FunctionEmitter& f, NodeId id, const AggregateNode& node, const Row& row);
void emit_changing_session_finish(FunctionEmitter& f, NodeId id, const AggregateNode& node);

// Aggregates over windows that share panes: emit_pane_windows.cpp.
[[nodiscard]] llvm::Value* table_of_shared_pane(FunctionEmitter& f, uint32_t state, const Value& pane);
void emit_pane_windows_finish(FunctionEmitter& f, NodeId id, const AggregateNode& node);

}  // namespace sluice::codegen
