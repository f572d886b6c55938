// FunctionEmitter: one generated function while it is being written: its builder, the task context argument, stack
// slots, hoisted loads, and the shared exits. Control flow is structured: a helper leaves the builder where code goes
// on.
#pragma once

#include <llvm/IR/IRBuilder.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "compiler/codegen/stage_context.h"
#include "compiler/codegen/value.h"
#include "runtime/abi/layout.h"

namespace sluice::codegen {

class AggregateBatch;

class FunctionEmitter {
 public:
  // Starts the function `i32 name(ptr context, ptr...)`, a stage function with exits.
  FunctionEmitter(StageContext& stage, const std::string& name, size_t pointer_arguments, const Span& span);

  StageContext& stage;
  llvm::Function* function;
  llvm::IRBuilder<> b;
  NodeId node;  // whose code is being emitted, for error sites
  // Addresses of the states of keyless aggregates, opened before the loop over a unit.
  std::map<NodeId, std::vector<llvm::Value*>> prepared;
  // How often the code behind a node has been written into this function.
  std::map<NodeId, unsigned>* copies = &own_copies_;
  // Where rows lie for the functions that take them, by the node that makes them.
  std::map<NodeId, llvm::AllocaInst*> rows;
  // Aggregates whose rows are gathered at this place of the code, see aggregate_batch.h.
  std::map<NodeId, AggregateBatch*> batches;

  [[nodiscard]] llvm::Value* context() const { return function->getArg(0); }
  [[nodiscard]] llvm::Value* argument(unsigned index) const { return function->getArg(index); }

  // ---- places ----
  [[nodiscard]] llvm::AllocaInst* slot(llvm::Type* type, const char* name);  // on the stack, made once
  // Two words for the result of a call, which is loaded at once: one place for all calls.
  [[nodiscard]] llvm::AllocaInst* result_slot();
  // 16 bytes each for the operands that a row error shows.
  [[nodiscard]] llvm::AllocaInst* operand_slot(size_t position);
  // Bytes on the stack that stay there: LLVM must not make registers of them.
  [[nodiscard]] llvm::Value* memory(uint64_t bytes);
  // Code that runs once when the function begins; the builder given stands behind everything hoisted before.
  llvm::Value* hoist(const std::function<llvm::Value*(llvm::IRBuilder<>&)>& emit);
  // Code that runs just before the function returns, unless it failed: a failed job reads no state.
  void at_exit(std::function<void()> emit) { exit_hooks_.push_back(std::move(emit)); }
  // Profiled code only, else nothing: `node` is at work from here on; it passes a row on.
  void enter_node(NodeId at_work);
  void count_row(NodeId of);
  [[nodiscard]] llvm::BasicBlock* block(const char* name);
  void begin(llvm::BasicBlock* target) { b.SetInsertPoint(target); }
  void set_span(const Span& span);

  // ---- constants and memory ----
  [[nodiscard]] llvm::ConstantInt* int64(uint64_t value) const { return llvm::ConstantInt::get(stage.i64, value); }
  [[nodiscard]] llvm::ConstantInt* int32(uint64_t value) const { return llvm::ConstantInt::get(stage.i32, value); }
  [[nodiscard]] llvm::ConstantInt* boolean(bool value) const { return llvm::ConstantInt::get(stage.bool_type, value); }
  [[nodiscard]] llvm::Value* offset(llvm::Value* pointer, uint64_t bytes);
  [[nodiscard]] llvm::Value* offset(llvm::Value* pointer, llvm::Value* bytes);
  [[nodiscard]] llvm::LoadInst* load(llvm::Type* type, llvm::Value* pointer, uint64_t bytes = 0);  // unaligned
  void store(llvm::Value* value, llvm::Value* pointer, uint64_t bytes = 0);
  void copy(llvm::Value* to, llvm::Value* from, llvm::Value* size);

  // ---- control flow ----
  llvm::CallInst* call(std::string_view runtime_function, std::initializer_list<llvm::Value*> arguments);
  void if_then(llvm::Value* condition, const std::function<void()>& then_part, bool is_unlikely = false);
  // Both parts give a value of `type`.
  [[nodiscard]] Value if_else(llvm::Value* condition, const Type& type, const std::function<Value()>& then_part,
                              const std::function<Value()>& else_part);
  [[nodiscard]] llvm::Value* if_else(llvm::Value* condition, llvm::Type* type,
                                     const std::function<llvm::Value*()>& then_part,
                                     const std::function<llvm::Value*()>& else_part);
  // for (index = begin; index < end; ++index) body(index)
  void loop(llvm::Value* begin, llvm::Value* end, const char* name,
            const std::function<void(llvm::Value* index)>& body);
  // From 0 to `count` in parts of `size`, of which the last one may have less.
  void loop_in_parts(llvm::Value* count, uint64_t size, const char* name,
                     const std::function<void(llvm::Value* begin, llvm::Value* end)>& body);
  void return_if(llvm::Value* code, abi::Code ending);  // goes on when `code` is another
  void return_code(abi::Code code);                     // ends the current block; continue in a new one
  // Calls `raise` (one of the rt_raise functions) with the context and these arguments and returns Failed when
  // `condition` holds.
  void fail_if(llvm::Value* condition, std::string_view raise, std::initializer_list<llvm::Value*> arguments);
  void fail_if_raised(const Span& span);  // after a call of a kernel that may have raised an error

  // ---- the context ----
  [[nodiscard]] llvm::Value* state_pointer(size_t array_offset, uint32_t index);  // hoisted: context->array[index]
  [[nodiscard]] llvm::Value* table(uint32_t state) { return state_pointer(offsetof(abi::TaskContext, tables), state); }
  [[nodiscard]] llvm::Value* sorter(uint32_t state) {
    return state_pointer(offsetof(abi::TaskContext, sorters), state);
  }
  [[nodiscard]] llvm::Value* scratch(llvm::Value* size);  // bytes that live until the row is done
  void reset_scratch();                                   // at the end of a row; nothing when none was used
  // An input function or a finish phase: it may return Satisfied.
  [[nodiscard]] bool may_stop_early() const { return may_stop_early_; }
  void set_may_stop_early(bool value) { may_stop_early_ = value; }

  // Ends the function: the current block returns `code`, the exits are written, the function is verified.
  void finish(abi::Code code);
  void finish_with(llvm::Value* code);

 private:
  // The one place of a function that calls a raising function; its arguments come from every place that may fail.
  // With a block for each of them a loop over wide rows would have thousands of exits, which LLVM handles in
  // quadratic time.
  struct FailExit {
    llvm::BasicBlock* block;
    std::vector<llvm::PHINode*> arguments;
  };
  FailExit& fail_exit(std::string_view raise, std::initializer_list<llvm::Value*> arguments);
  void write_fail_exits();

  llvm::BasicBlock* entry_;
  llvm::BasicBlock* body_;
  llvm::BasicBlock* exit_;
  llvm::PHINode* exit_code_;
  llvm::DISubprogram* debug_scope_;
  llvm::DebugLoc function_line_;
  std::vector<std::function<void()>> exit_hooks_;
  std::map<NodeId, llvm::AllocaInst*> row_counts_;
  llvm::AllocaInst* result_slot_ = nullptr;
  llvm::AllocaInst* operand_slots_[2] = {nullptr, nullptr};
  std::map<std::string, FailExit, std::less<>> fail_exits_;  // by the raising function; "": nothing to raise
  std::map<std::pair<size_t, uint32_t>, llvm::Value*> state_pointers_;
  std::map<NodeId, unsigned> own_copies_;
  bool uses_scratch_ = false;
  bool may_stop_early_ = false;
};

}  // namespace sluice::codegen
