// The rules of joins.
#include <fmt/format.h>

#include <algorithm>

#include "lang/graph/verify_expr.h"
#include "lang/graph/verify_rules.h"

namespace sluice {

namespace {

Status check_join_keys(const JoinNode& join, const InputSchemas& inputs) {
  SLUICE_TRY(check_named(join.left_keys, *inputs[0]));
  SLUICE_TRY(check_named(join.right_keys, *inputs[1]));
  if (join.left_keys.size() != join.right_keys.size()) return internal_error("a join with keys of one side only");
  for (size_t i = 0; i < join.left_keys.size(); ++i) {
    const Expr& left = join.left_keys[i].expr;
    SLUICE_TRY(check_type(join.right_keys[i].expr, left.type, "a right key"));
    if (left.type.nullable) return internal_error("a key of a join may be null");
  }
  if (window_key(join.left_keys) && window_of(join).empty()) return internal_error("the window of a join is computed");
  return {};
}

// The columns that a pair has, as `residual` sees them.
Result<Schema> pair_schema(const JoinNode& join, const InputSchemas& inputs) {
  SLUICE_TRY(check_named(join.right, *inputs[1]));
  Schema pair = *inputs[0];
  std::erase_if(pair.fields, [](const Field& field) { return field.name == kRowWeight; });
  for (const auto& column : join.right) {
    if (column.name == kRowWeight) return internal_error("a pair has one weight, that of the join");
    if (pair.find(column.name) != nullptr) return internal_error("two columns `" + column.name + "` in a pair");
    pair.fields.push_back({column.name, column.expr.type});
  }
  return pair;
}

Status check_bound(const JoinNode& join, const std::optional<JoinBound>& bound, const Schema& row) {
  if (!bound) return {};
  SLUICE_TRY(verify_expr(bound->time, {&row, {}}));
  SLUICE_TRY(check_type(bound->time, Type(TypeKind::Timestamp), "the bound of a join"));
  if (can_fail(bound->time)) return internal_error("a bound of a join that may fail");
  if (!is_streamed(join)) return internal_error("a bound of a join that waits for the end");
  return {};
}

}  // namespace

Result<Schema> join_schema(const JoinNode& join, const Node& node, const InputSchemas& inputs) {
  SLUICE_TRY(check_join_keys(join, inputs));
  SLUICE_ASSIGN(const Schema pair, pair_schema(join, inputs));
  if (join.residual) SLUICE_TRY(check_condition(*join.residual, pair));
  SLUICE_TRY(check_bound(join, join.left_bound, *inputs[0]));
  SLUICE_TRY(check_bound(join, join.right_bound, *inputs[1]));
  if (join.is_lookup && (!can_look_up(join) || join.left_bound || join.right_bound))
    return internal_error("a join that cannot be a lookup");
  if (!join.match_column.empty() && !may_lack_right(join.kind)) return internal_error("a join that always matches");
  SLUICE_ASSIGN(const bool reads_changes, has_weight(join.is_incremental, inputs));
  if (join.is_incremental && !window_of(join).empty()) return internal_error("an incremental join with a window");
  const bool gives_changes =
      join.is_incremental && (reads_changes || (join.kind != JoinKind::Inner && join.kind != JoinKind::Semi));
  Schema schema;
  for (const auto& field : node.schema.fields) {
    if (gives_changes && field.name == kRowWeight) continue;
    const Field* column = pair.find(field.name);
    if (column == nullptr && field.name == join.match_column) {
      schema.fields.push_back({field.name, Type(TypeKind::Bool)});
      continue;
    }
    const bool is_left = inputs[0]->find(field.name) != nullptr;
    if (column == nullptr || (!is_left && gives_left_only(join.kind)))
      return internal_error("the join has no column `" + field.name + "` to pass on");
    const bool may_lack =
        is_left ? may_lack_left(join.kind) && field.name != window_of(join) : may_lack_right(join.kind);
    schema.fields.push_back({field.name, may_lack ? column->type.as_nullable() : column->type});
  }
  if (gives_changes) add_weight(schema);
  return schema;
}

}  // namespace sluice
