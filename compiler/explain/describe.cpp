#include "compiler/explain/describe.h"

#include <fmt/format.h>

#include <algorithm>

#include "lang/graph/graph_text.h"
#include "lang/support/invariant.h"
#include "lang/support/time_text.h"

namespace sluice::describe {

namespace {

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

// `lines("books/*.txt")`: the first option says which data it is.
std::string connector_text(const std::string& connector, const std::vector<ConnectorOption>& options) {
  const auto* path = options.empty() ? nullptr : std::get_if<std::string>(&options.front().value);
  return path == nullptr ? connector + "()" : fmt::format("{}(\"{}\")", connector, *path);
}

std::string source_text(const SourceNode& source, const Node& node) {
  std::vector<std::string> decoded = node.schema.names();
  if (source.filter) collect_columns(*source.filter, decoded);
  std::string text = connector_text(source.connector, source.options);
  if (decoded.size() != source.declared.fields.size())
    text += fmt::format(" decoding {} of {} fields", decoded.size(), source.declared.fields.size());
  if (source.filter) text += " where " + flow_text(*source.filter);
  return text;
}

const std::vector<NamedExpr>* keys_of(const Node& node) {
  if (const auto* aggregate = node.as<AggregateNode>()) return &aggregate->keys;
  if (const auto* top = node.as<TopNode>()) return &top->keys;
  if (const auto* join = node.as<JoinNode>()) return &join->left_keys;
  return nullptr;
}

std::string time_text(const TimeNode& time) {
  std::string text = time.time ? "time " + flow_text(*time.time) : "time by the clock on the wall";
  if (time.delay != 0) text += " delay " + duration_text(time.delay);
  if (time.idle) text += " idle " + duration_text(*time.idle);
  return text;
}

std::string window_text(const WindowNode& window) {
  if (window.late_rows) return "rows too late for their windows";
  if (window.pane == 0 && window.column.starts_with('@')) return "rows that are not late";
  std::string text = fmt::format("over {}({}", window_kind_name(window.kind), duration_text(window.size));
  if (window.kind != WindowKind::Tumble) text += ", every = " + duration_text(window.step);
  if (window.offset != 0) text += ", offset = " + duration_text(window.offset);
  if (!window.zone.empty()) text += ", zone = \"" + window.zone + "\"";
  if (window.late != 0) text += ", late = " + duration_text(window.late);
  text += ")";
  return window.pane == 0 ? text : text + fmt::format(" in panes of {}", duration_text(window.pane));
}

std::string project_text(const ProjectNode& project) {
  std::string text;
  for (const auto& column : project.columns) {
    const bool is_passed = column.expr.kind == ExprKind::Column && column.expr.name == column.name;
    text += text.empty() ? "select " : ", ";
    text += is_passed ? column.name : column.name + " = " + flow_text(column.expr);
  }
  return text;
}

}  // namespace

std::string id_of(const Node& node) { return node.kind() == NodeKind::Exchange ? node.label : "#" + node.label; }

std::string file_of(const FlowGraph& graph) {
  // Sources may stand in modules, but sinks come last and stand in the program.
  std::string file = graph.files.empty() ? graph.name : graph.files.front();
  for (const auto& node : graph.nodes)
    if (node.span.is_valid() && node.span.file < graph.files.size()) file = graph.files[node.span.file];
  return file;
}

std::string place_of(const FlowGraph& graph, const Node& node) {
  const Span& span = node.span;
  if (!span.is_valid()) return "-";
  const std::string file = span.file < graph.files.size() ? graph.files[span.file] : "";
  return fmt::format("{}:{}", file == file_of(graph) ? "" : file, span.begin.line);
}

std::string operator_text(const Node& node) {
  if (!node.text.empty()) return node.text;
  if (const auto* time = node.as<TimeNode>()) return time_text(*time);
  if (const auto* window = node.as<WindowNode>()) return window_text(*window);
  return std::string(node_kind_name(node.kind()));
}

std::string step_text(const Node& node) {
  if (const auto* source = node.as<SourceNode>()) return source_text(*source, node);
  if (const auto* sink = node.as<SinkNode>()) return "to " + connector_text(sink->connector, sink->options);
  if (const auto* filter = node.as<FilterNode>()) return "where " + flow_text(filter->condition);
  if (const auto* time = node.as<TimeNode>()) return time_text(*time);
  if (const auto* window = node.as<WindowNode>()) return window_text(*window);
  if (const auto* project = node.as<ProjectNode>(); project != nullptr && node.text.empty())
    return project_text(*project);
  const auto* aggregate = node.as<AggregateNode>();
  if (aggregate == nullptr || aggregate->phase == AggregatePhase::Single) return operator_text(node);
  return operator_text(node) + (aggregate->phase == AggregatePhase::Partial ? " (each task)" : " (merged)");
}

std::string key_text(const Node& node) {
  if (node.kind() == NodeKind::Sink) return "append";
  return node.rows.key.empty() ? "-" : joined(node.rows.key);
}

std::string kind_text(const Node& node) {
  if (node.kind() == NodeKind::Sink) return "sink";
  return node.rows.is_table ? "table" : "stream";
}

// When changes that are collected go out, in front of what ends them.
std::string changes_text(const Node& node) {
  const auto* every = every_of(node);
  if (every == nullptr || !node.rows.is_table) return {};
  return "every " + duration_text(every->length) + " until ";
}

std::string final_text(const FlowGraph& graph, NodeId id) {
  const Node& node = graph.nodes[id];
  const auto* windowed = keys_of(node);
  std::string window;
  const SessionWindow* session = session_of(node);
  if (session != nullptr) window = session->column;
  if (windowed != nullptr && window_key(*windowed)) window = (*windowed)[*window_key(*windowed)].name;
  if (window.starts_with('@'))
    return session != nullptr ? changes_text(node) + "no row of the key for " + duration_text(session->gap - 1)
                              : "the watermark has passed its time";
  if (!window.empty()) {
    const int64_t lag = window_lag(graph, id);
    return fmt::format("{}watermark ≥ {}.end{}", changes_text(node), window,
                       lag == 0 ? "" : " + " + duration_text(lag));
  }
  switch (node.kind()) {
    case NodeKind::Aggregate:
      if (const std::string changes = changes_text(node); !changes.empty()) return changes + "its input ends";
      return node.as<AggregateNode>()->is_incremental ? "each row changes it" : "its input ends";
    case NodeKind::Top:
      if (const std::string changes = changes_text(node); !changes.empty()) return changes + "its input ends";
      return node.as<TopNode>()->is_incremental ? "each row changes it" : "its input ends";
    case NodeKind::Frame:
      if (!follows_time(*node.as<FrameNode>())) return "its input ends";
      return node.as<FrameNode>()->leads.empty() ? "watermark > the time of the row" : "the rows behind it have come";
    case NodeKind::Sort:
      return "its input ends";
    case NodeKind::Join:
      return is_streamed(*node.as<JoinNode>()) ? "at once" : "its inputs end";
    case NodeKind::Sink:
      return "the job ends";
    case NodeKind::Source:
    case NodeKind::Filter:
    case NodeKind::Project:
    case NodeKind::Expand:
    case NodeKind::Time:
    case NodeKind::Window:
    case NodeKind::Limit:
    case NodeKind::Union:
    case NodeKind::Changes:
    case NodeKind::Exchange:
      return "at once";
  }
  return "at once";
}

bool waits_for_end(const FlowGraph& graph) {
  return std::ranges::any_of(graph.ids(), [&](NodeId id) {
    const std::string final_when = final_text(graph, id);
    return final_when == "its input ends" || final_when == "its inputs end";
  });
}

std::string schema_text(const Schema& schema) {
  std::vector<Field> visible = schema.fields;
  std::erase_if(visible, [](const Field& field) { return field.name.starts_with('@'); });
  return Type::record_of(std::move(visible)).to_string();
}

namespace {

// Keys that are no column have names that nobody wrote.
Schema join_keys(const JoinNode& join) {
  Schema keys;
  for (const auto& key : join.left_keys) {
    const bool is_column = key.expr.kind == ExprKind::Column && !key.expr.name.starts_with("key.");
    keys.fields.push_back({is_column ? key.expr.name : flow_text(key.expr), key.expr.type});
  }
  return keys;
}

std::string bounds_text(const JoinNode& join) {
  std::string text;
  if (join.left_bound) text += fmt::format(", of the left one until `{}`", flow_text(join.left_bound->time));
  if (join.right_bound) text += fmt::format(", of the right one until `{}`", flow_text(join.right_bound->time));
  return text;
}

}  // namespace

std::string state_text(const JobPlan& plan, const StatePlan& state) {
  const Node& node = plan.graph.nodes[state.node];
  const auto* top = node.as<TopNode>();
  switch (state.kind) {
    case StateKind::Groups:
      if (const auto* join = node.as<JoinNode>())
        return fmt::format("hash table {} → rows of {}{}", schema_text(join_keys(*join)),
                           join->is_lookup ? "the other side" : "both sides", bounds_text(*join));
      return fmt::format("hash table {} → {}", schema_text(state.key),
                         top == nullptr ? schema_text(state.value) : "its rows");
    case StateKind::Panes:
      return fmt::format("groups of each pane {} → {}", schema_text(state.key), schema_text(state.value));
    case StateKind::Distinct:
      return "hash table " + schema_text(state.key) +
             (state.value.fields.empty() ? "" : " → " + state.value.fields[0].name);
    case StateKind::Top:
      return fmt::format("the first {} rows{} {}", top == nullptr ? 0 : top->limit,
                         top == nullptr || top->keys.empty() ? "" : " per group", schema_text(state.value));
    case StateKind::Ranking:
      return "all rows in order " + schema_text(state.value);
    case StateKind::LocalWindows:
      return "the windows of the rows that come, by the clock of " + node.as<WindowNode>()->zone;
    case StateKind::Changed:
      return "groups whose changes are still to be given out";
    case StateKind::Frames:
      return "rows until their turn, and those in frames " + schema_text(state.value);
    case StateKind::Sort:
      return "all rows " + schema_text(state.value);
    case StateKind::Sessions:
      return "open sessions " + schema_text(state.value);
    case StateKind::Counter:
      if (node.kind() == NodeKind::Time) return "the latest time";
      return node.kind() == NodeKind::Limit ? "a row count" : "a count of late rows";
  }
  return {};
}

std::string edge_text(const JobPlan& plan, const EdgePlan& edge) {
  switch (edge.kind) {
    case ExchangeKind::Forward:
      return "task to task";
    case ExchangeKind::Hash:
      return fmt::format("hash({}), {} key groups", joined(edge.keys), plan.key_groups);
    case ExchangeKind::Broadcast:
      return "every row to all tasks";
    case ExchangeKind::Gather:
      return edge.is_ordered ? "all to one task, in order" : "all to one task";
  }
  return {};
}

std::string nodes_text(const RewriteNote& note) {
  const std::string_view separator = note.pass == "push_filters" && note.fired ? "→" : "+";
  std::string text;
  for (const auto& label : note.nodes) {
    if (!text.empty()) text += separator;
    text += (label.starts_with('E') ? "" : "#") + label;
  }
  return text.empty() ? "-" : text;
}

const PassRow& pass_of(const RewriteNote& note) {
  const auto it = std::ranges::find(pass_rows(), note.pass, &PassRow::name);
  SLUICE_INVARIANT(it != pass_rows().end(), "a note of the unknown pass " + note.pass);
  return *it;
}

size_t step_count(const FlowGraph& graph) {
  return static_cast<size_t>(
      std::ranges::count_if(graph.nodes, [](const Node& node) { return node.kind() != NodeKind::Exchange; }));
}

std::vector<std::string> rewrites_at(const Node& node, const std::vector<RewriteNote>& notes) {
  std::vector<std::string> codes;
  for (const auto& note : notes) {
    if (!note.fired || std::ranges::find(note.nodes, node.label) == note.nodes.end()) continue;
    const std::string code(pass_of(note).code);
    if (std::ranges::find(codes, code) == codes.end()) codes.push_back(code);
  }
  return codes;
}

std::string counted(size_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

}  // namespace sluice::describe
