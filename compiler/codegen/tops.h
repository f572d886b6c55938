// Tops in generated code: what those that wait for their rows (emit_ordered.cpp) and the incremental ones
// (emit_changing_top.cpp) share.
#pragma once

#include <optional>
#include <vector>

#include "compiler/codegen/function_emitter.h"
#include "compiler/codegen/table.h"
#include "compiler/codegen/value.h"
#include "lang/graph/flow_graph.h"

namespace sluice::codegen {

// The entries of keys lead to their tops, or rankings, which the runtime owns.
struct KeyedTop {
  std::vector<Type> key_types;
  EntryLayout entry;
  uint32_t groups = 0;
  std::optional<size_t> window;  // among the keys
};
[[nodiscard]] KeyedTop keyed_top(StageContext& stage, NodeId id, const TopNode& node);

void consume_changing_top(FunctionEmitter& f, NodeId id, const TopNode& node, const Row& row);
void emit_changing_top_finish(FunctionEmitter& f, NodeId id, const TopNode& node);

}  // namespace sluice::codegen
