// Results of a group that are taken back and given out anew: what the incremental aggregates of groups and of sessions
// share. The results of one moment stand side by side in memory ("place"), so that old and new ones can be compared and
// go on by the same code.
#pragma once

#include <functional>

#include "compiler/codegen/aggregate.h"

namespace sluice::codegen {

[[nodiscard]] uint64_t size_of_results(const AggregateNode& node);
// The results of the states at `entry`; where they outlive a change of them, with texts of their own.
void store_results(FunctionEmitter& f, NodeId id, const AggregateNode& node, const AggregateLayout& layout,
                   llvm::Value* entry, llvm::Value* place, bool outlives_change);
// i1: is one of the results at `now` not what it was?
[[nodiscard]] llvm::Value* results_differ(FunctionEmitter& f, const AggregateNode& node, llvm::Value* before,
                                          llvm::Value* now);
void add_results_in_memory(FunctionEmitter& f, const AggregateNode& node, llvm::Value* place, Row& row);
void add_weight(Row& row, llvm::Value* weight);

// Results that were given out, kept until they are taken back: `given(call)` is where that of a call is, as a state.
using GivenPlace = std::function<llvm::Value*(size_t call)>;
void load_given(FunctionEmitter& f, const AggregateNode& node, llvm::Value* place, const GivenPlace& given);
void store_given(FunctionEmitter& f, const AggregateNode& node, llvm::Value* table, llvm::Value* place,
                 const GivenPlace& given);

// The watermark that the row's partition has with it, and the first end of an interval behind that.
[[nodiscard]] llvm::Value* mark_with_row(FunctionEmitter& f, const Interval& every, const Row& row);
[[nodiscard]] llvm::Value* end_of_interval(FunctionEmitter& f, const Interval& every, const Row& row);

}  // namespace sluice::codegen
