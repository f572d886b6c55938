#include <fmt/format.h>

#include "compiler/codegen/decimal.h"
#include "compiler/codegen/expr.h"
#include "compiler/codegen/memory.h"
#include "lang/graph/graph_text.h"
#include "lang/support/invariant.h"
#include "runtime/abi/kernel_abi.h"

namespace sluice::codegen {

namespace {

Value emit_literal(FunctionEmitter& f, const Expr& expr) {
  if (std::holds_alternative<std::monostate>(expr.value)) return null_value(f, expr.type);
  Value value;
  value.type = expr.type;
  if (expr.type.nullable) value.present = f.boolean(true);
  if (const auto* boolean = std::get_if<bool>(&expr.value)) {
    value.data = f.boolean(*boolean);
  } else if (const auto* integer = std::get_if<int64_t>(&expr.value)) {
    value.data = f.int64(static_cast<uint64_t>(*integer));
  } else if (const auto* number = std::get_if<double>(&expr.value)) {
    value.data = llvm::ConstantFP::get(f.stage.f64, *number);
  } else if (const auto* decimal = std::get_if<Decimal>(&expr.value)) {
    value.data = decimal_constant(f, *decimal);
  } else {
    const auto& text = std::get<std::string>(expr.value);
    value.data = f.stage.bytes(text);
    value.size = f.int64(text.size());
  }
  return value;
}

Value emit_if(FunctionEmitter& f, const Expr& expr, const Scope& scope) {
  const Value condition = emit_expr(f, expr.args[0], scope);
  return f.if_else(
      condition.data, expr.type, [&] { return emit_expr(f, expr.args[1], scope); },
      [&] { return emit_expr(f, expr.args[2], scope); });
}

// `and` and `or` evaluate the right side only when the left does not decide.
Value emit_logic(FunctionEmitter& f, const Expr& expr, const Scope& scope) {
  const bool is_and = expr.op == ExprOp::And;
  const Value left = emit_expr(f, expr.args[0], scope);
  Value result;
  result.type = expr.type;
  const auto right = [&]() -> llvm::Value* { return emit_expr(f, expr.args[1], scope).data; };
  const auto decided = [&]() -> llvm::Value* { return f.boolean(!is_and); };
  result.data = is_and ? f.if_else(left.data, f.stage.bool_type, right, decided)
                       : f.if_else(left.data, f.stage.bool_type, decided, right);
  return result;
}

Value emit_coalesce(FunctionEmitter& f, const Expr& expr, const Scope& scope) {
  const Value left = emit_expr(f, expr.args[0], scope);
  if (left.present == nullptr) return left;
  return f.if_else(
      left.present, expr.type,
      [&] {
        Value kept = left;
        kept.type = expr.type;
        if (!expr.type.nullable) kept.present = nullptr;
        return kept;
      },
      [&] {
        Value other = emit_expr(f, expr.args[1], scope);
        if (expr.type.nullable && other.present == nullptr) other.present = f.boolean(true);
        other.type = expr.type;
        return other;
      });
}

Value emit_field(FunctionEmitter& f, const Expr& expr, const Scope& scope) {
  const Value record = emit_expr(f, expr.args[0], scope);
  size_t index = 0;
  while (index < record.type.fields.size() && record.type.fields[index].name != expr.name) ++index;
  SLUICE_INVARIANT(index < record.fields.size(), "no field " + expr.name + " in " + record.type.to_string());
  Value field = record.fields[index];
  if (record.present) {
    field.present = field.present ? f.b.CreateAnd(record.present, field.present) : record.present;
    field.type.nullable = true;
  }
  return field;
}

Value emit_list(FunctionEmitter& f, const Expr& expr, const Scope& scope) {
  const uint32_t stride = abi::memory_size_of(expr.type.element());
  Value list;
  list.type = expr.type;
  list.size = f.int64(expr.args.size());
  list.data = f.scratch(f.int64(std::max<size_t>(1, stride * expr.args.size())));
  for (size_t i = 0; i < expr.args.size(); ++i)
    store_memory(f, emit_expr(f, expr.args[i], scope), f.offset(list.data, i * stride));
  if (expr.type.nullable) list.present = f.boolean(true);
  return list;
}

Value element_at(FunctionEmitter& f, const Value& list, llvm::Value* index) {
  const Type& element = list.type.element();
  return load_memory(f, element, f.offset(list.data, f.b.CreateMul(index, f.int64(abi::memory_size_of(element)))));
}

// list[i] is null when there is no such element.
Value emit_index(FunctionEmitter& f, const Expr& expr, const std::vector<Value>& args) {
  llvm::Value* exists = f.b.CreateICmpULT(args[1].data, args[0].size);
  if (auto* present = all_present(f, args)) exists = f.b.CreateAnd(exists, present);
  return f.if_else(
      exists, expr.type,
      [&] {
        Value element = element_at(f, args[0], args[1].data);
        if (element.present == nullptr) element.present = f.boolean(true);
        element.type = expr.type;
        return element;
      },
      [&] { return null_value(f, expr.type); });
}

// `x in list`; a list literal is compared element by element without being built.
Value emit_contains(FunctionEmitter& f, const Expr& expr, const Scope& scope) {
  const Value wanted = emit_expr(f, expr.args[0], scope);
  Value result;
  result.type = expr.type;
  if (expr.args[1].kind == ExprKind::List) {
    result.data = f.boolean(false);
    for (const auto& element : expr.args[1].args)
      result.data = f.b.CreateOr(result.data, emit_equal(f, wanted, emit_expr(f, element, scope)));
    return result;
  }
  const Value list = emit_expr(f, expr.args[1], scope);
  auto* found = f.slot(f.stage.bool_type, "found");
  f.b.CreateStore(f.boolean(false), found);
  f.loop(f.int64(0), list.size, "in", [&](llvm::Value* i) {
    auto* equal = emit_equal(f, wanted, element_at(f, list, i));
    f.b.CreateStore(f.b.CreateOr(f.b.CreateLoad(f.stage.bool_type, found), equal), found);
  });
  result.data = f.b.CreateLoad(f.stage.bool_type, found);
  return result;
}

Value comparison(FunctionEmitter& f, const Expr& expr, const std::vector<Value>& args) {
  Value result;
  result.type = expr.type;
  if (expr.is_op(ExprOp::Eq)) {
    result.data = emit_equal(f, args[0], args[1]);
  } else if (expr.is_op(ExprOp::Ne)) {
    result.data = f.b.CreateNot(emit_equal(f, args[0], args[1]));
  } else {
    result.data = emit_order(f, expr.op, args[0], args[1]);
    result.present = all_present(f, args);
  }
  if (expr.type.nullable && result.present == nullptr) result.present = f.boolean(true);
  return result;
}

Value emit_op(FunctionEmitter& f, const Expr& expr, const Scope& scope) {
  if (expr.op == ExprOp::And || expr.op == ExprOp::Or) return emit_logic(f, expr, scope);
  if (expr.op == ExprOp::Coalesce) return emit_coalesce(f, expr, scope);
  if (expr.op == ExprOp::Contains) return emit_contains(f, expr, scope);
  std::vector<Value> args;
  for (const auto& arg : expr.args) args.push_back(emit_expr(f, arg, scope));
  f.set_span(expr.span);
  switch (expr.op) {
    case ExprOp::Add:
    case ExprOp::Sub:
    case ExprOp::Mul:
    case ExprOp::Div:
    case ExprOp::IntDiv:
    case ExprOp::Mod:
    case ExprOp::Neg:
      return emit_arithmetic(f, expr, args);
    case ExprOp::Eq:
    case ExprOp::Ne:
    case ExprOp::Lt:
    case ExprOp::Le:
    case ExprOp::Gt:
    case ExprOp::Ge:
      return comparison(f, expr, args);
    case ExprOp::Not:
      args[0].data = f.b.CreateNot(args[0].data);
      return args[0];
    case ExprOp::IsNull: {
      Value result;
      result.type = expr.type;
      result.data = args[0].present ? f.b.CreateNot(args[0].present) : f.boolean(false);
      return result;
    }
    case ExprOp::Some:
      if (args[0].present == nullptr) args[0].present = f.boolean(true);
      args[0].type = expr.type;
      return args[0];
    case ExprOp::Require:
      args[0].present = nullptr;
      args[0].type = expr.type;
      return args[0];
    case ExprOp::Before:
      args[0].data = f.b.CreateSub(args[0].data, f.int64(1));
      return args[0];
    case ExprOp::ToFloat:
    case ExprOp::ToInt:
    case ExprOp::ToDecimal:
    case ExprOp::ParseDecimal:
    case ExprOp::ToDate:
    case ExprOp::ToTimestamp:
    case ExprOp::ToText:
      return emit_conversion(f, expr, args);
    case ExprOp::Concat:
      return emit_concat(f, expr, args);
    case ExprOp::Index:
      return emit_index(f, expr, args);
    case ExprOp::And:
    case ExprOp::Or:
    case ExprOp::Coalesce:
    case ExprOp::Contains:
      break;
  }
  SLUICE_INVARIANT(false, "no code for " + write_expr(expr, true));
}

}  // namespace

llvm::Value* all_present(FunctionEmitter& f, const std::vector<Value>& values) {
  llvm::Value* all = nullptr;
  for (const auto& value : values)
    if (value.present) all = all ? f.b.CreateAnd(all, value.present) : value.present;
  return all;
}

Value emit_expr(FunctionEmitter& f, const Expr& expr, const Scope& scope) {
  f.set_span(expr.span);
  switch (expr.kind) {
    case ExprKind::Literal:
      return emit_literal(f, expr);
    case ExprKind::Column:
      SLUICE_INVARIANT(scope.row != nullptr, "column " + expr.name + " where there is no row");
      return scope.row->at(expr.name);
    case ExprKind::Local: {
      const auto found = scope.locals.find(expr.name);
      SLUICE_INVARIANT(found != scope.locals.end(), "no local " + expr.name);
      return found->second;
    }
    case ExprKind::Let: {
      Scope inner = scope;
      inner.locals.insert_or_assign(expr.name, emit_expr(f, expr.args[0], scope));
      return emit_expr(f, expr.args[1], inner);
    }
    case ExprKind::If:
      return emit_if(f, expr, scope);
    case ExprKind::Op:
      return emit_op(f, expr, scope);
    case ExprKind::Call: {
      std::vector<Value> args;
      for (const auto& arg : expr.args) args.push_back(emit_expr(f, arg, scope));
      f.set_span(expr.span);
      return emit_kernel_call(f, expr, args);
    }
    case ExprKind::Field:
      return emit_field(f, expr, scope);
    case ExprKind::Record: {
      Value record;
      record.type = expr.type;
      if (expr.type.nullable) record.present = f.boolean(true);
      for (const auto& arg : expr.args) record.fields.push_back(emit_expr(f, arg, scope));
      return record;
    }
    case ExprKind::List:
      return emit_list(f, expr, scope);
  }
  SLUICE_INVARIANT(false, "no code for " + write_expr(expr, true));
}

}  // namespace sluice::codegen
