// emit_stage: one stage of a JobPlan to an LLVM module, unoptimized. The face of code generation.
//
// Functions: `input_<k>` per StagePlan::inputs and `finish_<k>` per finish phase, with the signatures of
// runtime/task/stage_code.h. The text of the module is a function of plan and settings alone, so it can key a cache.
#pragma once

#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/Module.h>

#include <memory>
#include <vector>

#include "runtime/plan/job_plan.h"
#include "runtime/task/stage_code.h"
#include "stdlib/catalog.h"

namespace sluice::codegen {

struct StageModule {
  std::unique_ptr<llvm::Module> module;
  std::vector<ErrorSite> error_sites;
  std::vector<uint32_t> entry_sizes;  // by state, 0: no table
};

// `profiled`: the code fills TaskContext::node_rows and says in current_node which operator is at work.
[[nodiscard]] StageModule emit_stage(llvm::LLVMContext& context, const JobPlan& plan, StageId stage,
                                     const ConnectorSettings& settings, bool profiled = false);

[[nodiscard]] std::string input_function_name(size_t input);
[[nodiscard]] std::string finish_function_name(size_t phase);

}  // namespace sluice::codegen
