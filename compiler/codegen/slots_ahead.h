// SlotsAhead: the search for a key in a hash table mostly waits for memory. Where many rows are at hand before the
// first one goes on its way (a batch of a source), the slots where their searches will begin are asked for beforehand,
// so that the processor fetches many at a time. It is only a hint: which rows come and what becomes of them does not
// change.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "compiler/codegen/function_emitter.h"
#include "compiler/codegen/value.h"
#include "lang/graph/flow_graph.h"

namespace sluice::codegen {

// A step with a hash table by keys.
struct KeyedStep {
  NodeId node;
  std::vector<Expr> keys;              // over the columns of the rows at hand; cheap, and they cannot fail
  std::optional<size_t> window;        // among the keys: there the table is that of the window used last
  std::optional<int64_t> window_size;  // microseconds; absent: the window is a column of the rows at hand
};

// The keyed steps that every row of `from` reaches. `known` says what a filter's condition is for all of the rows,
// where that is certain; its columns are those of the filter's input.
using KnownCondition = std::function<std::optional<bool>(const Expr& condition)>;
[[nodiscard]] std::vector<KeyedStep> steps_ahead(const StageContext& stage, NodeId from, const KnownCondition& known);

// Asks for the slots of `count` rows, when the table is too large for the caches that are near.
void ask_for_slots(FunctionEmitter& f, const KeyedStep& step, llvm::Value* count,
                   const std::function<Row(llvm::Value* position)>& row_at);

}  // namespace sluice::codegen
