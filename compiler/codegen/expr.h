// Expressions: lang/graph/expr.h to instructions. One function per ExprKind in emit_expr.cpp, the intrinsics by family
// in emit_arithmetic.cpp, emit_comparison.cpp and emit_text.cpp.
#pragma once

#include <map>
#include <string>

#include "compiler/codegen/function_emitter.h"
#include "compiler/codegen/value.h"
#include "lang/graph/expr.h"

namespace sluice::codegen {

// What names in an expression stand for.
struct Scope {
  const Row* row = nullptr;                          // Column
  std::map<std::string, Value, std::less<>> locals;  // Local
};

[[nodiscard]] Value emit_expr(FunctionEmitter& f, const Expr& expr, const Scope& scope);

// An operand as its error shows it. Of a long one nobody wants to read, and the texts of all operands of a chain would
// grow with the square of its length.
[[nodiscard]] std::string operand_text(const Expr& expr);

// The intrinsics: arguments are already evaluated. Only strict ones; And, Or, Coalesce are control flow (emit_expr).
[[nodiscard]] Value emit_arithmetic(FunctionEmitter& f, const Expr& expr, const std::vector<Value>& args);
[[nodiscard]] Value emit_conversion(FunctionEmitter& f, const Expr& expr, const std::vector<Value>& args);
[[nodiscard]] Value emit_concat(FunctionEmitter& f, const Expr& expr, const std::vector<Value>& args);
[[nodiscard]] Value emit_kernel_call(FunctionEmitter& f, const Expr& expr, const std::vector<Value>& args);

// i1: are they equal (null equals null)?
[[nodiscard]] llvm::Value* emit_equal(FunctionEmitter& f, const Value& a, const Value& b);
// A value as it is kept as a key, and whether two of those are the same: NaN is one value, and -0.0 is 0.0, so that a
// group shows the same key whichever of its rows came first.
[[nodiscard]] Value emit_key(FunctionEmitter& f, Value value);
[[nodiscard]] llvm::Value* emit_same_key(FunctionEmitter& f, const Value& a, const Value& b);
// i32 below, equal to or above zero: the total order of sorting. Null comes first, NaN last, text by bytes.
[[nodiscard]] llvm::Value* emit_compare(FunctionEmitter& f, const Value& a, const Value& b);
// The order of -0.0 and 0.0 in values that emit_compare finds equal.
[[nodiscard]] llvm::Value* emit_compare_zeros(FunctionEmitter& f, const Value& a, const Value& b);
// i1 for Lt, Le, Gt, Ge on present values of one type.
[[nodiscard]] llvm::Value* emit_order(FunctionEmitter& f, ExprOp op, const Value& a, const Value& b);
// A string as two words: its bytes, zeros behind them, when it has at most kShortText; else its hash and its address.
// Together with the size that is enough to tell short strings apart without following a pointer.
constexpr uint64_t kShortText = 16;
struct TextWords {
  llvm::Value* low = nullptr;
  llvm::Value* high = nullptr;
};
// i64 hash, equal for equal values, the same in every process. `texts`, when given, receives the words of the values
// that are strings (by position), which hashing has computed anyway.
[[nodiscard]] llvm::Value* emit_hash(FunctionEmitter& f, const std::vector<Value>& values,
                                     std::vector<TextWords>* texts = nullptr);
// The hash by which tables find the group of keys and exchanges send it to its task. A window among other keys changes
// only the lower half, and that only by its length: tables hold windows of one end, and so groups come in nearly the
// same order in all windows, and putting what one table gives out into another is a walk along it.
[[nodiscard]] llvm::Value* emit_group_hash(FunctionEmitter& f, std::vector<Value> keys,
                                           std::vector<TextWords>* texts = nullptr);
[[nodiscard]] llvm::Value* emit_is_short(FunctionEmitter& f, llvm::Value* size);

// Conjunction of the presence of the values; null when all are always present.
[[nodiscard]] llvm::Value* all_present(FunctionEmitter& f, const std::vector<Value>& values);

}  // namespace sluice::codegen
