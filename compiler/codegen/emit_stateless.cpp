// filter, project, expand, union: operators that pass a row on at once; and the edges of a stage.
#include <algorithm>

#include "compiler/codegen/aggregate_batch.h"
#include "compiler/codegen/memory.h"
#include "compiler/codegen/operators.h"
#include "compiler/codegen/slots_ahead.h"
#include "lang/support/invariant.h"
#include "runtime/abi/kernel_abi.h"
#include "runtime/data/row_layout.h"

namespace sluice::codegen {

namespace {

constexpr uint64_t kRowsAhead = 64;  // whose slots are asked for at once

// Partition of a hash: its key group's owner, as first_key_group() divides them.
llvm::Value* partition_of(FunctionEmitter& f, llvm::Value* hash, uint32_t parallelism) {
  const uint32_t groups = f.stage.plan.key_groups;
  auto* wide = f.b.getInt128Ty();
  auto* scaled = f.b.CreateMul(f.b.CreateZExt(hash, wide), llvm::ConstantInt::get(wide, groups));
  auto* group = f.b.CreateTrunc(f.b.CreateLShr(scaled, 64), f.stage.i64);
  auto* end = f.b.CreateMul(f.b.CreateAdd(group, f.int64(1)), f.int64(parallelism));
  return f.b.CreateUDiv(f.b.CreateSub(end, f.int64(1)), f.int64(groups));
}

llvm::Value* writer_at(FunctionEmitter& f, llvm::Value* position) {
  auto* writers = f.hoist([&](llvm::IRBuilder<>& builder) -> llvm::Value* {
    return builder.CreateLoad(f.stage.ptr,
                              builder.CreateConstGEP1_64(f.stage.i8, f.context(), offsetof(abi::TaskContext, writers)));
  });
  return f.b.CreateLoad(f.stage.ptr, f.b.CreateGEP(f.stage.ptr, writers, position), "writer");
}

void write_to_edge(FunctionEmitter& f, EdgeId id, const Row& row) {
  const EdgePlan& edge = f.stage.plan.edges[id];
  const uint32_t partitions = f.stage.plan.stages[edge.to].parallelism;
  std::vector<Value> values;
  for (const auto& field : edge.schema.fields) values.push_back(row.at(field.name));
  auto* heap = heap_size(f, values);
  const auto write = [&](llvm::Value* position) {
    auto* writer = writer_at(f, position);
    auto* next = f.load(f.stage.i64, writer, offsetof(abi::RowWriter, row));
    auto* limit = f.load(f.stage.i64, writer, offsetof(abi::RowWriter, heap));
    auto* needed = f.b.CreateAdd(heap, f.int64(block_layout(edge.schema).size));
    auto* is_full = f.b.CreateICmpULT(f.b.CreateSub(limit, next), needed);
    f.if_then(is_full, [&] { f.call("rt_writer_reserve", {f.context(), writer, heap}); }, true);
    store_row(f, values, writer);
  };
  const uint32_t first = f.stage.first_writer(id);
  switch (edge.kind) {
    case ExchangeKind::Hash: {
      std::vector<Value> keys;
      for (const auto& key : edge.keys) keys.push_back(row.at(key));
      auto* partition = partitions == 1 ? f.int64(0) : partition_of(f, emit_group_hash(f, keys), partitions);
      write(f.b.CreateAdd(partition, f.int64(first)));
      return;
    }
    case ExchangeKind::Broadcast:  // its first writer leads to all consumers
      write(f.int64(first));
      return;
    case ExchangeKind::Gather:
    case ExchangeKind::Forward:
      SLUICE_INVARIANT(partitions == 1, "a gather or forward edge needs one consumer task per producer here");
      write(f.int64(first));
      return;
  }
}

// Columns are loaded where they are used.
Row row_in_block(FunctionEmitter& f, const Schema& schema, llvm::Value* address, llvm::Value* block_end) {
  Row row;
  const RowLayout layout = block_layout(schema);
  for (size_t i = 0; i < schema.fields.size(); ++i)
    row.add_in_memory(schema.fields[i].name,
                      [&f, type = schema.fields[i].type, offset = layout.offsets[i], address, block_end] {
                        return load_block(f, type, f.offset(address, offset), block_end);
                      });
  return row;
}

}  // namespace

void consume(FunctionEmitter& f, NodeId id, const FilterNode& node, const Row& row) {
  const Value condition = emit_expr(f, node.condition, {&row, {}});
  f.if_then(condition.data, [&] { emit_users(f, id, row); });
}

void consume(FunctionEmitter& f, NodeId id, const ProjectNode& node, const Row& row) {
  std::vector<Type> types;
  for (const auto& column : node.columns) types.push_back(column.expr.type);
  RowBuilder result(f, types);
  for (const auto& column : node.columns) {
    f.node = id;
    if (column.expr.kind == ExprKind::Column) {
      result.add_from(row, column.expr.name, column.name);
    } else {
      result.add(column.name, column.expr.type, emit_expr(f, column.expr, {&row, {}}));
    }
  }
  emit_users(f, id, result.row());
}

void consume(FunctionEmitter& f, NodeId id, const ExpandNode& node, const Row& row) {
  const Value list = emit_expr(f, node.list, {&row, {}});
  llvm::Value* count = list.size;
  if (list.present) count = f.b.CreateSelect(list.present, count, f.int64(0));
  const Type& element = list.type.element();
  const auto expand = [&](llvm::Value* begin, llvm::Value* end) {
    f.loop(begin, end, "expand", [&](llvm::Value* i) {
      auto* address = f.offset(list.data, f.b.CreateMul(i, f.int64(abi::memory_size_of(element))));
      const Value item = load_memory(f, element, address);
      Row result;
      for (const auto& field : f.stage.node(id).schema.fields)
        if (field.name == node.column) {
          result.add(field.name, item);
        } else {
          result.add_from(row, field.name, field.name);
        }
      emit_users(f, id, result);
    });
  };
  const auto aggregate = AggregateBatch::behind(f.stage, id);
  if (!aggregate) return expand(f.int64(0), count);
  AggregateBatch batch(f, *aggregate);
  f.batches.emplace(*aggregate, &batch);
  f.loop_in_parts(count, AggregateBatch::kRows, "batches", [&](llvm::Value* begin, llvm::Value* end) {
    batch.begin();
    expand(begin, end);
    batch.flush();
  });
  f.batches.erase(*aggregate);
}

void consume(FunctionEmitter& f, NodeId id, const UnionNode&, const Row& row) { emit_users(f, id, row); }

void consume(FunctionEmitter& f, NodeId id, const ExchangeNode&, const Row& row) {
  for (const EdgeId edge : f.stage.stage.outputs)
    if (f.stage.plan.edges[edge].exchange == id) write_to_edge(f, edge, row);
}

void consume(FunctionEmitter& f, NodeId, const ChangesNode&, const Row&) {
  SLUICE_INVARIANT(false, "changes are derived before code is made: " + f.function->getName().str());
}

void consume(FunctionEmitter& f, NodeId, const SourceNode&, const Row&) {
  SLUICE_INVARIANT(false, "a source has no input: " + f.function->getName().str());
}

void emit_edge_input(StageContext& stage, EdgeId id, const std::string& function_name) {
  const EdgePlan& edge = stage.plan.edges[id];
  FunctionEmitter f(stage, function_name, 1, stage.node(edge.exchange).span);
  f.node = edge.exchange;
  f.set_may_stop_early(true);
  f.enter_node(edge.exchange);
  emit_prepare(f, edge.exchange);
  auto* block = f.argument(1);
  auto* count = f.b.CreateZExt(f.load(stage.i32, block, offsetof(abi::BlockHeader, row_count)), stage.i64);
  auto* block_end = f.offset(block, f.load(stage.i64, block, offsetof(abi::BlockHeader, byte_size)));
  auto* rows = f.offset(block, sizeof(abi::BlockHeader));
  const uint32_t row_size = block_layout(edge.schema).size;
  const auto address_of = [&](llvm::Value* i) { return f.offset(rows, f.b.CreateMul(i, f.int64(row_size))); };
  const auto pass_on = [&](llvm::Value* begin, llvm::Value* end) {
    f.loop(begin, end, "rows", [&](llvm::Value* i) {
      f.store(i, f.context(), offsetof(abi::TaskContext, row));
      emit_users(f, edge.exchange, load_row(f, edge.schema, address_of(i), block_end));
      f.reset_scratch();
    });
  };
  const auto steps = steps_ahead(stage, edge.exchange, [](const Expr&) -> std::optional<bool> { return std::nullopt; });
  if (steps.empty()) {
    pass_on(f.int64(0), count);
  } else {
    f.loop_in_parts(count, kRowsAhead, "rows", [&](llvm::Value* begin, llvm::Value* end) {
      const auto row_at = [&](llvm::Value* i) {
        return row_in_block(f, edge.schema, address_of(f.b.CreateAdd(begin, i)), block_end);
      };
      for (const auto& step : steps) ask_for_slots(f, step, f.b.CreateSub(end, begin), row_at);
      pass_on(begin, end);
    });
  }
  emit_unit_end(f, edge.exchange);
  f.finish(abi::Code::Done);
}

void emit_yield_check(FunctionEmitter& f, const std::function<void()>& before_return) {
  auto* requested = f.load(f.stage.i8, f.context(), offsetof(abi::TaskContext, yield_requested));
  auto* yield = f.block("yield");
  auto* go_on = f.block("after");
  f.b.CreateCondBr(f.b.CreateICmpNE(requested, llvm::ConstantInt::get(f.stage.i8, 0)), yield, go_on);
  f.begin(yield);
  before_return();
  f.return_code(abi::Code::Yield);
  f.begin(go_on);
}

}  // namespace sluice::codegen
