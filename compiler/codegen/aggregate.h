// What the aggregates of all kinds of windows share: the states of their calls in memory, and how rows change them.
#pragma once

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
  std::vector<Type> key_types;
  std::vector<Type> state_types;
  std::vector<std::string> state_names;  // "<call>.<state>", as a Partial phase names its columns
  EntryLayout entry;
  uint32_t state = 0;              // position in StagePlan::states
  std::optional<size_t> window;    // among the keys
  std::vector<uint32_t> distinct;  // positions of the tables of distinct calls
  llvm::Value* table = nullptr;    // the one being worked on: it owns the bytes of strings
};

// The initial states of a new group at `entry`. `row` may be null where no initial value needs one.
void initialize_states(FunctionEmitter& f, const AggregateNode& node, const AggregateLayout& layout, const Row* row,
                       llvm::Value* entry);
// All calls' states at `entry` changed by a row of a group with these keys.
void update_states(FunctionEmitter& f, NodeId id, const AggregateNode& node, const AggregateLayout& layout,
                   const std::vector<Value>& keys, const Row& row, llvm::Value* entry);
// All calls' states at `entry` merged with those at `other`.
void merge_states(FunctionEmitter& f, const AggregateNode& node, const AggregateLayout& layout, llvm::Value* entry,
                  llvm::Value* other);
// The results of the calls over the states at `entry`, added to `row`.
void add_results(FunctionEmitter& f, NodeId id, const AggregateNode& node, const AggregateLayout& layout,
                 llvm::Value* entry, RowBuilder& row);

// Aggregates over session windows: emit_sessions.cpp.
void consume_session(FunctionEmitter& f, NodeId id, const AggregateNode& node, const Row& row);
void emit_session_finish(FunctionEmitter& f, NodeId id, const AggregateNode& node);

}  // namespace sluice::codegen
