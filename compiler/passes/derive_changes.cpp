// R12: what `changes` reads is computed as it changes. Each step between it and the streams it is made of gets an
// incremental form of its own; whoever else reads these steps keeps the ones that give a result at the end. A step that
// only passes rows on carries their weight (kRowWeight) along. After Budiu et al., "DBSP" (VLDB 2023).
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "compiler/passes/passes.h"
#include "lang/graph/endless.h"
#include "lang/support/time_text.h"

namespace sluice::passes {

namespace {

Expr weight_of_new_row(const Span& span) { return Expr::literal(int64_t{1}, Type(TypeKind::Int), span); }

std::string when_changes_come(const Node& node) {
  const auto* every = every_of(node);
  return every != nullptr ? "every " + duration_text(every->length) : "row by row";
}

class Deriver {
 public:
  explicit Deriver(FlowGraph graph) : endless_(endless_nodes(graph)), editor_(std::move(graph)) {}

  PassResult run() && {
    for (const NodeId id : editor_.graph().ids()) {
      if (node(id).kind() != NodeKind::Changes) continue;
      const NodeId rows = derived(node(id).inputs[0]);
      editor_.replace(id, visible_changes(id, rows));
      derived_.emplace(id, id);  // they only come, for who asks for the changes of what is behind them
    }
    distinct_as_they_come();
    return {std::move(editor_).finish(), std::move(notes_).take()};
  }

 private:
  [[nodiscard]] const Node& node(NodeId id) const { return editor_.graph().nodes[id]; }
  [[nodiscard]] bool has_weight(NodeId id) const { return node(id).schema.find(kRowWeight) != nullptr; }

  // Of endless rows the distinct ones can only be given out as they come.
  void distinct_as_they_come() {
    for (size_t i = 0; i < endless_.size(); ++i) {
      const NodeId id(i);
      if (!endless_[i] || node(id).rows.is_table || is_final(node(id))) continue;
      const auto* distinct = node(id).as<AggregateNode>();
      if (distinct == nullptr || distinct->is_incremental || distinct->keys.empty() || !distinct->calls.empty())
        continue;
      Node changed = node(id);
      changed.as<AggregateNode>()->is_incremental = true;
      editor_.replace(id, std::move(changed));
      notes_.fired({node(id).label}, fmt::format("`{}` gives a row out when it comes first", node(id).text));
    }
  }

  // The node that gives out the changes of what `id` gives out at its end: `id` itself where that only grows anyway.
  NodeId derived(NodeId id) {
    if (const auto it = derived_.find(id); it != derived_.end()) return it->second;
    const NodeId result = derive(id);
    derived_.emplace(id, result);
    return result;
  }

  NodeId derive(NodeId id) {
    if (is_final(node(id))) return id;
    Node changed = node(id);
    bool is_same = !becomes_incremental(changed);
    for (auto& input : changed.inputs) {
      const NodeId below = derived(input);
      is_same = is_same && below == input;
      input = below;
    }
    const bool reads_changes = std::ranges::any_of(changed.inputs, [&](NodeId input) { return has_weight(input); });
    if (auto* join = changed.as<JoinNode>()) {
      // Pairs of streams can only be added.
      is_same = is_same && !reads_changes;
      join->is_incremental = reads_changes || !is_streamed(*join);
      if (join->is_incremental) join->left_is_unique = join->right_is_unique = false;
    }
    if (is_same) return id;
    return add(id, std::move(changed), reads_changes);
  }

  // What comes out of this node is never taken back.
  static bool is_final(const Node& node) {
    switch (node.kind()) {
      case NodeKind::Source:
      case NodeKind::Time:
      case NodeKind::Window:
      case NodeKind::Frame:
      case NodeKind::Sort:
      case NodeKind::Limit:
      case NodeKind::Changes:
      case NodeKind::Sink:
      case NodeKind::Exchange:
        return true;
      case NodeKind::Aggregate:
        // Of windows it was asked for (`emit changes`) where they are a table.
        return !node.rows.is_table &&
               (node.as<AggregateNode>()->session || node.as<AggregateNode>()->window_rows != 0 ||
                window_key(node.as<AggregateNode>()->keys));
      case NodeKind::Top:
        return !node.rows.is_table && (node.as<TopNode>()->session || window_key(node.as<TopNode>()->keys));
      case NodeKind::Join:
        return !window_of(*node.as<JoinNode>()).empty();
      case NodeKind::Filter:
      case NodeKind::Project:
      case NodeKind::Expand:
      case NodeKind::Union:
        return false;
    }
    return false;
  }

  static bool becomes_incremental(Node& node) {
    if (auto* aggregate = node.as<AggregateNode>()) return aggregate->is_incremental = true;
    if (auto* top = node.as<TopNode>()) return top->is_incremental = true;
    const auto* join = node.as<JoinNode>();
    return join != nullptr && !is_streamed(*join);
  }

  NodeId add(NodeId original, Node changed, bool reads_changes) {
    const std::string base = node(original).label;
    if (reads_changes) carry_weight(changed);
    const bool passes_schema_on = changed.kind() == NodeKind::Expand || changed.kind() == NodeKind::Join;
    if (passes_schema_on && reads_changes) add_weight(changed);
    if (const auto* join = changed.as<JoinNode>();
        join != nullptr && join->is_incremental && !reads_changes && join->kind != JoinKind::Semi)
      add_weight(changed);
    std::vector<const Schema*> inputs;
    for (const NodeId input : changed.inputs) inputs.push_back(&node(input).schema);
    changed.schema = schema_of(changed, inputs);
    changed.label = fresh_label(editor_.graph(), base);
    changed.name += ".changes";
    if (!changed.text.empty() && changed.kind() != NodeKind::Project && changed.kind() != NodeKind::Filter)
      notes_.fired({base, changed.label},
                   fmt::format("`{}` gives out what changes, {}", changed.text, when_changes_come(changed)));
    return editor_.add(std::move(changed));
  }

  static void add_weight(Node& node) {
    if (node.schema.find(kRowWeight) == nullptr)
      node.schema.fields.push_back({std::string(kRowWeight), Type(TypeKind::Int)});
  }

  void carry_weight(Node& changed) {
    const std::string name(kRowWeight);
    if (auto* project = changed.as<ProjectNode>())
      project->columns.push_back({name, Expr::column(name, Type(TypeKind::Int), changed.span)});
    if (changed.kind() != NodeKind::Union) return;
    for (auto& input : changed.inputs) {
      if (has_weight(input)) {
        input = in_order(input, changed);
        continue;
      }
      std::vector<NamedExpr> columns = columns_of(changed.schema, changed.span);
      columns.push_back({name, weight_of_new_row(changed.span)});
      input = add_project(input, std::move(columns));
    }
  }

  // The inputs of a union have their columns in one order, the weight last.
  NodeId in_order(NodeId input, const Node& reader) {
    std::vector<NamedExpr> columns = columns_of(reader.schema, reader.span);
    columns.push_back(
        {std::string(kRowWeight), Expr::column(std::string(kRowWeight), Type(TypeKind::Int), reader.span)});
    const bool is_ordered =
        std::ranges::equal(node(input).schema.fields, columns,
                           [](const Field& field, const NamedExpr& column) { return field.name == column.name; });
    return is_ordered ? input : add_project(input, std::move(columns));
  }

  static std::vector<NamedExpr> columns_of(const Schema& schema, const Span& span) {
    std::vector<NamedExpr> columns;
    for (const auto& field : schema.fields) columns.push_back({field.name, column_of(field, span)});
    return columns;
  }

  NodeId add_project(NodeId input, std::vector<NamedExpr> columns) {
    return editor_.add(
        make_project(editor_.graph(), input, std::move(columns), fresh_label(editor_.graph(), node(input).label)));
  }

  // The changes node as the project that shows the weight.
  Node visible_changes(NodeId id, NodeId rows) {
    Node changed = node(id);
    std::vector<NamedExpr> columns;
    const std::string column = changed.as<ChangesNode>()->column;
    for (const auto& field : changed.schema.fields)
      if (field.name != column) columns.push_back({field.name, column_of(field, changed.span)});
    const std::string weight(kRowWeight);
    columns.push_back({column, has_weight(rows) ? Expr::column(weight, Type(TypeKind::Int), changed.span)
                                                : weight_of_new_row(changed.span)});
    changed.inputs = {rows};
    changed.payload = ProjectNode{std::move(columns)};
    changed.schema = schema_of(changed, {&node(rows).schema});
    return changed;
  }

  const std::vector<bool> endless_;  // of the nodes as they were
  GraphEditor editor_;
  std::map<NodeId, NodeId> derived_;
  Notes notes_{"derive_changes"};
};

}  // namespace

PassResult derive_changes(FlowGraph graph, const PassOptions&) { return Deriver(std::move(graph)).run(); }

}  // namespace sluice::passes
