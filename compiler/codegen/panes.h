// State of windows in generated code (runtime/state/panes.h): the pane of a row, and the panes that are due.
#pragma once

#include <functional>
#include <vector>

#include "compiler/codegen/function_emitter.h"
#include "compiler/codegen/value.h"
#include "lang/graph/flow_graph.h"

namespace sluice::codegen {

// The pane in state `state` for the value of a window key.
[[nodiscard]] llvm::Value* pane_of(FunctionEmitter& f, uint32_t state, const Value& window);
[[nodiscard]] llvm::Value* table_of_pane(FunctionEmitter& f, llvm::Value* pane);
[[nodiscard]] llvm::Value* tops_of_pane(FunctionEmitter& f, llvm::Value* pane);

// For each pane of `state` that the watermark has passed, or for all of them: emits `body(pane)`, then lets it go,
// together with the panes of `companions` up to the same end.
void for_each_due_pane(FunctionEmitter& f, uint32_t state, const std::vector<uint32_t>& companions,
                       const std::function<void(llvm::Value* pane)>& body);

// The entries of a table from *cursor on.
void for_each_entry(FunctionEmitter& f, llvm::Value* table, llvm::Value* cursor,
                    const std::function<void(llvm::Value* entry)>& emit);

}  // namespace sluice::codegen
