// lines and csv: records whose field boundaries the source's scanner has already found (abi::Chunk).
#include <optional>

#include "compiler/codegen/decode.h"
#include "compiler/codegen/memory.h"
#include "compiler/codegen/operators.h"
#include "runtime/abi/layout.h"

namespace sluice::codegen {

namespace {

llvm::Value* chunk_pointer(FunctionEmitter& f, llvm::Value* chunk, size_t offset) {
  return f.load(f.stage.ptr, chunk, offset);
}

llvm::Value* entry(FunctionEmitter& f, llvm::Value* index, llvm::Value* position) {
  auto* address = f.b.CreateGEP(f.stage.i32, index, position);
  return f.b.CreateZExt(f.b.CreateAlignedLoad(f.stage.i32, address, llvm::Align(4)), f.stage.i64);
}

constexpr size_t kOpenedColumns = 32;

// What the loop over csv records keeps at hand for one declared column in use.
struct CsvColumn {
  llvm::Value* field = nullptr;  // position in the record
  llvm::Value* is_first = nullptr;
  llvm::Value* is_missing = nullptr;
};

CsvColumn open_column(FunctionEmitter& f, llvm::Value* field_map, size_t declared) {
  CsvColumn column;
  auto* mapped = f.load(f.stage.i32, field_map, declared * 4);
  column.is_missing = f.b.CreateICmpEQ(mapped, f.int32(abi::kNoField));
  column.field = f.b.CreateSelect(column.is_missing, f.int64(0), f.b.CreateZExt(mapped, f.stage.i64));
  column.is_first = f.b.CreateICmpEQ(column.field, f.int64(0));
  return column;
}

// The character that may enclose a field: the source's `quote` option, nothing when that is empty.
std::optional<char> quote_of(const SourceNode& node) {
  for (const auto& option : node.options) {
    if (option.name != "quote") continue;
    const auto& text = std::get<std::string>(option.value);
    return text.empty() ? std::nullopt : std::optional(text[0]);
  }
  return '"';
}

// Does the field begin with a quote?
llvm::Value* begins_with(FunctionEmitter& f, const FieldText& field, std::optional<char> quote) {
  if (!quote) return f.boolean(false);
  auto* first = f.b.CreateAlignedLoad(f.stage.i8, field.data, llvm::Align(1));
  return f.b.CreateAnd(f.b.CreateICmpEQ(first, llvm::ConstantInt::get(f.stage.i8, static_cast<uint8_t>(*quote))),
                       f.b.CreateICmpNE(field.size, f.int64(0)));
}

Value csv_value(FunctionEmitter& f, const Type& type, FieldText field, std::optional<char> quote) {
  auto* is_quoted = begins_with(f, field, quote);
  auto* text = f.result_slot();
  f.store(field.data, text);
  f.store(field.size, text, 8);
  f.if_then(
      is_quoted,
      [&] {
        auto* is_valid = f.call("rt_csv_unquote", {f.context(), field.data, field.size, text});
        fail_field_if(f, f.b.CreateICmpEQ(is_valid, llvm::ConstantInt::get(f.stage.i8, 0)), field);
      },
      true);
  auto* is_empty = f.b.CreateAnd(f.b.CreateICmpEQ(field.size, f.int64(0)), f.b.CreateNot(is_quoted));
  field.data = f.load(f.stage.ptr, text);
  field.size = f.load(f.stage.i64, text, 8);
  if (!type.nullable) return parse_field(f, type, field);
  return f.if_else(
      is_empty, type, [&] { return null_value(f, type); },
      [&] { return as_type(f, type, parse_field(f, type, field)); });
}

}  // namespace

void emit_decode_lines(FunctionEmitter& f, NodeId id, const SourceNode& node, llvm::Value* chunk) {
  auto* data = chunk_pointer(f, chunk, offsetof(abi::Chunk, data));
  auto* index = chunk_pointer(f, chunk, offsetof(abi::Chunk, index));
  auto* count = f.load(f.stage.i64, chunk, offsetof(abi::Chunk, row_count));
  auto* starts = chunk_pointer(f, chunk, offsetof(abi::Chunk, starts));
  f.loop(f.int64(0), count, "lines", [&](llvm::Value* row) {
    f.store(row, f.context(), offsetof(abi::TaskContext, row));
    auto* begin = entry(f, starts, row);
    auto* line = f.offset(data, begin);
    auto* size = f.b.CreateSub(entry(f, index, row), begin);
    emit_filtered_row(f, id, node, [&](size_t declared) {
      const Type& type = node.declared.fields[declared].type;
      return as_type(f, type, parse_field(f, type, {id, declared, line, size}));
    });
    f.reset_scratch();
  });
}

void emit_decode_csv(FunctionEmitter& f, NodeId id, const SourceNode& node, llvm::Value* chunk) {
  auto* data = chunk_pointer(f, chunk, offsetof(abi::Chunk, data));
  auto* index = chunk_pointer(f, chunk, offsetof(abi::Chunk, index));
  auto* starts = chunk_pointer(f, chunk, offsetof(abi::Chunk, starts));
  auto* field_map = chunk_pointer(f, chunk, offsetof(abi::Chunk, field_map));
  auto* field_count = f.load(f.stage.i64, chunk, offsetof(abi::Chunk, field_count));
  auto* count = f.load(f.stage.i64, chunk, offsetof(abi::Chunk, row_count));
  const std::optional<char> quote = quote_of(node);
  // A narrow row's positions stay in registers; a wide one's are read where they are used, from the cache.
  std::vector<CsvColumn> opened;
  if (node.declared.fields.size() <= kOpenedColumns)
    for (size_t i = 0; i < node.declared.fields.size(); ++i) opened.push_back(open_column(f, field_map, i));
  f.loop(f.int64(0), count, "records", [&](llvm::Value* row) {
    f.store(row, f.context(), offsetof(abi::TaskContext, row));
    auto* ends = f.b.CreateGEP(f.stage.i32, index, f.b.CreateMul(row, field_count));
    auto* record = entry(f, starts, row);
    emit_filtered_row(f, id, node, [&](size_t declared) {
      const CsvColumn column = opened.empty() ? open_column(f, field_map, declared) : opened[declared];
      const Type& type = node.declared.fields[declared].type;
      const auto present_field = [&] {
        auto* previous = f.b.CreateAdd(entry(f, ends, f.b.CreateSub(column.field, f.int64(1))), f.int64(1));
        auto* begin = f.b.CreateSelect(column.is_first, record, previous);
        auto* field_data = f.offset(data, begin);
        auto* size = f.b.CreateSub(entry(f, ends, column.field), begin);
        return csv_value(f, type, {id, declared, field_data, size}, quote);
      };
      if (!type.nullable) return present_field();
      return f.if_else(column.is_missing, type, [&] { return null_value(f, type); }, present_field);
    });
    f.reset_scratch();
  });
}

}  // namespace sluice::codegen
