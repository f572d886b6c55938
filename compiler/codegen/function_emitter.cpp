#include "compiler/codegen/function_emitter.h"

#include <llvm/IR/InlineAsm.h>
#include <llvm/IR/MDBuilder.h>
#include <llvm/IR/Verifier.h>
#include <llvm/Support/raw_ostream.h>

#include <optional>

#include "lang/support/invariant.h"

namespace sluice::codegen {

FunctionEmitter::FunctionEmitter(StageContext& owner, const std::string& name, size_t pointer_arguments,
                                 const Span& span)
    : stage(owner), b(owner.llvm) {
  std::vector<llvm::Type*> arguments(1 + pointer_arguments, stage.ptr);
  function = llvm::Function::Create(llvm::FunctionType::get(stage.i32, arguments, false),
                                    llvm::Function::ExternalLinkage, name, *stage.module);
  function->setDoesNotThrow();
  function->addFnAttr("frame-pointer", "all");
  debug_scope_ = stage.debug_function(function, span);
  entry_ = llvm::BasicBlock::Create(stage.llvm, "entry", function);
  body_ = llvm::BasicBlock::Create(stage.llvm, "body", function);
  exit_ = llvm::BasicBlock::Create(stage.llvm, "exit", function);
  b.SetInsertPoint(entry_);
  function_line_ = stage.debug_location(span, debug_scope_);
  b.SetCurrentDebugLocation(function_line_);
  b.CreateBr(body_);
  b.SetInsertPoint(exit_);
  exit_code_ = b.CreatePHI(stage.i32, 4, "code");
  b.SetInsertPoint(body_);
}

llvm::AllocaInst* FunctionEmitter::slot(llvm::Type* type, const char* name) {
  llvm::IRBuilder<> builder(entry_, entry_->begin());
  return builder.CreateAlloca(type, nullptr, name);
}

llvm::AllocaInst* FunctionEmitter::result_slot() {
  if (result_slot_ == nullptr) result_slot_ = slot(llvm::ArrayType::get(stage.i64, 2), "result");
  return result_slot_;
}

llvm::AllocaInst* FunctionEmitter::operand_slot(size_t position) {
  auto*& operand = operand_slots_[position];
  if (operand == nullptr) operand = slot(llvm::ArrayType::get(stage.i64, 2), "operand");
  return operand;
}

llvm::Value* FunctionEmitter::memory(uint64_t bytes) {
  auto* place = slot(llvm::ArrayType::get(stage.i8, bytes), "memory");
  place->setAlignment(llvm::Align(16));
  // An instruction that is none, but might keep the address.
  auto* type = llvm::FunctionType::get(stage.void_type, {stage.ptr}, false);
  hoist([&](llvm::IRBuilder<>& builder) -> llvm::Value* {
    return builder.CreateCall(type, llvm::InlineAsm::get(type, "", "r,~{memory}", true), {place});
  });
  return place;
}

llvm::Value* FunctionEmitter::hoist(const std::function<llvm::Value*(llvm::IRBuilder<>&)>& emit) {
  llvm::IRBuilder<> builder(entry_->getTerminator());
  builder.SetCurrentDebugLocation(entry_->getTerminator()->getDebugLoc());
  return emit(builder);
}

void FunctionEmitter::enter_node(NodeId at_work) {
  if (!stage.is_profiled) return;
  auto* place = b.CreateConstGEP1_64(stage.i8, context(), offsetof(abi::TaskContext, current_node));
  b.CreateStore(int32(at_work.value + 1), place, /*isVolatile=*/true);
}

// In a register, which is added to the task's count at the end of the unit.
void FunctionEmitter::count_row(NodeId of) {
  if (!stage.is_profiled) return;
  auto*& count = row_counts_[of];
  if (count == nullptr) {
    count = slot(stage.i64, "rows");
    hoist([&](llvm::IRBuilder<>& builder) -> llvm::Value* { return builder.CreateStore(int64(0), count); });
    at_exit([this, of, place = count] {
      auto* counts =
          b.CreateLoad(stage.ptr, b.CreateConstGEP1_64(stage.i8, context(), offsetof(abi::TaskContext, node_rows)));
      auto* total = b.CreateConstGEP1_64(stage.i64, counts, of.value);
      b.CreateStore(b.CreateAdd(b.CreateLoad(stage.i64, total), b.CreateLoad(stage.i64, place)), total);
    });
  }
  b.CreateStore(b.CreateAdd(b.CreateLoad(stage.i64, count), int64(1)), count);
}

llvm::BasicBlock* FunctionEmitter::block(const char* name) {
  return llvm::BasicBlock::Create(stage.llvm, name, function);
}

void FunctionEmitter::set_span(const Span& span) {
  if (span.is_valid()) b.SetCurrentDebugLocation(stage.debug_location(span, debug_scope_));
}

llvm::Value* FunctionEmitter::offset(llvm::Value* pointer, uint64_t bytes) {
  return bytes == 0 ? pointer : offset(pointer, int64(bytes));
}

llvm::Value* FunctionEmitter::offset(llvm::Value* pointer, llvm::Value* bytes) {
  return b.CreateGEP(stage.i8, pointer, bytes);
}

llvm::LoadInst* FunctionEmitter::load(llvm::Type* type, llvm::Value* pointer, uint64_t bytes) {
  return b.CreateAlignedLoad(type, offset(pointer, bytes), llvm::Align(1));
}

void FunctionEmitter::store(llvm::Value* value, llvm::Value* pointer, uint64_t bytes) {
  b.CreateAlignedStore(value, offset(pointer, bytes), llvm::Align(1));
}

void FunctionEmitter::copy(llvm::Value* to, llvm::Value* from, llvm::Value* size) {
  b.CreateMemCpy(to, llvm::MaybeAlign(1), from, llvm::MaybeAlign(1), size);
}

llvm::CallInst* FunctionEmitter::call(std::string_view name, std::initializer_list<llvm::Value*> arguments) {
  auto callee = stage.runtime(name);
  SLUICE_INVARIANT(callee.getFunctionType()->getNumParams() == arguments.size(), std::string(name));
  return b.CreateCall(callee, llvm::ArrayRef<llvm::Value*>(arguments.begin(), arguments.size()));
}

namespace {

// What a condition is that is already known; of a branch on it only the part that runs is emitted.
std::optional<bool> known(llvm::Value* condition) {
  const auto* constant = llvm::dyn_cast<llvm::ConstantInt>(condition);
  if (constant == nullptr) return std::nullopt;
  return !constant->isZero();
}

}  // namespace

void FunctionEmitter::if_then(llvm::Value* condition, const std::function<void()>& then_part, bool is_unlikely) {
  if (const auto value = known(condition)) {
    if (*value) then_part();
    return;
  }
  auto* then_block = block("then");
  auto* after = block("after");
  auto* weights = is_unlikely ? llvm::MDBuilder(stage.llvm).createBranchWeights(1, 1 << 16) : nullptr;
  b.CreateCondBr(condition, then_block, after, weights);
  begin(then_block);
  then_part();
  b.CreateBr(after);
  begin(after);
}

Value FunctionEmitter::if_else(llvm::Value* condition, const Type& type, const std::function<Value()>& then_part,
                               const std::function<Value()>& else_part) {
  if (const auto value = known(condition)) {
    std::vector<llvm::Value*> values;
    flatten(*value ? then_part() : else_part(), values);
    llvm::Value* const* parts = values.data();
    return unflatten(type, parts);
  }
  auto* then_block = block("then");
  auto* else_block = block("else");
  auto* after = block("after");
  b.CreateCondBr(condition, then_block, else_block);
  std::vector<llvm::Value*> then_values;
  std::vector<llvm::Value*> else_values;
  begin(then_block);
  flatten(then_part(), then_values);
  auto* then_end = b.GetInsertBlock();
  b.CreateBr(after);
  begin(else_block);
  flatten(else_part(), else_values);
  auto* else_end = b.GetInsertBlock();
  b.CreateBr(after);
  begin(after);
  SLUICE_INVARIANT(then_values.size() == else_values.size(),
                   "both parts of an if must have the type " + type.to_string());
  std::vector<llvm::Value*> merged;
  for (size_t i = 0; i < then_values.size(); ++i) {
    auto* phi = b.CreatePHI(then_values[i]->getType(), 2);
    phi->addIncoming(then_values[i], then_end);
    phi->addIncoming(else_values[i], else_end);
    merged.push_back(phi);
  }
  llvm::Value* const* parts = merged.data();
  return unflatten(type, parts);
}

llvm::Value* FunctionEmitter::if_else(llvm::Value* condition, llvm::Type* type,
                                      const std::function<llvm::Value*()>& then_part,
                                      const std::function<llvm::Value*()>& else_part) {
  if (const auto value = known(condition)) return *value ? then_part() : else_part();
  auto* then_block = block("then");
  auto* else_block = block("else");
  auto* after = block("after");
  b.CreateCondBr(condition, then_block, else_block);
  begin(then_block);
  auto* then_value = then_part();
  auto* then_end = b.GetInsertBlock();
  b.CreateBr(after);
  begin(else_block);
  auto* else_value = else_part();
  auto* else_end = b.GetInsertBlock();
  b.CreateBr(after);
  begin(after);
  auto* phi = b.CreatePHI(type, 2);
  phi->addIncoming(then_value, then_end);
  phi->addIncoming(else_value, else_end);
  return phi;
}

void FunctionEmitter::loop(llvm::Value* from, llvm::Value* to, const char* name,
                           const std::function<void(llvm::Value*)>& body) {
  auto* before = b.GetInsertBlock();
  auto* head = block(name);
  auto* inside = block("inside");
  auto* after = block("after");
  b.CreateBr(head);
  begin(head);
  auto* index = b.CreatePHI(stage.i64, 2, "i");
  index->addIncoming(from, before);
  b.CreateCondBr(b.CreateICmpULT(index, to), inside, after);
  begin(inside);
  body(index);
  index->addIncoming(b.CreateNUWAdd(index, int64(1)), b.GetInsertBlock());
  b.CreateBr(head);
  begin(after);
}

void FunctionEmitter::loop_in_parts(llvm::Value* count, uint64_t size, const char* name,
                                    const std::function<void(llvm::Value*, llvm::Value*)>& body) {
  auto* parts = b.CreateUDiv(b.CreateAdd(count, int64(size - 1)), int64(size));
  loop(int64(0), parts, name, [&](llvm::Value* part) {
    auto* from = b.CreateMul(part, int64(size));
    body(from, b.CreateBinaryIntrinsic(llvm::Intrinsic::umin, b.CreateAdd(from, int64(size)), count));
  });
}

void FunctionEmitter::return_if(llvm::Value* code, abi::Code ending) {
  auto* ends = block("ends");
  auto* goes_on = block("goes_on");
  b.CreateCondBr(b.CreateICmpEQ(code, int32(static_cast<uint32_t>(ending))), ends, goes_on);
  begin(ends);
  return_code(ending);
  begin(goes_on);
}

void FunctionEmitter::return_code(abi::Code code) {
  if (code == abi::Code::Failed) {
    b.CreateBr(fail_exit("", {}).block);
    return;
  }
  exit_code_->addIncoming(int32(static_cast<uint32_t>(code)), b.GetInsertBlock());
  b.CreateBr(exit_);
}

FunctionEmitter::FailExit& FunctionEmitter::fail_exit(std::string_view raise,
                                                      std::initializer_list<llvm::Value*> arguments) {
  if (const auto found = fail_exits_.find(raise); found != fail_exits_.end()) return found->second;
  FailExit exit{block("fail"), {}};
  llvm::IRBuilder<> builder(exit.block);
  builder.SetCurrentDebugLocation(function_line_);
  for (auto* argument : arguments) exit.arguments.push_back(builder.CreatePHI(argument->getType(), 2));
  return fail_exits_.emplace(std::string(raise), std::move(exit)).first->second;
}

void FunctionEmitter::write_fail_exits() {
  b.SetCurrentDebugLocation(function_line_);
  for (const auto& [raise, exit] : fail_exits_) {
    exit.block->moveAfter(&function->back());
    begin(exit.block);
    if (!raise.empty()) {
      std::vector<llvm::Value*> arguments{context()};
      arguments.insert(arguments.end(), exit.arguments.begin(), exit.arguments.end());
      b.CreateCall(stage.runtime(raise), arguments);
    }
    b.CreateRet(int32(static_cast<uint32_t>(abi::Code::Failed)));
  }
}

void FunctionEmitter::fail_if(llvm::Value* condition, std::string_view raise,
                              std::initializer_list<llvm::Value*> arguments) {
  if (const auto* constant = llvm::dyn_cast<llvm::ConstantInt>(condition); constant && constant->isZero()) return;
  const FailExit& exit = fail_exit(raise, arguments);
  SLUICE_INVARIANT(exit.arguments.size() == arguments.size(), std::string(raise));
  for (size_t i = 0; i < arguments.size(); ++i)
    exit.arguments[i]->addIncoming(arguments.begin()[i], b.GetInsertBlock());
  auto* after = block("after");
  b.CreateCondBr(condition, exit.block, after, llvm::MDBuilder(stage.llvm).createBranchWeights(1, 1 << 20));
  begin(after);
}

void FunctionEmitter::fail_if_raised(const Span& span) {
  auto* failed = load(stage.i8, context(), offsetof(abi::TaskContext, failed));
  // The kernel has left its message with the runtime (raise_text); the site says where in the program it belongs.
  const uint32_t site = stage.error_site("R0104", span, node);
  fail_if(b.CreateICmpNE(failed, llvm::ConstantInt::get(stage.i8, 0)), "rt_raise", {int32(site), int64(0), int64(0)});
}

llvm::Value* FunctionEmitter::state_pointer(size_t array_offset, uint32_t index) {
  auto& pointer = state_pointers_[{array_offset, index}];
  if (pointer == nullptr) {
    pointer = hoist([&](llvm::IRBuilder<>& builder) -> llvm::Value* {
      auto* array = builder.CreateLoad(stage.ptr, builder.CreateConstGEP1_64(stage.i8, context(), array_offset));
      return builder.CreateLoad(stage.ptr, builder.CreateConstGEP1_64(stage.ptr, array, index), "state");
    });
  }
  return pointer;
}

llvm::Value* FunctionEmitter::scratch(llvm::Value* size) {
  uses_scratch_ = true;
  return call("rt_scratch_alloc", {context(), size});
}

void FunctionEmitter::reset_scratch() {
  // Always: kernels may have used it too. Two instructions per row on a line that is in the cache anyway.
  auto* first = load(stage.ptr, context(), offsetof(abi::TaskContext, scratch_begin));
  store(first, context(), offsetof(abi::TaskContext, scratch));
}

void FunctionEmitter::finish(abi::Code code) { finish_with(int32(static_cast<uint32_t>(code))); }

void FunctionEmitter::finish_with(llvm::Value* code) {
  exit_code_->addIncoming(code, b.GetInsertBlock());
  b.CreateBr(exit_);
  begin(exit_);
  for (const auto& hook : exit_hooks_) hook();
  b.CreateRet(exit_code_);
  write_fail_exits();
  std::string problem;
  llvm::raw_string_ostream stream(problem);
  if (llvm::verifyFunction(*function, &stream)) {
    function->print(stream);
    SLUICE_INVARIANT(false, "generated code is malformed: " + problem);
  }
}

}  // namespace sluice::codegen
