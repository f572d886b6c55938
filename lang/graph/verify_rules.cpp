#include "lang/graph/verify_rules.h"
#include "lang/support/time_zone.h"

#include <fmt/format.h>

#include <algorithm>

#include "lang/graph/verify_expr.h"

namespace sluice {

Status check_condition(const Expr& expr, const Schema& row) {
  SLUICE_TRY(verify_expr(expr, {&row, {}}));
  if (expr.type != Type(TypeKind::Bool)) return internal_error("a condition is not bool but " + expr.type.to_string());
  return {};
}

Status check_named(const std::vector<NamedExpr>& exprs, const Schema& row) {
  for (const auto& named : exprs) SLUICE_TRY(verify_expr(named.expr, {&row, {}}));
  return {};
}

Status check_order(const std::vector<OrderKey>& order, const Schema& row) {
  for (const auto& key : order) SLUICE_TRY(verify_expr(key.expr, {&row, {}}));
  return {};
}

Status check_type(const Expr& expr, const Type& type, std::string_view what) {
  if (expr.type == type) return {};
  return internal_error(fmt::format("{} is {}, not {}", what, expr.type.to_string(), type.to_string()));
}

Result<Schema> passed_on(const Node& node, const Schema& below, const std::vector<Field>& own) {
  Schema schema;
  for (const auto& field : node.schema.fields) {
    const auto made = std::ranges::find(own, field.name, &Field::name);
    const Field* column = made != own.end() ? &*made : below.find(field.name);
    if (column == nullptr) return internal_error("the input has no column `" + field.name + "` to pass on");
    schema.fields.push_back(*column);
  }
  return schema;
}

void add_weight(Schema& schema) { schema.fields.push_back({std::string(kRowWeight), Type(TypeKind::Int)}); }

Result<bool> has_weight(bool is_incremental, const InputSchemas& inputs) {
  bool found = false;
  for (const Schema* input : inputs) {
    const Field* weight = input->find(kRowWeight);
    if (weight == nullptr) continue;
    if (weight->type != Type(TypeKind::Int)) return internal_error("a weight is an int");
    found = true;
  }
  if (found && !is_incremental) return internal_error("changes as input of a step that is not incremental");
  return found;
}

Status check_session(const SessionWindow& session, bool has_keys, const Schema& row) {
  if (session.gap < 1 || session.max < 0 || session.late < 0 || !has_keys)
    return internal_error("sessions need a gap and keys");
  return check_timed(row, "sessions");
}

Status check_timed(const Schema& row, std::string_view what) {
  for (const auto name : {kRowTime, kRowMark})
    if (row.find(name) == nullptr) return internal_error(fmt::format("{} of rows that have no time", what));
  return {};
}

Status check_shape(const WindowShape& windows) {
  if (windows.size <= 0 || windows.step <= 0 || windows.offset < 0) return internal_error("a window without a size");
  if (windows.kind == WindowKind::Tumble && windows.size != windows.step)
    return internal_error("windows that tumble begin where the one before ends");
  if (windows.kind == WindowKind::Cumulate && windows.size % windows.step != 0)
    return internal_error("windows that cumulate are made of whole steps");
  if (windows.size / windows.step > kMostWindows)
    return internal_error(fmt::format("a row in more than {} windows", kMostWindows));
  if (!windows.zone.empty() && !TimeZone::find(windows.zone))
    return internal_error(fmt::format("there is no time zone `{}` on this machine", windows.zone));
  return {};
}

}  // namespace sluice
