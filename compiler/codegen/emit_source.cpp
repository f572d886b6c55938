// Sources: the loop over a chunk's records, with the decoder of the format generated for the columns in use. What every
// decoder shares is here; the formats are in emit_decode_*.cpp.
#include <algorithm>

#include "compiler/codegen/decode.h"
#include "compiler/codegen/memory.h"
#include "compiler/codegen/operators.h"
#include "lang/support/invariant.h"

namespace sluice::codegen {

namespace {

// `a and b and c` as a list, left to right.
void split_conjunction(const Expr& expr, std::vector<const Expr*>& parts) {
  if (expr.is_op(ExprOp::And)) {
    split_conjunction(expr.args[0], parts);
    split_conjunction(expr.args[1], parts);
  } else {
    parts.push_back(&expr);
  }
}

}  // namespace

void emit_filtered_row(FunctionEmitter& f, NodeId id, const SourceNode& node, const ColumnDecoder& decode) {
  std::vector<std::string> used = f.stage.node(id).schema.names();
  if (node.filter) collect_columns(*node.filter, used);
  std::ranges::sort(used);
  used.erase(std::ranges::unique(used).begin(), used.end());
  std::vector<Type> types;
  for (const auto& column : used) types.push_back(node.declared.fields[*node.declared.index_of(column)].type);
  RowBuilder builder(f, types);
  const auto need = [&](const std::string& column) {
    if (builder.row().contains(column)) return;
    const auto index = node.declared.index_of(column);
    SLUICE_INVARIANT(index.has_value(), "the source has no column " + column);
    f.node = id;
    f.set_span(f.stage.node(id).span);
    builder.add(column, node.declared.fields[*index].type, decode(*index));
  };
  const auto pass_on = [&] {
    for (const auto& field : f.stage.node(id).schema.fields) need(field.name);
    emit_users(f, id, builder.row());
  };
  if (!node.filter) return pass_on();
  // Each condition is tested as soon as its columns are decoded; a row that fails costs no more than that.
  std::vector<const Expr*> conditions;
  split_conjunction(*node.filter, conditions);
  auto* skipped = f.block("skipped");
  for (const auto* condition : conditions) {
    std::vector<std::string> columns;
    collect_columns(*condition, columns);
    for (const auto& column : columns) need(column);
    f.node = id;
    auto* passes = emit_expr(f, *condition, {&builder.row(), {}}).data;
    auto* passed = f.block("passed");
    f.b.CreateCondBr(passes, passed, skipped);
    f.begin(passed);
  }
  pass_on();
  f.b.CreateBr(skipped);
  f.begin(skipped);
}

llvm::Value* parse_scalar(FunctionEmitter& f, const FieldText& field, std::string_view kernel, llvm::Type* type) {
  auto* result = f.result_slot();
  auto* is_valid = f.call(kernel, {field.data, field.size, result});
  fail_field_if(f, f.b.CreateICmpEQ(is_valid, llvm::ConstantInt::get(f.stage.i8, 0)), field);
  return f.load(type, result);
}

Value parse_field(FunctionEmitter& f, const Type& type, const FieldText& field, NumberForm numbers) {
  const bool is_json = numbers == NumberForm::Json;
  Value value;
  value.type = type.as_nullable(false);
  switch (type.kind) {
    case TypeKind::Int:
      value.data = parse_scalar(f, field, is_json ? "rt_parse_json_int" : "rt_parse_int", f.stage.i64);
      break;
    case TypeKind::Float:
      value.data = parse_scalar(f, field, is_json ? "rt_parse_json_float" : "rt_parse_float", f.stage.f64);
      break;
    case TypeKind::Bool:
      value.data =
          f.b.CreateICmpNE(parse_scalar(f, field, "rt_parse_bool", f.stage.i8), llvm::ConstantInt::get(f.stage.i8, 0));
      break;
    case TypeKind::Timestamp:
      value.data = parse_scalar(f, field, "rt_parse_timestamp", f.stage.i64);
      break;
    case TypeKind::Duration:
      value.data = parse_scalar(f, field, "rt_parse_duration", f.stage.i64);
      break;
    case TypeKind::Date:
      value.data = parse_scalar(f, field, "rt_parse_date", f.stage.i64);
      break;
    case TypeKind::Decimal: {
      auto* is_valid = f.call(is_json ? "rt_parse_json_decimal" : "rt_parse_decimal",
                              {field.data, field.size, f.result_slot(), f.int32(type.precision), f.int32(type.scale)});
      fail_field_if(f, f.b.CreateICmpEQ(is_valid, llvm::ConstantInt::get(f.stage.i8, 0)), field);
      value.data = f.load(f.stage.i128, f.result_slot());
      break;
    }
    case TypeKind::String:
      value.data = field.data;
      value.size = field.size;
      break;
    default:
      SLUICE_INVARIANT(false, "no field of type " + type.to_string());
  }
  return value;
}

void fail_field_if(FunctionEmitter& f, llvm::Value* condition, const FieldText& field) {
  const uint32_t site = f.stage.error_site("R0201", f.stage.node(field.source).span, field.source);
  f.fail_if(condition, "rt_raise_field", {f.int32(site), f.int32(field.column), field.data, field.size});
}

void emit_source_input(StageContext& stage, NodeId source, const std::string& function_name) {
  const Node& node = stage.node(source);
  FunctionEmitter f(stage, function_name, 1, node.span);
  f.node = source;
  f.set_may_stop_early(true);
  f.enter_node(source);
  emit_prepare(f, source);
  const auto& payload = *node.as<SourceNode>();
  switch (source_format(payload.connector)) {
    case SourceFormat::Lines:
      emit_decode_lines(f, source, payload, f.argument(1));
      break;
    case SourceFormat::Csv:
      emit_decode_csv(f, source, payload, f.argument(1));
      break;
    case SourceFormat::Json:
      emit_decode_json(f, source, payload, f.argument(1));
      break;
    case SourceFormat::Nexmark:
      emit_decode_nexmark(f, source, payload, f.argument(1));
      break;
  }
  emit_unit_end(f, source);
  f.finish(abi::Code::Done);
}

}  // namespace sluice::codegen
