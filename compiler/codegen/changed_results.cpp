#include "compiler/codegen/changed_results.h"

#include <algorithm>

#include "compiler/codegen/expr.h"
#include "runtime/abi/kernel_abi.h"

namespace sluice::codegen {

namespace {

bool holds_text(const Type& type) {
  return type.kind == TypeKind::String ||
         std::ranges::any_of(type.fields, [](const Field& field) { return holds_text(field.type); });
}

// The strings of a state are overwritten in place, so a result that outlives the change needs its own.
Value with_own_text(FunctionEmitter& f, Value value) {
  for (auto& field : value.fields) field = with_own_text(f, std::move(field));
  if (value.type.kind != TypeKind::String) return value;
  auto* copy = f.scratch(f.b.CreateAdd(value.size, f.int64(abi::kStringSlack)));
  f.copy(copy, value.data, value.size);
  value.data = copy;
  return value;
}

// Each call with the address of its result.
void for_each_result(FunctionEmitter& f, const AggregateNode& node, llvm::Value* place,
                     const std::function<void(size_t call, const Type& type, llvm::Value* address)>& body) {
  uint64_t offset = 0;
  for (size_t i = 0; i < node.calls.size(); ++i) {
    const Type& type = node.calls[i].finish.type;
    body(i, type, f.offset(place, offset));
    offset += abi::field_size_of(type);
  }
}

}  // namespace

uint64_t size_of_results(const AggregateNode& node) {
  uint64_t bytes = 0;
  for (const auto& call : node.calls) bytes += abi::field_size_of(call.finish.type);
  return std::max<uint64_t>(bytes, 8);
}

void store_results(FunctionEmitter& f, NodeId id, const AggregateNode& node, const AggregateLayout& layout,
                   llvm::Value* entry, llvm::Value* place, bool outlives_change) {
  std::vector<Type> types;
  for (const auto& call : node.calls) types.push_back(call.finish.type);
  RowBuilder row(f, types);
  add_results(f, id, node, layout, entry, row);
  for_each_result(f, node, place, [&](size_t call, const Type&, llvm::Value* address) {
    Value value = row.row().at(node.calls[call].name);
    if (outlives_change && holds_text(value.type)) value = with_own_text(f, std::move(value));
    store_memory(f, value, address);
  });
}

llvm::Value* results_differ(FunctionEmitter& f, const AggregateNode& node, llvm::Value* before, llvm::Value* now) {
  llvm::Value* differ = f.boolean(false);
  uint64_t offset = 0;
  for (const auto& call : node.calls) {
    const Type& type = call.finish.type;
    if (type.kind == TypeKind::List || type.kind == TypeKind::Record) return f.boolean(true);
    const Value old_value = load_memory(f, type, f.offset(before, offset));
    const Value new_value = load_memory(f, type, f.offset(now, offset));
    const auto differs = [&](llvm::Value* order) { return f.b.CreateICmpNE(order, f.int32(0)); };
    differ = f.b.CreateOr(differ, differs(emit_compare(f, old_value, new_value)));
    if (type.kind == TypeKind::Float)
      differ = f.b.CreateOr(differ, differs(emit_compare_zeros(f, old_value, new_value)));
    offset += abi::field_size_of(type);
  }
  return differ;
}

void add_results_in_memory(FunctionEmitter& f, const AggregateNode& node, llvm::Value* place, Row& row) {
  for_each_result(f, node, place, [&](size_t call, const Type& type, llvm::Value* address) {
    row.add_in_memory(node.calls[call].name, [&f, type, address] { return load_memory(f, type, address); });
  });
}

void add_weight(Row& row, llvm::Value* weight) {
  Value value;
  value.type = Type(TypeKind::Int);
  value.data = weight;
  row.add(std::string(kRowWeight), value);
}

void load_given(FunctionEmitter& f, const AggregateNode& node, llvm::Value* place, const GivenPlace& given) {
  for_each_result(f, node, place, [&](size_t call, const Type& type, llvm::Value* address) {
    store_memory(f, load_state(f, type, given(call)), address);
  });
}

void store_given(FunctionEmitter& f, const AggregateNode& node, llvm::Value* table, llvm::Value* place,
                 const GivenPlace& given) {
  for_each_result(f, node, place, [&](size_t call, const Type& type, llvm::Value* address) {
    store_state(f, table, load_memory(f, type, address), given(call));
  });
}

llvm::Value* mark_with_row(FunctionEmitter& f, const Interval& every, const Row& row) {
  auto* delay = f.int64(static_cast<uint64_t>(every.delay));
  auto* own = f.b.CreateBinaryIntrinsic(llvm::Intrinsic::ssub_sat, row.at(kRowTime).data, delay);
  return f.b.CreateBinaryIntrinsic(llvm::Intrinsic::smax, row.at(kRowMark).data, own);
}

llvm::Value* end_of_interval(FunctionEmitter& f, const Interval& every, const Row& row) {
  auto* length = f.int64(static_cast<uint64_t>(every.length));
  auto* mark = mark_with_row(f, every, row);
  auto* rest = f.b.CreateSRem(mark, length);
  auto* is_below = f.b.CreateICmpSLT(rest, f.int64(0));
  auto* missing = f.b.CreateSub(f.b.CreateSelect(is_below, f.int64(0), length), rest);
  return f.b.CreateBinaryIntrinsic(llvm::Intrinsic::sadd_sat, mark, missing);
}

}  // namespace sluice::codegen
