// Decimals are i128 in registers, the number without its point. Sums and products that fit by their types are plain
// instructions; what needs more than 128 bits on the way, and all division, is a call by halves.
#include <llvm/IR/Intrinsics.h>

#include "compiler/codegen/decimal.h"
#include "lang/graph/graph_text.h"
#include "lang/support/decimal.h"
#include "lang/support/invariant.h"

namespace sluice::codegen {

namespace {

llvm::ConstantInt* int128(FunctionEmitter& f, Int128 value) {
  const uint64_t words[] = {static_cast<uint64_t>(low_half(value)), static_cast<uint64_t>(high_half(value))};
  return llvm::ConstantInt::get(f.stage.llvm, llvm::APInt(128, words));
}

llvm::Value* is_false(FunctionEmitter& f, llvm::Value* flag) {
  return f.b.CreateICmpEQ(flag, llvm::ConstantInt::get(f.stage.i8, 0));
}

std::string_view result_word(ExprOp op) {
  if (op == ExprOp::Add) return "sum";
  if (op == ExprOp::Sub) return "difference";
  if (op == ExprOp::Mul) return "product";
  return op == ExprOp::Div || op == ExprOp::IntDiv ? "quotient" : "number";
}

// Raises `code` when `bad` holds and the arguments are there. Decimals are shown from memory, which is written only
// then.
void check(FunctionEmitter& f, const Expr& expr, std::string_view code, llvm::Value* bad, llvm::Value* present,
           const std::vector<Value>& args) {
  if (present) bad = f.b.CreateAnd(bad, present);
  std::vector<std::string> operands{"", "", "this"};
  std::vector<Type> types{Type(), Type(), expr.type};
  for (size_t i = 0; i < expr.args.size(); ++i) {
    operands[i] = operand_text(expr.args[i]);
    types[i] = expr.args[i].type.as_nullable(false);
  }
  operands[2] = result_word(expr.op);
  const uint32_t site = f.stage.error_site(code, expr.span, f.node, std::move(operands), std::move(types));
  f.if_then(
      bad,
      [&] {
        llvm::Value* bits[] = {f.int64(0), f.int64(0)};
        for (size_t i = 0; i < args.size(); ++i) bits[i] = error_bits(f, args[i], i);
        f.fail_if(f.boolean(true), "rt_raise", {f.int32(site), bits[0], bits[1]});
      },
      true);
}

llvm::Value* beyond(FunctionEmitter& f, llvm::Value* value, uint32_t precision) {
  auto* limit = int128(f, power_of_ten(precision));
  return f.b.CreateOr(f.b.CreateICmpSGE(value, limit), f.b.CreateICmpSLE(value, int128(f, -power_of_ten(precision))));
}

// What a call wrote, when its result fits.
llvm::Value* checked_result(FunctionEmitter& f, const Expr& expr, llvm::Value* fits, llvm::Value* present,
                            const std::vector<Value>& args) {
  check(f, expr, "R0105", is_false(f, fits), present, args);
  return f.load(f.stage.i128, f.result_slot());
}

llvm::Value* sum(FunctionEmitter& f, const Expr& expr, llvm::Value* present, const std::vector<Value>& args) {
  auto* left = args[0].data;
  auto* right = args[1].data;
  const bool is_add = expr.op == ExprOp::Add;
  if (!can_fail_itself(expr)) return is_add ? f.b.CreateAdd(left, right) : f.b.CreateSub(left, right);
  // Two numbers below 10^38 add up to more than 127 bits at most.
  const auto intrinsic = is_add ? llvm::Intrinsic::sadd_with_overflow : llvm::Intrinsic::ssub_with_overflow;
  auto* pair = f.b.CreateBinaryIntrinsic(intrinsic, left, right);
  auto* result = f.b.CreateExtractValue(pair, 0);
  auto* overflows = f.b.CreateOr(f.b.CreateExtractValue(pair, 1), beyond(f, result, expr.type.precision));
  check(f, expr, "R0105", overflows, present, args);
  return result;
}

llvm::Value* product(FunctionEmitter& f, const Expr& expr, llvm::Value* present, const std::vector<Value>& args) {
  const int dropped = args[0].type.scale + args[1].type.scale - expr.type.scale;
  if (dropped == 0 && !can_fail_itself(expr)) return f.b.CreateMul(args[0].data, args[1].data);
  const Halves a = halves_of(f, args[0].data);
  const Halves b = halves_of(f, args[1].data);
  auto* fits = f.call("rt_decimal_multiply", {a.low, a.high, b.low, b.high, f.int32(static_cast<uint32_t>(dropped)),
                                              f.int32(expr.type.precision), f.result_slot()});
  return checked_result(f, expr, fits, present, args);
}

void check_divisor(FunctionEmitter& f, const Expr& expr, llvm::Value* present, const std::vector<Value>& args) {
  auto* divisor = args[1].data;
  check(f, expr, "R0102", f.b.CreateICmpEQ(divisor, llvm::ConstantInt::get(divisor->getType(), 0)), present, args);
}

llvm::Value* quotient(FunctionEmitter& f, const Expr& expr, llvm::Value* present, const std::vector<Value>& args) {
  check_divisor(f, expr, present, args);
  const int shift = expr.type.scale - args[0].type.scale + args[1].type.scale;
  const Halves a = halves_of(f, args[0].data);
  const Halves b = halves_of(f, args[1].data);
  auto* fits = f.call("rt_decimal_divide", {a.low, a.high, b.low, b.high, f.int32(static_cast<uint32_t>(shift)),
                                            f.int32(expr.type.precision), f.result_slot()});
  return checked_result(f, expr, fits, present, args);
}

llvm::Value* floor_quotient(FunctionEmitter& f, const Expr& expr, llvm::Value* present,
                            const std::vector<Value>& args) {
  check_divisor(f, expr, present, args);
  const Halves a = halves_of(f, args[0].data);
  const Halves b = halves_of(f, args[1].data);
  auto* wants_remainder = llvm::ConstantInt::get(f.stage.i8, expr.op == ExprOp::Mod ? 1 : 0);
  f.call("rt_decimal_floor_divide", {a.low, a.high, b.low, b.high, wants_remainder, f.result_slot()});
  auto* result = f.load(f.stage.i128, f.result_slot());
  if (expr.type.precision < kMaxDecimalDigits) return result;
  check(f, expr, "R0105", beyond(f, result, expr.type.precision), present, args);
  return result;
}

// int or decimal with another precision or more digits behind the point; fewer are a call.
llvm::Value* scaled(FunctionEmitter& f, const Expr& expr, const Value& arg, const std::vector<Value>& args) {
  const bool is_int = arg.type.kind == TypeKind::Int;
  auto* value = is_int ? f.b.CreateSExt(arg.data, f.stage.i128) : arg.data;
  const uint32_t from = is_int ? 0 : arg.type.scale;
  const uint32_t to = expr.type.scale;
  const uint32_t precision = expr.type.precision;
  if (from > to) {
    const Halves halves = halves_of(f, value);
    auto* fits = f.call("rt_decimal_rescale",
                        {halves.low, halves.high, f.int32(from), f.int32(to), f.int32(precision), f.result_slot()});
    return checked_result(f, expr, fits, arg.present, args);
  }
  const uint32_t added = to - from;
  // It fits when it has room before the point is moved.
  if (can_fail_itself(expr))
    check(f, expr, "R0105",
          precision < added ? f.b.CreateICmpNE(value, int128(f, 0)) : beyond(f, value, precision - added), arg.present,
          args);
  return added == 0 ? value : f.b.CreateMul(value, int128(f, power_of_ten(added)));
}

}  // namespace

Halves halves_of(FunctionEmitter& f, llvm::Value* decimal) {
  return {f.b.CreateTrunc(decimal, f.stage.i64), f.b.CreateTrunc(f.b.CreateLShr(decimal, 64), f.stage.i64)};
}

llvm::Value* decimal_constant(FunctionEmitter& f, const Decimal& value) { return int128(f, value.unscaled); }

llvm::Value* error_bits(FunctionEmitter& f, const Value& value, size_t position) {
  if (value.type.kind == TypeKind::Float) return f.b.CreateBitCast(value.data, f.stage.i64);
  if (value.type.kind != TypeKind::Decimal) return value.size ? f.int64(0) : value.data;
  auto* slot = f.operand_slot(position);
  f.store(value.data, slot);
  return f.b.CreatePtrToInt(slot, f.stage.i64);
}

llvm::Value* emit_decimal_arithmetic(FunctionEmitter& f, const Expr& expr, llvm::Value* present,
                                     const std::vector<Value>& args) {
  switch (expr.op) {
    case ExprOp::Add:
    case ExprOp::Sub:
      return sum(f, expr, present, args);
    case ExprOp::Mul:
      return product(f, expr, present, args);
    case ExprOp::Div:
      return quotient(f, expr, present, args);
    case ExprOp::IntDiv:
    case ExprOp::Mod:
      return floor_quotient(f, expr, present, args);
    case ExprOp::Neg:
      return f.b.CreateNeg(args[0].data);
    default:
      SLUICE_INVARIANT(false, "not an operation on decimals: " + write_expr(expr, true));
  }
}

llvm::Value* emit_to_decimal(FunctionEmitter& f, const Expr& expr, const std::vector<Value>& args) {
  if (args[0].type.kind != TypeKind::Float) return scaled(f, expr, args[0], args);
  auto* fits = f.call("rt_decimal_of_float",
                      {args[0].data, f.int32(expr.type.scale), f.int32(expr.type.precision), f.result_slot()});
  return checked_result(f, expr, fits, args[0].present, args);
}

Value emit_parse_decimal(FunctionEmitter& f, const Expr& expr, const Value& text) {
  auto* is_valid = f.call("rt_parse_decimal", {text.data, text.size, f.result_slot(), f.int32(expr.type.precision),
                                               f.int32(expr.type.scale)});
  Value result;
  result.type = expr.type;
  result.data = f.load(f.stage.i128, f.result_slot());
  result.present = f.b.CreateNot(is_false(f, is_valid));
  if (text.present) result.present = f.b.CreateAnd(result.present, text.present);
  return result;
}

llvm::Value* emit_decimal_to_float(FunctionEmitter& f, const Value& value) {
  const Halves halves = halves_of(f, value.data);
  return f.call("rt_float_of_decimal", {halves.low, halves.high, f.int32(value.type.scale)});
}

llvm::Value* emit_decimal_to_int(FunctionEmitter& f, const Expr& expr, const std::vector<Value>& args) {
  const Halves halves = halves_of(f, args[0].data);
  auto* fits = f.call("rt_int_of_decimal", {halves.low, halves.high, f.int32(args[0].type.scale), f.result_slot()});
  check(f, expr, "R0103", is_false(f, fits), args[0].present, args);
  return f.load(f.stage.i64, f.result_slot());
}

}  // namespace sluice::codegen
