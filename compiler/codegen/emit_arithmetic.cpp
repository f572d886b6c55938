// Arithmetic is exact: what does not fit an int raises a row error; nulls pass through without raising.
#include <llvm/IR/Intrinsics.h>

#include <algorithm>

#include "compiler/codegen/decimal.h"
#include "compiler/codegen/expr.h"
#include "compiler/codegen/memory.h"
#include "lang/graph/graph_text.h"
#include "lang/support/civil_time.h"
#include "lang/support/invariant.h"

namespace sluice::codegen {

namespace {

bool is_short(const Expr& expr, int& budget) {
  if (--budget < 0) return false;
  return std::ranges::all_of(expr.args, [&](const Expr& arg) { return is_short(arg, budget); });
}

// Raises `code` when `bad` holds and the arguments are there.
void check(FunctionEmitter& f, const Expr& expr, std::string_view code, llvm::Value* bad, llvm::Value* present,
           const std::vector<Value>& args) {
  if (present) bad = f.b.CreateAnd(bad, present);
  std::vector<std::string> operands;
  std::vector<Type> types;
  for (const auto& arg : expr.args) {
    operands.push_back(operand_text(arg));
    types.push_back(arg.type.as_nullable(false));
  }
  const uint32_t site = f.stage.error_site(code, expr.span, f.node, std::move(operands), std::move(types));
  const auto bits = [&](size_t i) -> llvm::Value* {
    if (i >= args.size()) return f.int64(0);
    return error_bits(f, args[i], i);
  };
  f.fail_if(bad, "rt_raise", {f.int32(site), bits(0), bits(1)});
}

llvm::Value* checked(FunctionEmitter& f, const Expr& expr, llvm::Intrinsic::ID intrinsic, llvm::Value* left,
                     llvm::Value* right, llvm::Value* present, const std::vector<Value>& args) {
  auto* pair = f.b.CreateBinaryIntrinsic(intrinsic, left, right);
  check(f, expr, "R0101", f.b.CreateExtractValue(pair, 1), present, args);
  return f.b.CreateExtractValue(pair, 0);
}

// Division rounds towards minus infinity, and the remainder has the sign of the divisor.
llvm::Value* floor_division(FunctionEmitter& f, const Expr& expr, llvm::Value* present,
                            const std::vector<Value>& args) {
  auto* left = args[0].data;
  auto* right = args[1].data;
  auto* zero = f.int64(0);
  check(f, expr, "R0102", f.b.CreateICmpEQ(right, zero), present, args);
  auto* minus_one = f.b.CreateICmpEQ(right, f.int64(~uint64_t{0}));
  const bool is_division = expr.op == ExprOp::IntDiv;
  if (is_division) {
    auto* smallest = f.b.CreateICmpEQ(left, f.int64(uint64_t{1} << 63));
    check(f, expr, "R0101", f.b.CreateAnd(minus_one, smallest), present, args);
  }
  // Where the result does not count (null) or is known (x % -1 = 0), divide by 1: the instruction must not trap.
  auto* unsafe = f.b.CreateOr(f.b.CreateICmpEQ(right, zero), minus_one);
  if (llvm::isa<llvm::ConstantInt>(right)) unsafe = f.boolean(llvm::cast<llvm::ConstantInt>(right)->isMinusOne());
  auto* divisor = f.b.CreateSelect(unsafe, f.int64(1), right);
  auto* remainder = f.b.CreateSRem(left, divisor);
  auto* has_other_sign = f.b.CreateICmpSLT(f.b.CreateXor(remainder, divisor), zero);
  auto* adjust = f.b.CreateAnd(f.b.CreateICmpNE(remainder, zero), has_other_sign);
  if (!is_division) return f.b.CreateSelect(adjust, f.b.CreateAdd(remainder, divisor), remainder);
  auto* quotient = f.b.CreateSub(f.b.CreateSDiv(left, divisor), f.b.CreateZExt(adjust, f.stage.i64));
  return f.b.CreateSelect(minus_one, f.b.CreateNeg(left), quotient);
}

llvm::Value* float_operation(FunctionEmitter& f, ExprOp op, const std::vector<Value>& args) {
  switch (op) {
    case ExprOp::Add:
      return f.b.CreateFAdd(args[0].data, args[1].data);
    case ExprOp::Sub:
      return f.b.CreateFSub(args[0].data, args[1].data);
    case ExprOp::Mul:
      return f.b.CreateFMul(args[0].data, args[1].data);
    case ExprOp::Div:
      return f.b.CreateFDiv(args[0].data, args[1].data);
    case ExprOp::IntDiv:
      return f.b.CreateUnaryIntrinsic(llvm::Intrinsic::floor, f.b.CreateFDiv(args[0].data, args[1].data));
    case ExprOp::Mod: {
      auto* remainder = f.b.CreateFRem(args[0].data, args[1].data);
      auto* zero = llvm::ConstantFP::get(f.stage.f64, 0.0);
      auto* has_other_sign = f.b.CreateXor(f.b.CreateFCmpOLT(remainder, zero), f.b.CreateFCmpOLT(args[1].data, zero));
      auto* adjust = f.b.CreateAnd(f.b.CreateFCmpONE(remainder, zero), has_other_sign);
      return f.b.CreateSelect(adjust, f.b.CreateFAdd(remainder, args[1].data), remainder);
    }
    case ExprOp::Neg:
      return f.b.CreateFNeg(args[0].data);
    default:
      SLUICE_INVARIANT(false, "not an arithmetic operation");
  }
}

llvm::Value* integer_operation(FunctionEmitter& f, const Expr& expr, llvm::Value* present,
                               const std::vector<Value>& args) {
  switch (expr.op) {
    case ExprOp::Add:
      return checked(f, expr, llvm::Intrinsic::sadd_with_overflow, args[0].data, args[1].data, present, args);
    case ExprOp::Sub:
      return checked(f, expr, llvm::Intrinsic::ssub_with_overflow, args[0].data, args[1].data, present, args);
    case ExprOp::Mul:
      return checked(f, expr, llvm::Intrinsic::smul_with_overflow, args[0].data, args[1].data, present, args);
    case ExprOp::Neg:
      return checked(f, expr, llvm::Intrinsic::ssub_with_overflow, f.int64(0), args[0].data, present, args);
    case ExprOp::IntDiv:
    case ExprOp::Mod:
      return floor_division(f, expr, present, args);
    default:
      SLUICE_INVARIANT(false, "not an integer operation: " + write_expr(expr, true));
  }
}

}  // namespace

std::string operand_text(const Expr& expr) {
  int budget = 40;
  return is_short(expr, budget) ? flow_text(expr) : "...";
}

Value emit_arithmetic(FunctionEmitter& f, const Expr& expr, const std::vector<Value>& args) {
  Value result;
  result.type = expr.type;
  result.present = all_present(f, args);
  const TypeKind kind = args[0].type.kind;
  result.data = kind == TypeKind::Float     ? float_operation(f, expr.op, args)
                : kind == TypeKind::Decimal ? emit_decimal_arithmetic(f, expr, result.present, args)
                                            : integer_operation(f, expr, result.present, args);
  if (expr.type.nullable && result.present == nullptr) result.present = f.boolean(true);
  return result;
}

namespace {

// Between numbers, and between days and times.
llvm::Value* converted_number(FunctionEmitter& f, const Expr& expr, const std::vector<Value>& args) {
  const Value& arg = args[0];
  const bool is_decimal = arg.type.kind == TypeKind::Decimal;
  if (expr.op == ExprOp::ToDecimal) return emit_to_decimal(f, expr, args);
  if (expr.op == ExprOp::ToFloat)
    return is_decimal ? emit_decimal_to_float(f, arg) : f.b.CreateSIToFP(arg.data, f.stage.f64);
  auto* day = f.int64(static_cast<uint64_t>(kMicrosPerDay));
  if (expr.op == ExprOp::ToTimestamp) return f.b.CreateMul(arg.data, day);
  if (expr.op == ExprOp::ToDate) {
    auto* is_before = f.b.CreateICmpSLT(f.b.CreateSRem(arg.data, day), f.int64(0));
    return f.b.CreateSub(f.b.CreateSDiv(arg.data, day), f.b.CreateZExt(is_before, f.stage.i64));
  }
  if (is_decimal) return emit_decimal_to_int(f, expr, args);
  auto* low = f.b.CreateFCmpOGE(arg.data, llvm::ConstantFP::get(f.stage.f64, -9223372036854775808.0));
  auto* high = f.b.CreateFCmpOLT(arg.data, llvm::ConstantFP::get(f.stage.f64, 9223372036854775808.0));
  auto* fits = f.b.CreateAnd(low, high);
  check(f, expr, "R0103", f.b.CreateNot(fits), arg.present, args);
  auto* safe = f.b.CreateSelect(fits, arg.data, llvm::ConstantFP::get(f.stage.f64, 0.0));
  return f.b.CreateFPToSI(safe, f.stage.i64);
}

}  // namespace

Value emit_conversion(FunctionEmitter& f, const Expr& expr, const std::vector<Value>& args) {
  const Value& arg = args[0];
  if (expr.op == ExprOp::ParseDecimal) return emit_parse_decimal(f, expr, arg);
  Value result;
  result.type = expr.type;
  result.present = arg.present;
  if (expr.type.nullable && result.present == nullptr) result.present = f.boolean(true);
  if (expr.op != ExprOp::ToText) {
    result.data = converted_number(f, expr, args);
    return result;
  }
  if (arg.type.kind == TypeKind::String) {
    result.data = arg.data;
    result.size = arg.size;
    return result;
  }
  auto* text = f.result_slot();
  llvm::Value* data = arg.type.kind == TypeKind::Bool ? f.b.CreateZExt(arg.data, f.stage.i8) : arg.data;
  std::string_view function;
  switch (arg.type.kind) {
    case TypeKind::Bool:
      function = "rt_text_bool";
      break;
    case TypeKind::Int:
      function = "rt_text_int";
      break;
    case TypeKind::Float:
      function = "rt_text_float";
      break;
    case TypeKind::Timestamp:
      function = "rt_text_timestamp";
      break;
    case TypeKind::Duration:
      function = "rt_text_duration";
      break;
    case TypeKind::Date:
      function = "rt_text_date";
      break;
    case TypeKind::Decimal: {
      const Halves halves = halves_of(f, data);
      f.call("rt_text_decimal", {f.context(), text, halves.low, halves.high, f.int32(arg.type.scale)});
      break;
    }
    default:
      SLUICE_INVARIANT(false, "no text of " + arg.type.to_string());
  }
  if (!function.empty()) f.call(function, {f.context(), text, data});
  result.data = f.load(f.stage.ptr, text);
  result.size = f.load(f.stage.i64, text, 8);
  return result;
}

}  // namespace sluice::codegen
