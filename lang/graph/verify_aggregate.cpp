// The rules of nodes with aggregate functions: aggregate and frame.
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>

#include "lang/graph/verify_expr.h"
#include "lang/graph/verify_rules.h"

namespace sluice {

namespace {

std::vector<Field> fields_of(const std::vector<AggregateState>& states, const std::string& prefix) {
  std::vector<Field> fields;
  for (const auto& state : states) fields.push_back({prefix + state.name, state.type});
  return fields;
}

Status check_states(const AggregateCall& call, AggregatePhase phase, bool has_keys) {
  const std::vector<Field> fields = fields_of(call.states, "");
  std::vector<Field> args;
  for (const auto& arg : call.args) args.push_back({arg.name, arg.expr.type});
  std::vector<Field> step_scope = args;
  step_scope.insert(step_scope.end(), fields.begin(), fields.end());
  std::vector<Field> merge_scope = fields;
  for (auto& other : fields_of(call.states, "o.")) merge_scope.push_back(std::move(other));
  // What the final phase does not do any more mentions arguments that it does not have.
  const bool is_final = phase == AggregatePhase::Final;
  for (const auto& state : call.states) {
    if (!is_compiled(state.type))
      return internal_error(fmt::format("state `{}` is {}", state.name, state.type.to_string()));
    // Without keys there is a result even if there is no first row to begin with.
    SLUICE_TRY(verify_expr(state.init, {nullptr, has_keys ? args : std::vector<Field>(), is_final}));
    SLUICE_TRY(check_type(state.init, state.type, "init of `" + state.name + "`"));
    SLUICE_TRY(verify_expr(state.step, {nullptr, step_scope, is_final}));
    SLUICE_TRY(check_type(state.step, state.type, "step of `" + state.name + "`"));
    if (phase != AggregatePhase::Single && !state.merge)
      return internal_error("a two-phase aggregate whose state `" + state.name + "` cannot merge");
    if (state.merge) {
      SLUICE_TRY(verify_expr(*state.merge, {nullptr, merge_scope}));
      SLUICE_TRY(check_type(*state.merge, state.type, "merge of `" + state.name + "`"));
    }
    if (state.retract) {
      SLUICE_TRY(verify_expr(*state.retract, {nullptr, step_scope, is_final}));
      SLUICE_TRY(check_type(*state.retract, state.type, "retract of `" + state.name + "`"));
    }
  }
  return verify_expr(call.finish, {nullptr, fields});
}

// Names of one list that are the same would be one local.
template <class Named>
Status check_unique(const std::vector<Named>& list, std::string_view what) {
  std::set<std::string_view> names;
  for (const auto& each : list)
    if (!names.insert(each.name).second) return internal_error(fmt::format("two {} `{}`", what, each.name));
  return {};
}

Status check_call(const AggregateCall& call, AggregatePhase phase, bool has_keys, const Schema& row) {
  SLUICE_TRY(check_unique(call.states, "states"));
  SLUICE_TRY(check_unique(call.args, "arguments"));
  if (phase != AggregatePhase::Single && call.is_distinct) return internal_error("a distinct aggregate in two phases");
  if (phase == AggregatePhase::Final) {
    for (const auto& state : call.states) {
      const Field* column = row.find(call.name + "." + state.name);
      if (column == nullptr || column->type != state.type)
        return internal_error(fmt::format("the partial rows have no `{}.{}` of its type", call.name, state.name));
    }
  } else {
    SLUICE_TRY(check_named(call.args, row));
    if (call.filter) SLUICE_TRY(check_condition(*call.filter, row));
  }
  return check_states(call, phase, has_keys);
}

Status check_sessions(const AggregateNode& aggregate, const Schema& row) {
  if (aggregate.phase != AggregatePhase::Single) return internal_error("sessions have one phase");
  for (const auto& call : aggregate.calls)
    if (!call.is_distinct && !call.can_merge()) return internal_error("sessions need states that merge");
  return check_session(*aggregate.session, !aggregate.keys.empty(), row);
}

// At most one kind of windows, and what it forbids.
Status check_windows(const AggregateNode& aggregate, const Schema& row) {
  const bool has_window = window_key(aggregate.keys).has_value();
  const bool is_single = aggregate.phase == AggregatePhase::Single;
  if (aggregate.is_incremental && (!is_single || (aggregate.session && aggregate.session->max != 0)))
    return internal_error("an incremental aggregate over such a window or in two phases");
  if (aggregate.every && (aggregate.every->length < 1 || aggregate.every->delay < 0 || aggregate.window_rows != 0))
    return internal_error("changes given out at no time");
  if (collects_changes(aggregate)) SLUICE_TRY(check_timed(row, "what collects changes"));
  const bool is_distinct = std::ranges::any_of(aggregate.calls, &AggregateCall::is_distinct);
  if (aggregate.window_rows != 0 && (aggregate.session || !is_single || has_window || is_distinct))
    return internal_error("windows of rows have one phase and no other window");
  if (aggregate.windows) {
    SLUICE_TRY(check_shape(*aggregate.windows));
    if (aggregate.phase != AggregatePhase::Final || !has_window || !aggregate.windows->zone.empty())
      return internal_error("windows are made of the panes among the keys of a final aggregate");
  }
  return aggregate.session ? check_sessions(aggregate, row) : Status();
}

Status check_extent(const FrameNode& frame, const Schema& row) {
  if (frame.order.empty()) return internal_error("a frame of rows in no order");
  if (follows_time(frame)) SLUICE_TRY(check_timed(row, "a frame"));
  if (frame.rows > kMostFrameRows) return internal_error(fmt::format("a frame of more than {} rows", kMostFrameRows));
  if (frame.last < 0 || (frame.last != 0 && frame.rows != 0)) return internal_error("a frame of two lengths");
  if (frame.last != 0 &&
      (frame.order.size() != 1 || frame.order[0].descending || frame.order[0].expr.type != Type(TypeKind::Timestamp)))
    return internal_error("a frame by time of rows in another order");
  if (frame.keep < 0 || (frame.keep != 0 && (!follows_time(frame) || !frame.leads.empty())))
    return internal_error("a frame that forgets keys, but not in the order of time");
  return {};
}

}  // namespace

Result<Schema> aggregate_schema(const AggregateNode& aggregate, const InputSchemas& inputs) {
  SLUICE_ASSIGN(const bool reads_changes, has_weight(aggregate.is_incremental, inputs));
  SLUICE_TRY(check_windows(aggregate, *inputs[0]));
  if (reads_changes && (aggregate.every || aggregate.session || aggregate.window_rows != 0))
    return internal_error("an aggregate of changes that waits for more of them");
  SLUICE_TRY(check_named(aggregate.keys, *inputs[0]));
  Schema schema;
  for (const auto& key : aggregate.keys) {
    if (aggregate.phase == AggregatePhase::Final && key.expr.kind != ExprKind::Column)
      return internal_error("a final aggregate computes its key `" + key.name + "`");
    schema.fields.push_back({key.name, key.expr.type});
  }
  if (aggregate.session) schema.fields.push_back({aggregate.session->column, Type::window()});
  for (const auto& call : aggregate.calls) {
    if (auto status = check_call(call, aggregate.phase, !aggregate.keys.empty(), *inputs[0]); !status)
      return std::unexpected(std::move(status).error().with_context("in aggregate `" + call.name + "`"));
    if (aggregate.phase != AggregatePhase::Partial) schema.fields.push_back({call.name, call.finish.type});
    if (aggregate.phase == AggregatePhase::Partial)
      for (auto& field : fields_of(call.states, call.name + ".")) schema.fields.push_back(std::move(field));
  }
  if (aggregate.is_incremental && (reads_changes || aggregate.session || !aggregate.calls.empty())) add_weight(schema);
  return schema;
}

Result<Schema> frame_schema(const FrameNode& frame, const Node& node, const InputSchemas& inputs) {
  SLUICE_TRY(check_named(frame.keys, *inputs[0]));
  SLUICE_TRY(check_order(frame.order, *inputs[0]));
  SLUICE_TRY(check_extent(frame, *inputs[0]));
  for (const auto& call : frame.calls) {
    if (call.is_distinct) return internal_error("distinct rows of a frame");
    if (auto status = check_call(call, AggregatePhase::Single, true, *inputs[0]); !status)
      return std::unexpected(std::move(status).error().with_context("in aggregate `" + call.name + "`"));
  }
  for (const auto* shifts : {&frame.shifts, &frame.leads})
    for (const auto& shift : *shifts) {
      SLUICE_TRY(verify_expr(shift.value, {inputs[0], {}}));
      if (shift.rows == 0 || shift.rows > kMostFrameRows)
        return internal_error(fmt::format("a shift by {} rows", shift.rows));
    }
  if (!frame.leads.empty() && (frame.rows != 0 || frame.last != 0 || !frame.calls.empty() || !frame.shifts.empty() ||
                               !frame.number_column.empty() || !frame.rank_column.empty()))
    return internal_error("rows before and behind a row in one node");
  const std::vector<Field> made = made_columns(frame);
  for (const auto& column : made)
    if (node.schema.find(column.name) == nullptr) return internal_error("`" + column.name + "` has no column");
  Schema below = *inputs[0];
  std::erase_if(below.fields, [](const Field& field) { return field.name == kRowMark; });
  return passed_on(node, below, made);
}

}  // namespace sluice
