#include "lang/graph/verify.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>

#include "lang/graph/verify_expr.h"

namespace sluice {

namespace {

const Type kBool(TypeKind::Bool);

Status check_condition(const Expr& expr, const Schema& row) {
  SLUICE_TRY(verify_expr(expr, {&row, {}}));
  if (expr.type != kBool) return internal_error("a condition is not bool but " + expr.type.to_string());
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

std::vector<Field> fields_of(const std::vector<AggregateState>& states, const std::string& prefix) {
  std::vector<Field> fields;
  for (const auto& state : states) fields.push_back({prefix + state.name, state.type});
  return fields;
}

Status check_type(const Expr& expr, const Type& type, std::string_view what) {
  if (expr.type == type) return {};
  return internal_error(fmt::format("{} is {}, not {}", what, expr.type.to_string(), type.to_string()));
}

Status check_states(const AggregateCall& call, AggregatePhase phase, bool has_keys) {
  const std::vector<Field> fields = fields_of(call.states, "");
  std::vector<Field> args;
  for (const auto& arg : call.args) args.push_back({arg.name, arg.expr.type});
  std::vector<Field> step_scope = args;
  step_scope.insert(step_scope.end(), fields.begin(), fields.end());
  std::vector<Field> merge_scope = fields;
  for (auto& other : fields_of(call.states, "o.")) merge_scope.push_back(std::move(other));
  for (const auto& state : call.states) {
    if (phase != AggregatePhase::Final) {
      // Without keys there is a result even if there is no first row to begin with.
      SLUICE_TRY(verify_expr(state.init, {nullptr, has_keys ? args : std::vector<Field>()}));
      SLUICE_TRY(check_type(state.init, state.type, "init of `" + state.name + "`"));
      SLUICE_TRY(verify_expr(state.step, {nullptr, step_scope}));
      SLUICE_TRY(check_type(state.step, state.type, "step of `" + state.name + "`"));
    }
    if (phase != AggregatePhase::Single && !state.merge)
      return internal_error("a two-phase aggregate whose state `" + state.name + "` cannot merge");
    if (state.merge) {
      SLUICE_TRY(verify_expr(*state.merge, {nullptr, merge_scope}));
      SLUICE_TRY(check_type(*state.merge, state.type, "merge of `" + state.name + "`"));
    }
    if (state.retract && phase != AggregatePhase::Final) {
      SLUICE_TRY(verify_expr(*state.retract, {nullptr, step_scope}));
      SLUICE_TRY(check_type(*state.retract, state.type, "retract of `" + state.name + "`"));
    }
  }
  return verify_expr(call.finish, {nullptr, fields});
}

Status check_call(const AggregateCall& call, AggregatePhase phase, bool has_keys, const Schema& row) {
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

Result<Schema> schema_for(const SourceNode& source, const Node& node, const std::vector<const Schema*>&) {
  for (const auto& field : node.schema.fields) {
    const Field* declared = source.declared.find(field.name);
    if (declared == nullptr || declared->type != field.type)
      return internal_error("the source does not declare `" + field.name + "` with that type");
  }
  if (source.filter) SLUICE_TRY(check_condition(*source.filter, source.declared));
  return node.schema;
}

Result<Schema> schema_for(const FilterNode& filter, const Node&, const std::vector<const Schema*>& inputs) {
  SLUICE_TRY(check_condition(filter.condition, *inputs[0]));
  return *inputs[0];
}

Result<Schema> schema_for(const ProjectNode& project, const Node&, const std::vector<const Schema*>& inputs) {
  SLUICE_TRY(check_named(project.columns, *inputs[0]));
  Schema schema;
  for (const auto& column : project.columns) schema.fields.push_back({column.name, column.expr.type});
  return schema;
}

// The columns of a node that says itself, by its schema, which of the input's columns it passes on, and which of those
// in `own` it makes.
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

Result<Schema> schema_for(const ExpandNode& expand, const Node& node, const std::vector<const Schema*>& inputs) {
  SLUICE_TRY(verify_expr(expand.list, {inputs[0], {}}));
  if (expand.list.type.kind != TypeKind::List || expand.list.type.nullable)
    return internal_error("what is expanded is not a list but " + expand.list.type.to_string());
  if (node.schema.find(expand.column) == nullptr) return internal_error("the element has no column");
  return passed_on(node, *inputs[0], {{expand.column, expand.list.type.element()}});
}

Result<Schema> schema_for(const TimeNode& time, const Node& node, const std::vector<const Schema*>& inputs) {
  if (time.time) {
    SLUICE_TRY(verify_expr(*time.time, {inputs[0], {}}));
    SLUICE_TRY(check_type(*time.time, Type(TypeKind::Timestamp), "the event time"));
  }
  if (time.clock) {
    SLUICE_TRY(verify_expr(*time.clock, {inputs[0], {}}));
    SLUICE_TRY(check_type(*time.clock, Type(TypeKind::Timestamp), "the clock"));
  }
  if (time.delay < 0 || time.idle.value_or(1) < 1) return internal_error("a negative delay or idle time");
  const Type timestamp(TypeKind::Timestamp);
  return passed_on(node, *inputs[0], {{std::string(kRowTime), timestamp}, {std::string(kRowMark), timestamp}});
}

Result<Schema> schema_for(const WindowNode& window, const Node& node, const std::vector<const Schema*>& inputs) {
  if (window.size <= 0 || window.step <= 0 || window.offset < 0) return internal_error("a window without a size");
  if (window.late_rows != window.column.empty()) return internal_error("late rows have no window");
  if (window.late < 0 || window.pane < 0) return internal_error("a window that ends before it ends");
  if (window.pane != 0 && (window.late_rows || window.size % window.pane != 0 || window.step % window.pane != 0))
    return internal_error("its windows are not made of panes");
  for (const auto name : {kRowTime, kRowMark})
    if (inputs[0]->find(name) == nullptr) return internal_error("windows of rows that have no time");
  if (window.late_rows) return passed_on(node, *inputs[0], {});
  if (node.schema.find(window.column) == nullptr) return internal_error("the window has no column");
  return passed_on(node, *inputs[0], {{window.column, Type::window()}});
}

void add_weight(Schema& schema) { schema.fields.push_back({std::string(kRowWeight), Type(TypeKind::Int)}); }

// What travels as changes says so; only an incremental step may read it.
Result<bool> has_weight(bool is_incremental, const std::vector<const Schema*>& inputs) {
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

Result<Schema> schema_for(const AggregateNode& aggregate, const Node&, const std::vector<const Schema*>& inputs) {
  SLUICE_ASSIGN(const bool reads_changes, has_weight(aggregate.is_incremental, inputs));
  if (aggregate.is_incremental && (aggregate.phase != AggregatePhase::Single || window_key(aggregate.keys)))
    return internal_error("an incremental aggregate with a window or in two phases");
  SLUICE_TRY(check_named(aggregate.keys, *inputs[0]));
  Schema schema;
  for (const auto& key : aggregate.keys) {
    if (aggregate.phase == AggregatePhase::Final && key.expr.kind != ExprKind::Column)
      return internal_error("a final aggregate computes its key `" + key.name + "`");
    schema.fields.push_back({key.name, key.expr.type});
  }
  if (aggregate.window_rows != 0) {
    const bool is_distinct = std::ranges::any_of(aggregate.calls, &AggregateCall::is_distinct);
    if (aggregate.session || aggregate.phase != AggregatePhase::Single || window_key(aggregate.keys) || is_distinct)
      return internal_error("windows of rows have one phase and no other window");
  }
  if (aggregate.session) {
    if (aggregate.session->gap < 1 || aggregate.session->max < 0 || aggregate.session->late < 0 ||
        aggregate.phase != AggregatePhase::Single || aggregate.keys.empty())
      return internal_error("sessions need a gap and keys, and have one phase");
    for (const auto name : {kRowTime, kRowMark})
      if (inputs[0]->find(name) == nullptr) return internal_error("sessions of rows that have no time");
    for (const auto& call : aggregate.calls)
      if (call.is_distinct || !call.can_merge()) return internal_error("sessions need states that merge");
    schema.fields.push_back({aggregate.session->column, Type::window()});
  }
  for (const auto& call : aggregate.calls) {
    if (auto status = check_call(call, aggregate.phase, !aggregate.keys.empty(), *inputs[0]); !status)
      return std::unexpected(std::move(status).error().with_context("in aggregate `" + call.name + "`"));
    if (aggregate.phase != AggregatePhase::Partial) schema.fields.push_back({call.name, call.finish.type});
    if (aggregate.phase == AggregatePhase::Partial)
      for (auto& field : fields_of(call.states, call.name + ".")) schema.fields.push_back(std::move(field));
  }
  if (aggregate.is_incremental && (reads_changes || !aggregate.calls.empty())) add_weight(schema);
  return schema;
}

Result<Schema> schema_for(const TopNode& top, const Node& node, const std::vector<const Schema*>& inputs) {
  SLUICE_TRY(check_named(top.keys, *inputs[0]));
  SLUICE_TRY(check_order(top.order, *inputs[0]));
  SLUICE_TRY(has_weight(top.is_incremental, inputs));
  if (top.is_incremental && window_key(top.keys)) return internal_error("an incremental top with a window");
  Schema schema = *inputs[0];
  if (top.is_incremental) std::erase_if(schema.fields, [](const Field& field) { return field.name == kRowWeight; });
  if (!top.rank_column.empty()) schema.fields.push_back({top.rank_column, Type(TypeKind::Int)});
  if (top.is_incremental) add_weight(schema);
  if (schema.fields.size() != node.schema.fields.size()) return schema;
  return passed_on(node, schema, {});
}

Result<Schema> schema_for(const FrameNode& frame, const Node& node, const std::vector<const Schema*>& inputs) {
  SLUICE_TRY(check_named(frame.keys, *inputs[0]));
  SLUICE_TRY(check_order(frame.order, *inputs[0]));
  if (frame.order.empty()) return internal_error("a frame of rows in no order");
  if (follows_time(frame) && inputs[0]->find(kRowMark) == nullptr)
    return internal_error("a frame of rows that have no time");
  if (frame.last < 0 || (frame.last != 0 && frame.rows != 0)) return internal_error("a frame of two lengths");
  if (frame.last != 0 &&
      (frame.order.size() != 1 || frame.order[0].descending || frame.order[0].expr.type != Type(TypeKind::Timestamp)))
    return internal_error("a frame by time of rows in another order");
  for (const auto& call : frame.calls) {
    if (call.is_distinct) return internal_error("distinct rows of a frame");
    if (auto status = check_call(call, AggregatePhase::Single, true, *inputs[0]); !status)
      return std::unexpected(std::move(status).error().with_context("in aggregate `" + call.name + "`"));
  }
  for (const auto* shifts : {&frame.shifts, &frame.leads})
    for (const auto& shift : *shifts) {
      SLUICE_TRY(verify_expr(shift.value, {inputs[0], {}}));
      if (shift.rows == 0) return internal_error("a shift by no rows");
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

Result<Schema> schema_for(const SortNode& sort, const Node&, const std::vector<const Schema*>& inputs) {
  SLUICE_TRY(check_order(sort.order, *inputs[0]));
  return *inputs[0];
}

Result<Schema> schema_for(const LimitNode&, const Node&, const std::vector<const Schema*>& inputs) {
  return *inputs[0];
}

Result<Schema> schema_for(const UnionNode&, const Node&, const std::vector<const Schema*>& inputs) {
  for (const Schema* input : inputs)
    if (*input != *inputs[0]) return internal_error("the inputs of a union differ in their columns");
  return *inputs[0];
}

Status check_join_keys(const JoinNode& join, const std::vector<const Schema*>& inputs) {
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
Result<Schema> pair_schema(const JoinNode& join, const std::vector<const Schema*>& inputs) {
  SLUICE_TRY(check_named(join.right, *inputs[1]));
  Schema pair = *inputs[0];
  std::erase_if(pair.fields, [](const Field& field) { return field.name == kRowWeight; });
  for (const auto& column : join.right) {
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

Result<Schema> schema_for(const JoinNode& join, const Node& node, const std::vector<const Schema*>& inputs) {
  SLUICE_TRY(check_join_keys(join, inputs));
  SLUICE_ASSIGN(const Schema pair, pair_schema(join, inputs));
  if (join.residual) SLUICE_TRY(check_condition(*join.residual, pair));
  SLUICE_TRY(check_bound(join, join.left_bound, *inputs[0]));
  SLUICE_TRY(check_bound(join, join.right_bound, *inputs[1]));
  if (join.is_lookup && !can_look_up(join)) return internal_error("a join that cannot be a lookup");
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
      schema.fields.push_back({field.name, kBool});
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

Result<Schema> schema_for(const ChangesNode& changes, const Node&, const std::vector<const Schema*>& inputs) {
  Schema schema = *inputs[0];
  schema.fields.push_back({changes.column, Type(TypeKind::Int)});
  return schema;
}

Result<Schema> schema_for(const SinkNode&, const Node&, const std::vector<const Schema*>& inputs) { return *inputs[0]; }

Result<Schema> schema_for(const ExchangeNode& exchange, const Node&, const std::vector<const Schema*>& inputs) {
  if ((exchange.kind == ExchangeKind::Hash) == exchange.keys.empty())
    return internal_error("an exchange by hash needs keys, and no other has them");
  for (const auto& key : exchange.keys)
    if (inputs[0]->find(key) == nullptr) return internal_error("no column `" + key + "` to distribute by");
  return *inputs[0];
}

Result<Schema> schema_for(std::monostate, const Node&, const std::vector<const Schema*>&) {
  return internal_error("a node without payload");
}

Status check_inputs(const FlowGraph& graph, NodeId id) {
  const Node& node = graph.nodes[id];
  const bool is_source = node.kind() == NodeKind::Source;
  const bool is_join = node.kind() == NodeKind::Join;
  const bool may_have_several = node.kind() == NodeKind::Union || is_join;
  if (is_source != node.inputs.empty() || (!may_have_several && node.inputs.size() > 1) ||
      (is_join && node.inputs.size() != 2))
    return internal_error(fmt::format("{} inputs", node.inputs.size()));
  for (const NodeId input : node.inputs) {
    if (!graph.nodes.contains(input) || input >= id) return internal_error("an input that does not come before it");
    if (graph.nodes[input].kind() == NodeKind::Sink) return internal_error("a sink as input");
  }
  return {};
}

Status check_columns_unique(const Schema& schema) {
  std::set<std::string_view> names;
  for (const auto& field : schema.fields)
    if (!names.insert(field.name).second) return internal_error("two columns `" + field.name + "`");
  return {};
}

Status check_node(const FlowGraph& graph, NodeId id) {
  const Node& node = graph.nodes[id];
  SLUICE_TRY(check_inputs(graph, id));
  SLUICE_TRY(check_columns_unique(node.schema));
  std::vector<const Schema*> inputs;
  for (const NodeId input : node.inputs) inputs.push_back(&graph.nodes[input].schema);
  SLUICE_ASSIGN(const Schema schema, output_schema(node, inputs));
  if (schema != node.schema)
    return internal_error(fmt::format("its schema is {} but its payload gives {}",
                                      Type::record_of(node.schema.fields).to_string(),
                                      Type::record_of(schema.fields).to_string()));
  if (node.span.is_valid() && node.span.file >= graph.files.size()) return internal_error("a span in an unknown file");
  if (node.kind() == NodeKind::Exchange && node.stage) return internal_error("an exchange inside a stage");
  return {};
}

}  // namespace

Result<Schema> output_schema(const Node& node, const std::vector<const Schema*>& inputs) {
  const bool is_source = node.kind() == NodeKind::Source;
  if (is_source != inputs.empty()) return internal_error("wrong number of inputs");
  return std::visit([&](const auto& payload) { return schema_for(payload, node, inputs); }, node.payload);
}

Status verify(const FlowGraph& graph) {
  std::set<std::string_view> labels;
  for (const NodeId id : graph.ids()) {
    const Node& node = graph.nodes[id];
    if (node.label.empty() || !labels.insert(node.label).second)
      return internal_error(fmt::format("node {}: its label `{}` is empty or not unique", id.value, node.label));
    if (auto status = check_node(graph, id); !status)
      return std::unexpected(std::move(status).error().with_context(
          fmt::format("at node {} ({})", node.label, node_kind_name(node.kind()))));
  }
  return {};
}

}  // namespace sluice
