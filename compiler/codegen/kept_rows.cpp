#include "compiler/codegen/kept_rows.h"

#include "compiler/codegen/expr.h"
#include "compiler/codegen/memory.h"
#include "runtime/data/row_layout.h"

namespace sluice::codegen {

namespace {

bool holds(TypeKind kind, const Type& type) {
  return type.kind == kind || (type.kind == TypeKind::List && holds(kind, type.element())) ||
         std::ranges::any_of(type.fields, [kind](const Field& field) { return holds(kind, field.type); });
}

}  // namespace

bool holds_list(const Type& type) { return holds(TypeKind::List, type); }

namespace {

// One of two kept rows: an address inside it, and its end, from which its heap is counted.
struct KeptPlace {
  llvm::Value* address;
  llvm::Value* end;
  [[nodiscard]] KeptPlace at(FunctionEmitter& f, uint64_t bytes) const { return {f.offset(address, bytes), end}; }
  [[nodiscard]] KeptPlace at(FunctionEmitter& f, llvm::Value* bytes) const { return {f.offset(address, bytes), end}; }
};

// How values without lists are compared: emit_compare or emit_compare_zeros.
using CompareValues = llvm::Value* (*)(FunctionEmitter& f, const Value& a, const Value& b);

llvm::Value* compare_kept(FunctionEmitter& f, const Type& type, const KeptPlace& a, const KeptPlace& b,
                          CompareValues compare = emit_compare);

llvm::Value* compare_kept_lists(FunctionEmitter& f, const Type& element, const KeptPlace& a, const KeptPlace& b,
                                CompareValues compare) {
  const auto first_element = [&](const KeptPlace& list) {
    auto* distance = f.b.CreateZExt(f.load(f.stage.i32, list.address), f.stage.i64);
    return KeptPlace{f.offset(list.end, f.b.CreateNeg(distance)), list.end};
  };
  const KeptPlace a_first = first_element(a);
  const KeptPlace b_first = first_element(b);
  auto* a_size = f.load(f.stage.i32, a.address, 4);
  auto* b_size = f.load(f.stage.i32, b.address, 4);
  auto* a_shorter = f.b.CreateICmpULT(a_size, b_size);
  auto* common = f.b.CreateZExt(f.b.CreateSelect(a_shorter, a_size, b_size), f.stage.i64);
  auto* order = f.slot(f.stage.i32, "order");
  f.b.CreateStore(f.int32(0), order);
  f.loop(f.int64(0), common, "elements", [&](llvm::Value* i) {
    f.if_then(f.b.CreateICmpEQ(f.b.CreateLoad(f.stage.i32, order), f.int32(0)), [&] {
      auto* at = f.b.CreateMul(i, f.int64(block_size_of(element)));
      f.b.CreateStore(compare_kept(f, element, a_first.at(f, at), b_first.at(f, at), compare), order);
    });
  });
  auto* by_elements = f.b.CreateLoad(f.stage.i32, order);
  auto* by_size = f.b.CreateSub(f.b.CreateZExt(f.b.CreateICmpUGT(a_size, b_size), f.stage.i32),
                                f.b.CreateZExt(a_shorter, f.stage.i32));
  return f.b.CreateSelect(f.b.CreateICmpNE(by_elements, f.int32(0)), by_elements, by_size);
}

// As emit_compare, but lists are compared where they lie: loading one needs the scratch arena of a task, and a
// comparison belongs to none.
llvm::Value* compare_kept(FunctionEmitter& f, const Type& type, const KeptPlace& a, const KeptPlace& b,
                          CompareValues compare) {
  if (!holds_list(type))
    return compare(f, load_block(f, type, a.address, a.end), load_block(f, type, b.address, b.end));
  if (type.nullable) {
    const auto is_present = [&](const KeptPlace& place) {
      return f.b.CreateICmpNE(f.load(f.stage.i8, place.address), llvm::ConstantInt::get(f.stage.i8, 0));
    };
    auto* a_present = is_present(a);
    auto* b_present = is_present(b);
    return f.if_else(
        f.b.CreateAnd(a_present, b_present), f.stage.i32,
        [&] { return compare_kept(f, type.as_nullable(false), a.at(f, uint64_t{1}), b.at(f, uint64_t{1}), compare); },
        [&] { return f.b.CreateSub(f.b.CreateZExt(a_present, f.stage.i32), f.b.CreateZExt(b_present, f.stage.i32)); });
  }
  if (type.kind == TypeKind::List) return compare_kept_lists(f, type.element(), a, b, compare);
  auto* order = f.slot(f.stage.i32, "order");
  f.b.CreateStore(f.int32(0), order);
  uint64_t offset = 0;
  for (const auto& field : type.fields) {
    f.if_then(f.b.CreateICmpEQ(f.b.CreateLoad(f.stage.i32, order), f.int32(0)),
              [&] { f.b.CreateStore(compare_kept(f, field.type, a.at(f, offset), b.at(f, offset), compare), order); });
    offset += block_size_of(field.type);
  }
  return f.b.CreateLoad(f.stage.i32, order);
}

}  // namespace

llvm::Function* compare_function(StageContext& stage, NodeId id, const std::vector<OrderKey>& order, const Schema& kept,
                                 bool ties_only) {
  const std::string name = (ties_only ? "ties_" : "compare_") + stage.node(id).label;
  if (auto* existing = stage.module->getFunction(name)) return existing;
  FunctionEmitter f(stage, name, 3, stage.node(id).span);
  f.function->setLinkage(llvm::Function::InternalLinkage);
  auto* result = f.slot(stage.i32, "result");
  auto* done = f.block("done");
  const RowLayout layout = block_layout(kept);
  const size_t count = ties_only ? order.size() : kept.fields.size();
  const auto done_unless_equal = [&](llvm::Value* by_column) {
    f.b.CreateStore(by_column, result);
    auto* next = f.block("next");
    f.b.CreateCondBr(f.b.CreateICmpNE(by_column, f.int32(0)), done, next);
    f.begin(next);
  };
  for (size_t i = 0; i < count; ++i) {
    const Type& type = kept.fields[i].type;
    const KeptPlace a{f.offset(f.argument(0), layout.offsets[i]), f.argument(1)};
    const KeptPlace b{f.offset(f.argument(2), layout.offsets[i]), f.argument(3)};
    const bool descending = i < order.size() && order[i].descending;
    done_unless_equal(descending ? compare_kept(f, type, b, a) : compare_kept(f, type, a, b));
  }
  // Rows that are equal but do not look so: without an order of 0.0 and -0.0 the result would depend on the tasks.
  for (size_t i = order.size(); !ties_only && i < count; ++i) {
    const Type& type = kept.fields[i].type;
    if (!holds(TypeKind::Float, type)) continue;
    done_unless_equal(compare_kept(f, type, {f.offset(f.argument(0), layout.offsets[i]), f.argument(1)},
                                   {f.offset(f.argument(2), layout.offsets[i]), f.argument(3)}, emit_compare_zeros));
  }
  f.b.CreateStore(f.int32(0), result);
  f.b.CreateBr(done);
  f.begin(done);
  f.finish_with(f.b.CreateLoad(stage.i32, result));
  return f.function;
}

std::vector<Value> kept_values(FunctionEmitter& f, const std::vector<OrderKey>& order, const Schema& kept,
                               const Row& row) {
  std::vector<Value> values;
  for (const auto& key : order) values.push_back(emit_expr(f, key.expr, {&row, {}}));
  for (size_t i = order.size(); i < kept.fields.size(); ++i) values.push_back(row.at(kept.fields[i].name));
  return values;
}

const Schema& kept_schema(const StageContext& stage, NodeId id, StateKind kind) {
  return stage.stage.states[stage.state_index(id, kind)].value;
}

}  // namespace sluice::codegen
