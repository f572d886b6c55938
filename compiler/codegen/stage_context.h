// StageContext: what all generated functions of one stage share: the LLVM module, declarations of runtime functions and
// kernels, string constants, error sites and debug information. Lives as long as the stage is being emitted.
#pragma once

#include <llvm/IR/DIBuilder.h>
#include <llvm/IR/DerivedTypes.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Module.h>

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/plan/job_plan.h"
#include "runtime/task/stage_code.h"
#include "stdlib/catalog.h"

namespace sluice::codegen {

class StageContext {
 public:
  StageContext(llvm::LLVMContext& context, const JobPlan& job, StageId stage_id, const ConnectorSettings& settings,
               bool profiled);

  const JobPlan& plan;
  const StageId stage_id;
  const StagePlan& stage;
  const ConnectorSettings& connectors;
  const bool is_profiled;  // the code counts the rows of every operator and says which one is at work
  llvm::LLVMContext& llvm;
  std::unique_ptr<llvm::Module> module;
  std::vector<ErrorSite> error_sites;

  llvm::Type* const void_type;
  llvm::IntegerType* const bool_type;
  llvm::IntegerType* const i8;
  llvm::IntegerType* const i32;
  llvm::IntegerType* const i64;
  llvm::IntegerType* const i128;
  llvm::Type* const f64;
  llvm::PointerType* const ptr;

  // A function of runtime/abi/runtime_functions.def.
  [[nodiscard]] llvm::FunctionCallee runtime(std::string_view name);
  // A function of the C library that code generation itself needs (bcmp, fmod).
  [[nodiscard]] llvm::FunctionCallee library(std::string_view name, llvm::FunctionType* type);
  // A read-only global with these bytes; equal bytes share one.
  [[nodiscard]] llvm::Constant* bytes(std::string_view text);
  // Registers a place that may raise a row error; the same code, span and operands give the same site.
  [[nodiscard]] uint32_t error_site(std::string_view code, const Span& span, NodeId node,
                                    std::vector<std::string> operands = {}, std::vector<Type> operand_types = {});

  // The state of kind `kind` that belongs to `node`: its position in StagePlan::states. `nth` of several.
  [[nodiscard]] uint32_t state_index(NodeId node, StateKind kind, uint32_t nth = 0) const;
  // Position in TaskContext::writers of partition 0 of the stage's output edge for this exchange.
  [[nodiscard]] uint32_t first_writer(EdgeId edge) const;
  [[nodiscard]] const Node& node(NodeId id) const { return plan.graph.nodes[id]; }
  [[nodiscard]] bool in_stage(NodeId id) const;

  // How often the code behind a node has been written into functions that take rows, see emit_users.
  std::map<NodeId, unsigned> copies_in_functions;
  // How often the search for keys of the same types has been asked for, see find_or_insert.
  std::map<std::string, unsigned> searches;

  // Bytes of a state's table entry, filled in while emitting.
  std::vector<uint32_t> entry_sizes;

  // Debug information: one subprogram per function, every instruction on its .flow line.
  [[nodiscard]] llvm::DISubprogram* debug_function(llvm::Function* function, const Span& span);
  [[nodiscard]] llvm::DebugLoc debug_location(const Span& span, llvm::DISubprogram* scope);
  void finish_debug_info() { debug_.finalize(); }

 private:
  llvm::Type* abi_type(std::string_view name) const;
  llvm::DIFile* debug_file(uint32_t file);

  llvm::DIBuilder debug_;
  std::map<uint32_t, llvm::DIFile*> debug_files_;
  std::map<std::string, llvm::Constant*, std::less<>> bytes_;
};

}  // namespace sluice::codegen
