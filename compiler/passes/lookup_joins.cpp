// R06: a join with a table in files reads the table first, whole, and then answers the rows of its left side as they
// come, so that none of them is kept, however many there are. What the table is made of must be the join's own: if
// something else read it too, it could have to wait for the rows that wait for the table. Where those rows may never
// end, or where `@broadcast` asks for it, the join gets a copy of its own, unless that would read a pipe twice; else
// both sides are kept.
#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <system_error>

#include "compiler/passes/passes.h"

namespace sluice::passes {

namespace {

constexpr std::array<std::string_view, 3> kFileConnectors{"csv", "json", "lines"};

const std::string* path_of(const SourceNode& source) {
  const auto path = std::ranges::find(source.options, "path", &ConnectorOption::name);
  return path == source.options.end() ? nullptr : std::get_if<std::string>(&path->value);
}

// Does the source read files, which have an end? Standard input may have none.
bool reads_files(const SourceNode& source) {
  if (std::ranges::find(kFileConnectors, source.connector) == kFileConnectors.end()) return false;
  const auto* path = path_of(source);
  return path != nullptr && *path != "-";
}

// Would a second reader get the same rows? Not from a named pipe or a device; what is not there fails when it is read.
bool can_be_read_twice(const SourceNode& source) {
  std::error_code unknown;
  const auto status = std::filesystem::status(*path_of(source), unknown);
  return !std::filesystem::exists(status) || std::filesystem::is_regular_file(status) ||
         std::filesystem::is_directory(status);
}

class Tables {
 public:
  explicit Tables(FlowGraph graph) : editor_(std::move(graph)) {}

  PassResult run() && {
    for (const NodeId id : editor_.graph().ids()) {
      const auto* join = node(id).as<JoinNode>();
      if (join == nullptr) continue;
      if (can_look_up(*join))
        look_up(id);
      else if (node(id).is_broadcast)
        notes_.not_fired({node(id).label}, "`@broadcast`: its rows of both sides have to meet in one task");
    }
    return {std::move(editor_).finish(), std::move(notes_).take()};
  }

 private:
  [[nodiscard]] const Node& node(NodeId id) const { return editor_.graph().nodes[id]; }

  void look_up(NodeId id) {
    std::set<NodeId> steps;
    if (const char* reason = why_not(node(id).inputs[1], steps)) return notes_.not_fired({node(id).label}, reason);
    Node changed = node(id);
    changed.as<JoinNode>()->is_lookup = true;
    if (!is_own(id, steps)) {
      if (ends(changed.inputs[0]) && !changed.is_broadcast)
        return notes_.not_fired({node(id).label}, "the other side has other readers, too");
      if (is_volatile_one(steps))
        return notes_.not_fired({node(id).label}, "the other side has other readers, who must see the same `now()`");
      if (!can_be_copied(steps))
        return notes_.not_fired({node(id).label}, "the other side has other readers, and is a pipe, which has one");
      changed.inputs[1] = copied(changed.inputs[1], steps);
    }
    notes_.fired({changed.label}, "the other side is read first: rows of this one are answered as they come");
    editor_.replace(id, std::move(changed));
  }

  // Collects what the right side is made of; says why it is no table that can be read first.
  const char* why_not(NodeId at, std::set<NodeId>& steps) const {
    if (!steps.insert(at).second) return nullptr;
    switch (node(at).kind()) {
      case NodeKind::Source:
        return reads_files(*node(at).as<SourceNode>()) ? nullptr : "the other side is not read from files";
      case NodeKind::Time:
        return "the other side has event time: its rows come in the course of time";
      case NodeKind::Filter:
      case NodeKind::Project:
      case NodeKind::Expand:
      case NodeKind::Union:
        break;
      case NodeKind::Window:
      case NodeKind::Aggregate:
      case NodeKind::Top:
      case NodeKind::Frame:
      case NodeKind::Sort:
      case NodeKind::Limit:
      case NodeKind::Join:
      case NodeKind::Changes:
      case NodeKind::Sink:
      case NodeKind::Exchange:
        return "the other side is computed: rows of both sides are kept";
    }
    for (const NodeId input : node(at).inputs)
      if (const char* reason = why_not(input, steps)) return reason;
    return nullptr;
  }

  // Does nothing but the join read the steps to its right side?
  [[nodiscard]] bool is_own(NodeId join, const std::set<NodeId>& steps) const {
    if (steps.contains(node(join).inputs[0])) return false;
    return std::ranges::all_of(steps, [&](NodeId step) {
      return std::ranges::all_of(editor_.graph().users_of(step),
                                 [&](NodeId user) { return user == join || steps.contains(user); });
    });
  }

  // Do all rows come from sources that have an end?
  [[nodiscard]] bool ends(NodeId at) const {
    const auto* source = node(at).as<SourceNode>();
    if (source != nullptr) return reads_files(*source);
    return std::ranges::all_of(node(at).inputs, [this](NodeId input) { return ends(input); });
  }

  // Would a copy have other values?
  [[nodiscard]] bool is_volatile_one(const std::set<NodeId>& steps) const {
    return std::ranges::any_of(steps, [&](NodeId step) {
      const auto* project = node(step).as<ProjectNode>();
      return project != nullptr &&
             std::ranges::any_of(project->columns, [](const NamedExpr& column) { return is_volatile(column.expr); });
    });
  }

  [[nodiscard]] bool can_be_copied(const std::set<NodeId>& steps) const {
    return std::ranges::all_of(steps, [&](NodeId step) {
      const auto* source = node(step).as<SourceNode>();
      return source == nullptr || can_be_read_twice(*source);
    });
  }

  NodeId copied(NodeId table, const std::set<NodeId>& steps) {
    std::map<NodeId, NodeId> copies;
    for (const NodeId step : steps) {  // inputs come first
      Node copy = node(step);
      copy.label = fresh_label(editor_.graph(), copy.label);
      for (auto& input : copy.inputs) input = copies.at(input);
      copies.emplace(step, editor_.add(std::move(copy)));
    }
    return copies.at(table);
  }

  GraphEditor editor_;
  Notes notes_{"lookup_joins"};
};

}  // namespace

PassResult lookup_joins(FlowGraph graph, const PassOptions&) { return Tables(std::move(graph)).run(); }

}  // namespace sluice::passes
