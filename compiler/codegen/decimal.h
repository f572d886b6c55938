// Code for decimals (emit_decimal.cpp).
#pragma once

#include "compiler/codegen/expr.h"

namespace sluice::codegen {

// As the runtime functions take a decimal.
struct Halves {
  llvm::Value* low;
  llvm::Value* high;
};
[[nodiscard]] Halves halves_of(FunctionEmitter& f, llvm::Value* decimal);
[[nodiscard]] llvm::Value* decimal_constant(FunctionEmitter& f, const Decimal& value);
// An operand as rt_raise takes it: its bits, or the address of a decimal, which is written to memory here.
[[nodiscard]] llvm::Value* error_bits(FunctionEmitter& f, const Value& value, size_t position);

// Arguments are evaluated and, where one scale is wanted, have it.
[[nodiscard]] llvm::Value* emit_decimal_arithmetic(FunctionEmitter& f, const Expr& expr, llvm::Value* present,
                                                   const std::vector<Value>& args);
[[nodiscard]] llvm::Value* emit_to_decimal(FunctionEmitter& f, const Expr& expr, const std::vector<Value>& args);
[[nodiscard]] Value emit_parse_decimal(FunctionEmitter& f, const Expr& expr, const Value& text);
[[nodiscard]] llvm::Value* emit_decimal_to_float(FunctionEmitter& f, const Value& value);
[[nodiscard]] llvm::Value* emit_decimal_to_int(FunctionEmitter& f, const Expr& expr, const std::vector<Value>& args);

}  // namespace sluice::codegen
