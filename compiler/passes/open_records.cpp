// R04: a column that is a record becomes a column per field, wherever somebody reads single fields of it, so that the
// passes behind see what is read of it: conditions on one field move, fields that nobody reads are not kept or sent.
// Joins make such records. One walk up the graph finds the records, one down takes them apart. Where the whole record
// is wanted, it is put together again.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "compiler/passes/passes.h"

namespace sluice::passes {

namespace {

using Names = std::set<std::string>;
using Records = std::vector<NamedExpr>;  // a record column that there was, and what it is now made of

const NamedExpr* find(const Records& records, const std::string& name) {
  const auto it = std::ranges::find(records, name, &NamedExpr::name);
  return it == records.end() ? nullptr : &*it;
}

// A window has a meaning as a whole.
bool is_record(const Type& type) { return type.kind == TypeKind::Record && !type.nullable && !type.is_window; }

// Columns whose fields the expression reads.
void add_opened(const Expr& expr, Names& names) {
  for_each(expr, [&](const Expr& part) {
    if (part.kind != ExprKind::Field) return;
    const Expr* record = &part.args[0];
    while (record->kind == ExprKind::Field) record = &record->args[0];
    if (record->kind == ExprKind::Column && is_record(record->type)) names.insert(record->name);
  });
}

// A field of a record that is put together from its fields is one of them.
void put_fields(Expr& expr, const Records& records) {
  if (expr.kind == ExprKind::Column) {
    if (const NamedExpr* record = find(records, expr.name)) expr = record->expr;
    return;
  }
  for (auto& arg : expr.args) put_fields(arg, records);
  if (expr.kind != ExprKind::Field || expr.args[0].kind != ExprKind::Record) return;
  const auto& fields = expr.args[0].type.fields;
  const auto index = static_cast<size_t>(std::ranges::find(fields, expr.name, &Field::name) - fields.begin());
  Expr value = std::move(expr.args[0].args[index]);
  value.span = expr.span;
  expr = std::move(value);
}

Expr over_fields(Expr expr, const Records& records) {
  put_fields(expr, records);
  return expr;
}

class Opener {
 public:
  explicit Opener(FlowGraph graph) : editor_(std::move(graph)) {}

  PassResult run() && {
    const std::vector<NodeId> ids = editor_.graph().ids();
    for (const NodeId id : ids) schemas_[id] = node(id).schema;
    for (auto it = ids.rbegin(); it != ids.rend(); ++it) note_wanted(*it);
    for (const NodeId id : ids) rebuild(id);
    return {std::move(editor_).finish(), std::move(notes_).take()};
  }

 private:
  [[nodiscard]] const Node& node(NodeId id) const { return editor_.graph().nodes[id]; }

  // --- up: of which columns are single fields read? ----------------------------------------------------------------

  void note_wanted(NodeId id) {
    Node copy = node(id);
    Names read;
    for_each_root(copy, [&](Expr& expr) { add_opened(expr, read); });
    const auto* join = copy.as<JoinNode>();
    const auto* project = copy.as<ProjectNode>();
    const std::vector<NamedExpr>* made = project != nullptr ? &project->columns
                                         : join != nullptr  ? &join->right
                                                            : nullptr;
    Names passed = wanted_[id];
    if (join != nullptr) passed.insert(read.begin(), read.end());  // the residual reads columns of pairs
    if (made != nullptr)
      for (const auto& column : *made)
        if (passed.contains(column.name)) add_records(column.expr, read);
    if (project == nullptr) read.insert(passed.begin(), passed.end());
    for (const NodeId input : copy.inputs)
      for (const auto& name : read)
        if (const Field* field = node(input).schema.find(name); field != nullptr && is_record(field->type))
          wanted_[input].insert(name);
  }

  static void add_records(const Expr& expr, Names& names) {
    for_each(expr, [&](const Expr& part) {
      if (part.kind == ExprKind::Column && is_record(part.type)) names.insert(part.name);
    });
  }

  // --- down: nodes over columns of fields --------------------------------------------------------------------------

  void rebuild(NodeId id) {
    Node changed = node(id);
    if (takes_records_only(changed))
      for (auto& input : changed.inputs) input = with_records(input);
    std::visit([&](auto& payload) { open(payload, changed, id); }, changed.payload);
    std::vector<const Schema*> inputs;
    for (const NodeId input : changed.inputs) inputs.push_back(&node(input).schema);
    changed.schema = schema_of(changed, inputs);
    editor_.replace(id, std::move(changed));
  }

  // Sinks write records. The inputs of a union are alike only if all of them were taken apart in the same way. A record
  // of a join that may lack its row is null as a whole.
  bool takes_records_only(const Node& changed) {
    if (const auto* join = changed.as<JoinNode>()) return may_lack_left(join->kind);
    if (changed.kind() == NodeKind::Sink) return true;
    if (changed.kind() != NodeKind::Union) return false;
    const NodeId first = changed.inputs[0];
    return std::ranges::any_of(changed.inputs, [&](NodeId input) {
      return opened_[input] != opened_[first] || node(input).schema != node(first).schema;
    });
  }

  NodeId with_records(NodeId input) {
    if (opened_[input].empty()) return input;
    std::vector<NamedExpr> columns;
    for (const auto& field : schemas_[input].fields)
      columns.push_back({field.name, over_fields(column_of(field, node(input).span), opened_[input])});
    return editor_.add(
        make_project(editor_.graph(), input, std::move(columns), fresh_label(editor_.graph(), node(input).label)));
  }

  const Records& below(const Node& changed, size_t index = 0) { return opened_[changed.inputs[index]]; }

  static void open_all(std::vector<NamedExpr>& columns, const Records& records) {
    for (auto& column : columns) put_fields(column.expr, records);
  }

  void open(SourceNode&, Node&, NodeId) {}
  void open(ProjectNode& project, Node& changed, NodeId id) {
    open_all(project.columns, below(changed));
    take_apart(project.columns, {}, id);
  }
  void open(JoinNode& join, Node& changed, NodeId id) {
    open_all(join.left_keys, below(changed));
    open_all(join.right_keys, below(changed, 1));
    open_all(join.right, below(changed, 1));
    opened_[id] = below(changed);
    if (!may_lack_right(join.kind)) take_apart(join.right, node(changed.inputs[0]).schema.names(), id);
    if (join.residual) put_fields(*join.residual, opened_[id]);
    pass_on(changed, opened_[id]);
  }
  void open(AggregateNode&, Node& changed, NodeId) {
    const Records& records = below(changed);
    for_each_root(changed, [&](Expr& expr) { put_fields(expr, records); });
  }
  void open(UnionNode&, Node& changed, NodeId id) {
    if (changed.inputs[0] == node(id).inputs[0]) opened_[id] = below(changed);
  }
  void open(SinkNode&, Node&, NodeId) {}
  void open(std::monostate, Node&, NodeId) {}
  // What passes its rows on as they are.
  template <class Payload>
  void open(Payload&, Node& changed, NodeId id) {
    const Records records = below(changed);
    for_each_root(changed, [&](Expr& expr) { put_fields(expr, records); });
    opened_[id] = records;
    pass_on(changed, records);
  }

  // In the place of each record its fields, so that top and sort compare the rest of a row as before.
  static void pass_on(Node& changed, const Records& records) {
    Schema schema;
    for (const auto& field : changed.schema.fields) {
      if (const NamedExpr* record = find(records, field.name)) {
        add_fields(record->expr, schema);
      } else {
        schema.fields.push_back(field);
      }
    }
    changed.schema = std::move(schema);
  }
  static void add_fields(const Expr& expr, Schema& schema) {
    if (expr.kind == ExprKind::Column) schema.fields.push_back({expr.name, expr.type});
    for (const auto& arg : expr.args) add_fields(arg, schema);
  }

  // The columns with a column per field in the place of each record whose fields are wanted.
  void take_apart(std::vector<NamedExpr>& columns, const std::vector<std::string>& taken, NodeId id) {
    Names names(taken.begin(), taken.end());
    for (const auto& column : columns) names.insert(column.name);
    std::vector<NamedExpr> result;
    std::vector<std::string> records;
    for (auto& column : columns) {
      if (!is_made_here(column.expr) || !is_wanted(column, id)) {
        note_kept(column, id);
        result.push_back(std::move(column));
        continue;
      }
      records.push_back(column.name);
      opened_[id].push_back({column.name, add_columns(column.name, column.expr, names, result)});
    }
    columns = std::move(result);
    for (const auto& name : records)
      notes_.fired({node(id).label}, fmt::format("the fields of `{}` are columns of their own", name));
  }

  static bool is_made_here(const Expr& expr) { return expr.kind == ExprKind::Record && is_record(expr.type); }

  void note_kept(const NamedExpr& column, NodeId id) {
    if (column.expr.kind == ExprKind::Column || column.expr.type.kind != TypeKind::Record || column.expr.type.is_window)
      return;
    notes_.not_fired({node(id).label},
                     column.expr.type.nullable
                         ? fmt::format("`{}` stays a record: it may be null as a whole", column.name)
                         : fmt::format("`{}` stays a record: nobody reads single fields of it", column.name));
  }

  // The condition of a join may be the only one to read fields.
  bool is_wanted(const NamedExpr& column, NodeId id) {
    if (wanted_[id].contains(column.name)) return true;
    const auto* join = node(id).as<JoinNode>();
    if (join == nullptr || !join->residual) return false;
    Names read;
    add_opened(*join->residual, read);
    return read.contains(column.name);
  }

  // Adds a column for each value in the record; returns the record made of these columns.
  static Expr add_columns(const std::string& name, const Expr& record, Names& names, std::vector<NamedExpr>& columns) {
    Expr made = record;
    for (size_t i = 0; i < made.args.size(); ++i) {
      Expr& value = made.args[i];
      const std::string wanted = name + "." + record.type.fields[i].name;
      if (is_made_here(value)) {
        value = add_columns(wanted, value, names, columns);
        continue;
      }
      std::string column = wanted;
      while (!names.insert(column).second) column.insert(0, "@");
      Expr read = Expr::column(column, value.type, value.span);
      columns.push_back({std::move(column), std::exchange(value, std::move(read))});
    }
    return made;
  }

  GraphEditor editor_;
  std::map<NodeId, Schema> schemas_;  // as they were
  std::map<NodeId, Names> wanted_;
  std::map<NodeId, Records> opened_;  // of each node's output
  Notes notes_{"open_records"};
};

}  // namespace

PassResult open_records(FlowGraph graph, const PassOptions&) { return Opener(std::move(graph)).run(); }

}  // namespace sluice::passes
