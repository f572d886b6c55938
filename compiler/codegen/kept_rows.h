// Rows that steps keep to put them in order: in block layout, in front of each the values it is ordered by ("order.0",
// ...), so that comparing two rows evaluates nothing.
#pragma once

#include <vector>

#include "compiler/codegen/function_emitter.h"
#include "compiler/codegen/value.h"
#include "lang/graph/flow_graph.h"

namespace sluice::codegen {

// The columns of rows that the node keeps in its state of this kind.
[[nodiscard]] const Schema& kept_schema(const StageContext& stage, NodeId id, StateKind kind);
// The values kept of a row: what it is ordered by, then its columns.
[[nodiscard]] std::vector<Value> kept_values(FunctionEmitter& f, const std::vector<OrderKey>& order, const Schema& kept,
                                             const Row& row);
// i32 name(a, a_end, b, b_end): the order of two kept rows; `ties_only` leaves out the columns that break ties.
[[nodiscard]] llvm::Function* compare_function(StageContext& stage, NodeId id, const std::vector<OrderKey>& order,
                                               const Schema& kept, bool ties_only);
[[nodiscard]] bool holds_list(const Type& type);

}  // namespace sluice::codegen
