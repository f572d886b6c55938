#include "compiler/codegen/cells.h"

#include <limits>

#include "compiler/codegen/memory.h"
#include "runtime/abi/layout.h"
#include "runtime/data/row_layout.h"

namespace sluice::codegen {

namespace {

// Zero where there is no value: rows with equal values have equal bytes.
Value zero_when_absent(FunctionEmitter& f, Value value, llvm::Value* is_there) {
  if (value.present != nullptr) {
    if (is_there != nullptr) value.present = f.b.CreateAnd(value.present, is_there);
    is_there = value.present;
  }
  if (is_there == nullptr && value.type.kind != TypeKind::Record) return value;
  const auto select = [&](llvm::Value* part) {
    return part == nullptr ? part : f.b.CreateSelect(is_there, part, llvm::Constant::getNullValue(part->getType()));
  };
  if (is_there != nullptr && value.type.kind != TypeKind::Record) {
    value.data = select(value.data);
    value.size = select(value.size);
  }
  for (auto& field : value.fields) field = zero_when_absent(f, field, is_there);
  return value;
}

// The row as a cell in memory that `allocate` gives for so many bytes; its `next` is not set.
llvm::Value* make_cell(FunctionEmitter& f, std::vector<Value> values,
                       const std::function<llvm::Value*(llvm::Value* bytes)>& allocate) {
  for (auto& value : values) value = zero_when_absent(f, std::move(value), nullptr);
  uint32_t row_size = 0;
  for (const auto& value : values) row_size += block_size_of(value.type);
  auto* size = f.b.CreateAdd(heap_size(f, values), f.int64(row_size));
  auto* bytes = f.b.CreateAdd(size, f.int64(sizeof(abi::JoinCell)));
  auto* cell = allocate(bytes);
  auto* end = f.offset(cell, bytes);
  auto* heap = f.slot(f.stage.ptr, "heap");
  f.b.CreateStore(end, heap);
  uint32_t offset = sizeof(abi::JoinCell);
  for (const auto& value : values) {
    store_block(f, value, f.offset(cell, offset), heap, end);
    offset += block_size_of(value.type);
  }
  f.store(f.b.CreateTrunc(size, f.stage.i32), cell, offsetof(abi::JoinCell, size));
  f.store(f.int32(0), cell, offsetof(abi::JoinCell, matches));
  return cell;
}

}  // namespace

llvm::Value* store_cell(FunctionEmitter& f, llvm::Value* table, llvm::Value* chain, std::vector<Value> values,
                        llvm::Value* until) {
  auto* cell = make_cell(f, std::move(values),
                         [&](llvm::Value* bytes) -> llvm::Value* { return f.call("rt_join_cell", {table, bytes}); });
  f.store(f.load(f.stage.ptr, chain), cell, offsetof(abi::JoinCell, next));
  f.store(until != nullptr ? until : f.int64(std::numeric_limits<int64_t>::max()), cell,
          offsetof(abi::JoinCell, until));
  f.store(cell, chain);
  return cell;
}

void remove_cell(FunctionEmitter& f, llvm::Value* table, llvm::Value* chain, std::vector<Value> values) {
  auto* cell = make_cell(f, std::move(values), [&](llvm::Value* bytes) { return f.scratch(bytes); });
  f.call("rt_join_remove", {f.context(), table, chain, cell});
}

Row load_cell(FunctionEmitter& f, const Schema& kept, llvm::Value* cell) {
  auto* row = f.offset(cell, sizeof(abi::JoinCell));
  auto* size = f.b.CreateZExt(f.load(f.stage.i32, cell, offsetof(abi::JoinCell, size)), f.stage.i64);
  return load_row(f, kept, row, f.offset(row, size));
}

void for_each_cell(FunctionEmitter& f, llvm::Value* chain, const CellBody& body) {
  const auto scratch_at = [&](size_t field) { return f.load(f.stage.ptr, f.context(), field); };
  auto* scratch = scratch_at(offsetof(abi::TaskContext, scratch));
  auto* begin = scratch_at(offsetof(abi::TaskContext, scratch_begin));
  auto* link = f.slot(f.stage.ptr, "link");
  f.b.CreateStore(chain, link);
  auto* head = f.block("cells");
  auto* inside = f.block("cell");
  auto* after = f.block("after");
  f.b.CreateBr(head);
  f.begin(head);
  auto* place = f.b.CreateLoad(f.stage.ptr, link);
  auto* cell = f.load(f.stage.ptr, place);
  f.b.CreateCondBr(f.b.CreateIsNull(cell), after, inside);
  f.begin(inside);
  auto* is_taken_out = body(cell);
  auto* next = f.offset(cell, offsetof(abi::JoinCell, next));
  if (is_taken_out == nullptr) {
    f.b.CreateStore(next, link);
  } else {
    f.if_then(is_taken_out, [&] { f.store(f.load(f.stage.ptr, next), place); });
    f.b.CreateStore(f.b.CreateSelect(is_taken_out, place, next), link);
  }
  // Not when the memory was replaced by more.
  auto* is_same = f.b.CreateICmpEQ(scratch_at(offsetof(abi::TaskContext, scratch_begin)), begin);
  f.if_then(is_same, [&] { f.store(scratch, f.context(), offsetof(abi::TaskContext, scratch)); });
  f.b.CreateBr(head);
  f.begin(after);
}

}  // namespace sluice::codegen
