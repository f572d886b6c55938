#include "compiler/codegen/emit_stage.h"

#include <fmt/format.h>

#include "compiler/codegen/operators.h"
#include "compiler/codegen/stage_context.h"
#include "compiler/lower/lower.h"
#include "lang/support/invariant.h"

namespace sluice::codegen {

std::string input_function_name(size_t input) { return fmt::format("input_{}", input); }
std::string finish_function_name(size_t phase) { return fmt::format("finish_{}", phase); }

void emit_finish(StageContext& stage, NodeId id, const std::string& function_name) {
  const Node& node = stage.node(id);
  FunctionEmitter f(stage, function_name, 0, node.span);
  f.node = id;
  f.set_may_stop_early(true);
  f.enter_node(id);
  if (const auto* aggregate = node.as<AggregateNode>()) {
    emit_finish(f, id, *aggregate);
  } else if (const auto* top = node.as<TopNode>()) {
    emit_finish(f, id, *top);
  } else if (const auto* sort = node.as<SortNode>()) {
    emit_finish(f, id, *sort);
  } else if (const auto* frame = node.as<FrameNode>()) {
    emit_finish(f, id, *frame);
  } else if (const auto* join = node.as<JoinNode>()) {
    emit_finish(f, id, *join);
  } else {
    SLUICE_INVARIANT(false, "node " + node.label + " has no finish phase");
  }
  f.finish(abi::Code::Done);
}

StageModule emit_stage(llvm::LLVMContext& llvm, const JobPlan& plan, StageId id, const ConnectorSettings& settings,
                       bool profiled) {
  StageContext stage(llvm, plan, id, settings, profiled);
  const StagePlan& stage_plan = plan.stages[id];
  for (size_t i = 0; i < stage_plan.inputs.size(); ++i) {
    const StageInput& input = stage_plan.inputs[i];
    if (input.source.is_valid()) {
      emit_source_input(stage, input.source, input_function_name(i));
    } else {
      emit_edge_input(stage, input.edge, input_function_name(i));
    }
  }
  for (const NodeId node : stage_plan.nodes) {
    if (const auto* join = plan.graph.nodes[node].as<JoinNode>()) note_entry(stage, node, *join);
    if (const auto* aggregate = plan.graph.nodes[node].as<AggregateNode>();
        aggregate != nullptr && aggregate->is_incremental && !aggregate->session)
      note_entry(stage, node, *aggregate);
    if (const auto* top = plan.graph.nodes[node].as<TopNode>(); top != nullptr && top->is_incremental)
      note_entry(stage, node, *top);
  }
  for (const NodeId node : stage_plan.nodes)
    if (is_blocking(plan.graph.nodes[node]))
      emit_finish(stage, node, finish_function_name(finish_phase_of(plan, id, node)));
  stage.finish_debug_info();
  return {std::move(stage.module), std::move(stage.error_sites), std::move(stage.entry_sizes)};
}

}  // namespace sluice::codegen
