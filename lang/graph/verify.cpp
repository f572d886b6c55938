#include "lang/graph/verify.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>

#include "lang/graph/verify_expr.h"
#include "lang/graph/verify_rules.h"
#include "lang/graph/verify_tasks.h"

namespace sluice {

namespace {

Status check_columns(const Schema& schema) {
  std::set<std::string_view> names;
  for (const auto& [name, type] : schema.fields) {
    if (!names.insert(name).second) return internal_error("two columns `" + name + "`");
    if (!is_compiled(type)) return internal_error(fmt::format("column `{}` is {}", name, type.to_string()));
    const bool is_time = name == kRowTime || name == kRowMark;
    if ((is_time && type != Type(TypeKind::Timestamp)) || (name == kRowWeight && type != Type(TypeKind::Int)))
      return internal_error(fmt::format("column `{}` cannot be {}", name, type.to_string()));
  }
  return {};
}

Result<Schema> schema_for(const SourceNode& source, const Node& node, const InputSchemas&) {
  SLUICE_TRY(check_columns(source.declared));
  for (const auto& field : node.schema.fields) {
    const Field* declared = source.declared.find(field.name);
    if (declared == nullptr || declared->type != field.type)
      return internal_error("the source does not declare `" + field.name + "` with that type");
  }
  if (source.filter) SLUICE_TRY(check_condition(*source.filter, source.declared));
  return node.schema;
}

Result<Schema> schema_for(const FilterNode& filter, const Node&, const InputSchemas& inputs) {
  SLUICE_TRY(check_condition(filter.condition, *inputs[0]));
  return *inputs[0];
}

Result<Schema> schema_for(const ProjectNode& project, const Node&, const InputSchemas& inputs) {
  std::vector<NamedExpr> columns = project.columns;
  std::erase_if(columns, [](const NamedExpr& column) {
    return is_volatile(column.expr) && column.expr.args.empty() && column.expr.type == Type(TypeKind::Timestamp);
  });
  SLUICE_TRY(check_named(columns, *inputs[0]));
  Schema schema;
  for (const auto& column : project.columns) schema.fields.push_back({column.name, column.expr.type});
  return schema;
}

Result<Schema> schema_for(const ExpandNode& expand, const Node& node, const InputSchemas& inputs) {
  SLUICE_TRY(verify_expr(expand.list, {inputs[0], {}}));
  if (expand.list.type.kind != TypeKind::List || expand.list.type.nullable)
    return internal_error("what is expanded is not a list but " + expand.list.type.to_string());
  if (node.schema.find(expand.column) == nullptr) return internal_error("the element has no column");
  return passed_on(node, *inputs[0], {{expand.column, expand.list.type.element()}});
}

Result<Schema> schema_for(const TimeNode& time, const Node& node, const InputSchemas& inputs) {
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

Result<Schema> schema_for(const WindowNode& window, const Node& node, const InputSchemas& inputs) {
  SLUICE_TRY(check_shape(window));
  if (window.late_rows != window.column.empty()) return internal_error("late rows have no window");
  if (window.late < 0 || window.pane < 0) return internal_error("a window that ends before it ends");
  if (window.pane != 0 &&
      (window.late_rows || window.size % window.pane != 0 || window.step % window.pane != 0 || !window.zone.empty()))
    return internal_error("its windows are not made of panes");
  SLUICE_TRY(check_timed(*inputs[0], "windows"));
  if (window.late_rows) return passed_on(node, *inputs[0], {});
  if (node.schema.find(window.column) == nullptr) return internal_error("the window has no column");
  return passed_on(node, *inputs[0], {{window.column, Type::window()}});
}

Result<Schema> schema_for(const TopNode& top, const Node& node, const InputSchemas& inputs) {
  SLUICE_TRY(check_named(top.keys, *inputs[0]));
  SLUICE_TRY(check_order(top.order, *inputs[0]));
  SLUICE_ASSIGN(const bool reads_changes, has_weight(top.is_incremental, inputs));
  if (top.is_incremental && top.session) return internal_error("an incremental top over sessions");
  if (top.every && (top.every->length < 1 || top.every->delay < 0 || reads_changes))
    return internal_error("changes given out at no time");
  if (collects_changes(top)) SLUICE_TRY(check_timed(*inputs[0], "what collects changes"));
  if (top.session) SLUICE_TRY(check_session(*top.session, !top.keys.empty(), *inputs[0]));
  Schema schema = *inputs[0];
  if (top.is_incremental) std::erase_if(schema.fields, [](const Field& field) { return field.name == kRowWeight; });
  if (!top.rank_column.empty()) schema.fields.push_back({top.rank_column, Type(TypeKind::Int)});
  if (top.session) schema.fields.push_back({top.session->column, Type::window()});
  if (top.is_incremental) add_weight(schema);
  if (schema.fields.size() != node.schema.fields.size()) return schema;
  return passed_on(node, schema, {});
}

Result<Schema> schema_for(const AggregateNode& aggregate, const Node&, const InputSchemas& inputs) {
  return aggregate_schema(aggregate, inputs);
}

Result<Schema> schema_for(const FrameNode& frame, const Node& node, const InputSchemas& inputs) {
  return frame_schema(frame, node, inputs);
}

Result<Schema> schema_for(const JoinNode& join, const Node& node, const InputSchemas& inputs) {
  return join_schema(join, node, inputs);
}

Result<Schema> schema_for(const SortNode& sort, const Node&, const InputSchemas& inputs) {
  SLUICE_TRY(check_order(sort.order, *inputs[0]));
  return *inputs[0];
}

Result<Schema> schema_for(const LimitNode&, const Node&, const InputSchemas& inputs) { return *inputs[0]; }

Result<Schema> schema_for(const UnionNode&, const Node&, const InputSchemas& inputs) {
  for (const Schema* input : inputs)
    if (*input != *inputs[0]) return internal_error("the inputs of a union differ in their columns");
  return *inputs[0];
}

Result<Schema> schema_for(const ChangesNode& changes, const Node&, const InputSchemas& inputs) {
  SLUICE_TRY(has_weight(false, inputs));
  Schema schema = *inputs[0];
  schema.fields.push_back({changes.column, Type(TypeKind::Int)});
  return schema;
}

Result<Schema> schema_for(const SinkNode&, const Node&, const InputSchemas& inputs) { return *inputs[0]; }

Result<Schema> schema_for(const ExchangeNode& exchange, const Node&, const InputSchemas& inputs) {
  if ((exchange.kind == ExchangeKind::Hash) == exchange.keys.empty())
    return internal_error("an exchange by hash needs keys, and no other has them");
  for (const auto& key : exchange.keys)
    if (inputs[0]->find(key) == nullptr) return internal_error("no column `" + key + "` to distribute by");
  return *inputs[0];
}

Result<Schema> schema_for(std::monostate, const Node&, const InputSchemas&) {
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

Status check_node(const FlowGraph& graph, NodeId id) {
  const Node& node = graph.nodes[id];
  SLUICE_TRY(check_inputs(graph, id));
  SLUICE_TRY(check_columns(node.schema));
  std::vector<const Schema*> inputs;
  for (const NodeId input : node.inputs) inputs.push_back(&graph.nodes[input].schema);
  SLUICE_ASSIGN(const Schema schema, output_schema(node, inputs));
  if (schema != node.schema)
    return internal_error(fmt::format("its schema is {} but its payload gives {}",
                                      Type::record_of(node.schema.fields).to_string(),
                                      Type::record_of(schema.fields).to_string()));
  if (node.span.is_valid() && node.span.file >= graph.files.size()) return internal_error("a span in an unknown file");
  if (node.combine && node.kind() != NodeKind::Aggregate && node.kind() != NodeKind::Top)
    return internal_error("only rows of an aggregate or a top can be combined");
  if (node.is_broadcast && node.kind() != NodeKind::Join)
    return internal_error("only the other side of a join can be broadcast");
  if (node.kind() == NodeKind::Exchange && node.is_cut) return internal_error("a cut behind an exchange");
  if (node.kind() == NodeKind::Exchange && node.stage) return internal_error("an exchange inside a stage");
  return {};
}

}  // namespace

Result<Schema> output_schema(const Node& node, const InputSchemas& inputs) {
  const bool is_source = node.kind() == NodeKind::Source;
  if (is_source != inputs.empty()) return internal_error("wrong number of inputs");
  return std::visit([&](const auto& payload) { return schema_for(payload, node, inputs); }, node.payload);
}

std::optional<Violation> find_violation(const FlowGraph& graph) {
  std::set<std::string_view> labels;
  for (const NodeId id : graph.ids()) {
    const Node& node = graph.nodes[id];
    if (node.label.empty() || !labels.insert(node.label).second)
      return Violation{id, fmt::format("its label `{}` is empty or not unique", node.label)};
    if (auto status = check_node(graph, id); !status) return Violation{id, status.error().to_string()};
  }
  return find_task_violation(graph);
}

Error to_error(const FlowGraph& graph, const Violation& violation) {
  Error error = internal_error(violation.text).error();
  if (!graph.nodes.contains(violation.node)) return error;
  const Node& node = graph.nodes[violation.node];
  return std::move(error).with_context(fmt::format("at node {} ({})", node.label, node_kind_name(node.kind())));
}

Status verify(const FlowGraph& graph) {
  if (const auto violation = find_violation(graph)) return std::unexpected(to_error(graph, *violation));
  return {};
}

}  // namespace sluice
