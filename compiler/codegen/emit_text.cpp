// Concatenation and calls of kernels (stdlib/functions.def).
#include "compiler/codegen/expr.h"
#include "compiler/codegen/memory.h"
#include "lang/support/invariant.h"

namespace sluice::codegen {

Value emit_concat(FunctionEmitter& f, const Expr& expr, const std::vector<Value>& args) {
  Value result;
  result.type = expr.type;
  result.present = all_present(f, args);
  if (expr.type.nullable && result.present == nullptr) result.present = f.boolean(true);
  llvm::Value* total = f.int64(0);
  for (const auto& arg : args) total = f.b.CreateAdd(total, arg.size);
  result.size = total;
  result.data = f.scratch(total);
  llvm::Value* at = result.data;
  for (const auto& arg : args) {
    f.copy(at, arg.data, arg.size);
    at = f.offset(at, arg.size);
  }
  return result;
}

namespace {

llvm::Type* kernel_type(const StageContext& stage, const Type& type) {
  switch (type.kind) {
    case TypeKind::Bool:
      return stage.i8;
    case TypeKind::Float:
      return stage.f64;
    case TypeKind::String:
    case TypeKind::List:
      return stage.ptr;
    case TypeKind::Null:
    case TypeKind::Int:
    case TypeKind::Timestamp:
    case TypeKind::Duration:
    case TypeKind::Date:
      return stage.i64;
    default:
      SLUICE_INVARIANT(false, "values of type " + type.to_string() + " are not compiled");
  }
}

bool is_by_address(const Type& type) {
  return type.nullable || type.kind == TypeKind::String || type.kind == TypeKind::List;
}

// The call itself, arguments present; see runtime/abi/kernel_abi.h.
Value call_kernel(FunctionEmitter& f, const Expr& expr, const Type& kernel_result, const std::vector<Value>& args) {
  std::vector<llvm::Value*> arguments{f.context()};
  llvm::Value* result_slot = nullptr;
  if (is_by_address(kernel_result)) {
    result_slot = f.result_slot();
    arguments.push_back(result_slot);
  }
  for (const auto& arg : args) {
    arguments.push_back(arg.type.kind == TypeKind::Bool ? f.b.CreateZExt(arg.data, f.stage.i8) : arg.data);
    if (arg.size) arguments.push_back(arg.size);
  }
  std::vector<llvm::Type*> types;
  for (auto* argument : arguments) types.push_back(argument->getType());
  llvm::Type* result_type = kernel_result.nullable         ? f.stage.i8
                            : is_by_address(kernel_result) ? f.stage.void_type
                                                           : kernel_type(f.stage, kernel_result);
  auto callee = f.stage.library(expr.overload, llvm::FunctionType::get(result_type, types, false));
  llvm::cast<llvm::Function>(callee.getCallee())->setDoesNotThrow();
  auto* returned = f.b.CreateCall(callee, arguments);
  Value result;
  result.type = kernel_result;
  if (kernel_result.nullable) result.present = f.b.CreateICmpNE(returned, llvm::ConstantInt::get(f.stage.i8, 0));
  if (!is_by_address(kernel_result)) {
    result.data = returned;
  } else {
    result.data = f.load(kernel_type(f.stage, kernel_result), result_slot);
    if (kernel_result.kind == TypeKind::String || kernel_result.kind == TypeKind::List)
      result.size = f.load(f.stage.i64, result_slot, 8);
  }
  if (kernel_result.kind == TypeKind::Bool)
    result.data = f.b.CreateICmpNE(result.data, llvm::ConstantInt::get(f.stage.i8, 0));
  return result;
}

}  // namespace

Value emit_kernel_call(FunctionEmitter& f, const Expr& expr, const std::vector<Value>& args) {
  const FunctionOverload* overload = nullptr;
  for (const auto* candidate : standard_functions().find(expr.name))
    if (candidate->symbol == expr.overload) overload = candidate;
  SLUICE_INVARIANT(overload != nullptr, "no kernel " + expr.overload + " for " + expr.name);
  auto* present = all_present(f, args);
  const auto called = [&] {
    Value result = call_kernel(f, expr, overload->result, args);
    if (overload->can_fail) f.fail_if_raised(expr.span);
    if (expr.type.nullable && result.present == nullptr) result.present = f.boolean(true);
    // The kernel leaves its result untouched when it is null; downstream relies on the size being zero then.
    if (result.size && result.present) result.size = f.b.CreateSelect(result.present, result.size, f.int64(0));
    result.type = expr.type;
    return result;
  };
  if (present == nullptr) return called();
  return f.if_else(present, expr.type, called, [&] { return null_value(f, expr.type); });
}

}  // namespace sluice::codegen
