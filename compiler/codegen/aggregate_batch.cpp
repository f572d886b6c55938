#include "compiler/codegen/aggregate_batch.h"

#include <algorithm>

#include "compiler/codegen/memory.h"
#include "runtime/abi/kernel_abi.h"

namespace sluice::codegen {

namespace {

std::vector<std::string> columns_of(const AggregateNode& node) {
  std::vector<std::string> columns;
  for (const auto& call : node.calls) {
    for (const auto& arg : call.args) collect_columns(arg.expr, columns);
    if (call.filter) collect_columns(*call.filter, columns);
  }
  std::ranges::sort(columns);
  const auto repeated = std::ranges::unique(columns);
  columns.erase(repeated.begin(), repeated.end());
  return columns;
}

bool takes_batches(const AggregateNode& node) {
  return !node.keys.empty() && !window_key(node.keys) && !node.session && node.window_rows == 0 &&
         !node.is_incremental && node.phase != AggregatePhase::Final;
}

}  // namespace

std::optional<NodeId> AggregateBatch::behind(const StageContext& stage, NodeId expand) {
  NodeId at = expand;
  while (true) {
    const auto users = stage.plan.graph.users_of(at);
    if (users.size() != 1 || !stage.in_stage(users.front())) return std::nullopt;
    at = users.front();
    const Node& node = stage.node(at);
    if (const auto* aggregate = node.as<AggregateNode>())
      return takes_batches(*aggregate) ? std::optional(at) : std::nullopt;
    if (node.kind() != NodeKind::Filter && node.kind() != NodeKind::Project) return std::nullopt;
  }
}

AggregateBatch::AggregateBatch(FunctionEmitter& emitter, NodeId aggregate)
    : f_(emitter),
      id_(aggregate),
      node_(*emitter.stage.node(aggregate).as<AggregateNode>()),
      layout_(aggregate_layout(emitter.stage, aggregate, node_)),
      columns_(columns_of(node_)) {
  const Schema& input = f_.stage.node(f_.stage.node(id_).inputs.front()).schema;
  row_size_ = hashed_keys_size(layout_.key_types);
  for (const auto& column : columns_) {
    column_types_.push_back(input.find(column)->type);
    row_size_ += abi::field_size_of(column_types_.back());
  }
  rows_ = f_.memory(kRows * row_size_);
  count_ = f_.slot(f_.stage.i64, "gathered");
}

llvm::Value* AggregateBatch::address_of(llvm::Value* position) {
  return f_.offset(rows_, f_.b.CreateMul(position, f_.int64(row_size_)));
}

void AggregateBatch::begin() { f_.store(f_.int64(0), count_); }

void AggregateBatch::add(const Row& row) {
  f_.node = id_;
  const HashedKeys hashed = hash_keys(f_, evaluate_keys(f_, node_, row));
  prefetch_slot(f_, f_.table(layout_.state), hashed.hash);
  auto* position = f_.load(f_.stage.i64, count_);
  auto* at = address_of(position);
  store_hashed_keys(f_, hashed, at);
  uint64_t offset = hashed_keys_size(layout_.key_types);
  for (size_t i = 0; i < columns_.size(); ++i) {
    store_memory(f_, row.at(columns_[i]), f_.offset(at, offset));
    offset += abi::field_size_of(column_types_[i]);
  }
  f_.store(f_.b.CreateAdd(position, f_.int64(1)), count_);
}

void AggregateBatch::flush() {
  f_.loop(f_.int64(0), f_.load(f_.stage.i64, count_), "gathered", [&](llvm::Value* position) {
    auto* at = address_of(position);
    const HashedKeys hashed = load_hashed_keys(f_, layout_.key_types, at);
    uint64_t offset = hashed_keys_size(layout_.key_types);
    Row row;
    for (size_t i = 0; i < columns_.size(); ++i) {
      row.add(columns_[i], load_memory(f_, column_types_[i], f_.offset(at, offset)));
      offset += abi::field_size_of(column_types_[i]);
    }
    f_.node = id_;
    consume_hashed(f_, id_, node_, layout_, hashed, row);
  });
}

}  // namespace sluice::codegen
