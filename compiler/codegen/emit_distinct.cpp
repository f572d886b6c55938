// Aggregates of distinct values: a table of the values that a group has had. Calls with the same arguments but other
// conditions share it: an entry has a bit for each of them, so that a row looks its values up once.
#include "compiler/codegen/aggregate.h"
#include "compiler/codegen/expr.h"

namespace sluice::codegen {

EntryLayout distinct_layout(const AggregateNode& node, const std::vector<size_t>& group,
                            const std::vector<Type>& key_types) {
  std::vector<Type> types = key_types;
  for (const auto& arg : node.calls[group.front()].args) types.push_back(arg.expr.type);
  const bool has_state = node.is_incremental || group.size() > 1;
  return entry_layout(types, has_state ? std::vector<Type>{Type(TypeKind::Int)} : std::vector<Type>());
}

namespace {

// i64: a bit for each call of the group whose condition holds.
llvm::Value* wanting_calls(FunctionEmitter& f, const AggregateNode& node, const std::vector<size_t>& group,
                           const Row& row) {
  llvm::Value* bits = f.int64(0);
  for (size_t i = 0; i < group.size(); ++i) {
    const auto& filter = node.calls[group[i]].filter;
    auto* bit = f.int64(uint64_t{1} << i);
    auto* own = filter ? f.b.CreateSelect(emit_expr(f, *filter, {&row, {}}).data, bit, f.int64(0)) : bit;
    bits = f.b.CreateOr(bits, own);
  }
  return bits;
}

}  // namespace

void consume_distinct(FunctionEmitter& f, const AggregateNode& node, const AggregateLayout& layout, size_t group,
                      const std::vector<Value>& keys, const Row& row,
                      const std::function<void(size_t, const Arguments&)>& apply) {
  const std::vector<size_t> calls = distinct_groups(node)[group];
  const AggregateCall& first = node.calls[calls.front()];
  const EntryLayout entries = distinct_layout(node, calls, layout.key_types);
  auto* wanted = wanting_calls(f, node, calls, row);
  f.if_then(f.b.CreateICmpNE(wanted, f.int64(0)), [&] {
    const Arguments arguments = evaluate_arguments(f, first, row);
    std::vector<Value> values = keys;
    for (const auto& arg : first.args) values.push_back(arguments.at(arg.name));
    auto* table = table_for(f, layout, layout.distinct[group], keys);
    const FoundEntry found = find_or_insert(f, table, entries, values, [](llvm::Value*) {});
    if (calls.size() == 1) return f.if_then(found.is_new, [&] { apply(calls.front(), arguments); });
    auto* seen = f.load(f.stage.i64, found.entry, entries.states[0]);
    auto* fresh = f.b.CreateAnd(wanted, f.b.CreateNot(seen));
    f.if_then(f.b.CreateICmpNE(fresh, f.int64(0)), [&] {
      f.store(f.b.CreateOr(seen, wanted), found.entry, entries.states[0]);
      for (size_t i = 0; i < calls.size(); ++i) {
        auto* is_fresh = f.b.CreateICmpNE(f.b.CreateAnd(fresh, f.int64(uint64_t{1} << i)), f.int64(0));
        f.if_then(is_fresh, [&] { apply(calls[i], arguments); });
      }
    });
  });
}

}  // namespace sluice::codegen
