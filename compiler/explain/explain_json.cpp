#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "compiler/explain/describe.h"
#include "compiler/explain/explain.h"

namespace sluice {

namespace {

using namespace describe;
using Json = nlohmann::ordered_json;

// Bytes that are not UTF-8, which a path may have, become replacement characters.
std::string line(const Json& object) { return object.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"; }

Json columns_json(const Schema& schema) {
  Json columns = Json::array();
  for (const auto& field : schema.fields) columns.push_back({{"name", field.name}, {"type", field.type.to_string()}});
  return columns;
}

Json span_json(const FlowGraph& graph, const Span& span) {
  if (!span.is_valid()) return nullptr;
  return {{"file", span.file < graph.files.size() ? graph.files[span.file] : ""},
          {"line", span.begin.line},
          {"col", span.begin.column},
          {"end_line", span.end.line},
          {"end_col", span.end.column}};
}

Json ids_json(const FlowGraph& graph, const std::vector<NodeId>& nodes) {
  Json ids = Json::array();
  for (const NodeId node : nodes) ids.push_back(id_of(graph.nodes[node]));
  return ids;
}

// Of either level. In the physical one the stage is known, and which rewrites made the node what it is.
std::string operator_json(const ExplainInput& input, const FlowGraph& graph, const Node& node, bool is_physical) {
  Json object{{"v", 1},
              {"type", "operator"},
              {"level", is_physical ? "physical" : "logical"},
              {"id", id_of(node)},
              {"op", node_kind_name(node.kind())},
              {"text", is_physical ? step_text(node) : operator_text(node)},
              {"inputs", ids_json(graph, node.inputs)},
              {"span", span_json(graph, node.span)},
              {"kind", kind_text(node)},
              {"key", node.rows.key},
              {"columns", columns_json(node.schema)}};
  if (is_physical) {
    object["stage"] = node.stage ? Json(input.plan.stages[StageId(*node.stage)].name) : Json(nullptr);
    object["name"] = node.name;
    object["rewrites"] = rewrites_at(node, input.rewrites);
  }
  return line(object);
}

std::string rewrite_json(const RewriteNote& note) {
  Json nodes = Json::array();
  for (const auto& label : note.nodes) nodes.push_back((label.starts_with('E') ? "" : "#") + label);
  return line({{"v", 1},
               {"type", "rewrite"},
               {"pass", note.pass},
               {"code", pass_of(note).code},
               {"title", pass_of(note).title},
               {"fired", note.fired},
               {"nodes", nodes},
               {"text", note.text}});
}

std::string stage_json(const JobPlan& plan, const StagePlan& stage) {
  Json states = Json::array();
  for (const auto& state : stage.states)
    states.push_back({{"name", state.name},
                      {"node", id_of(plan.graph.nodes[state.node])},
                      {"key", columns_json(state.key)},
                      {"value", columns_json(state.value)},
                      {"text", state_text(plan, state)}});
  return line({{"v", 1},
               {"type", "stage"},
               {"id", stage.name},
               {"tasks", stage.parallelism},
               {"nodes", ids_json(plan.graph, stage.nodes)},
               {"states", states}});
}

std::string edge_json(const JobPlan& plan, const EdgePlan& edge) {
  return line({{"v", 1},
               {"type", "edge"},
               {"id", plan.graph.nodes[edge.exchange].label},
               {"kind", exchange_kind_name(edge.kind)},
               {"keys", edge.keys},
               {"ordered", edge.is_ordered},
               {"from", plan.stages[edge.from].name},
               {"to", plan.stages[edge.to].name},
               {"columns", columns_json(edge.schema)}});
}

}  // namespace

std::string explain_json(const ExplainInput& input) {
  std::string text = line({{"v", 1}, {"type", "job"}, {"name", input.logical.name}, {"file", file_of(input.logical)}});
  if (input.levels.logical)
    for (const auto& node : input.logical.nodes)
      if (input.focus.shows(node)) text += operator_json(input, input.logical, node, false);
  if (input.levels.rewrites)
    for (const auto& note : input.rewrites)
      if (input.focus.shows(note)) text += rewrite_json(note);
  if (!input.levels.physical) return text;
  for (const auto& node : input.plan.graph.nodes)
    if (node.kind() != NodeKind::Exchange && input.focus.shows(node))
      text += operator_json(input, input.plan.graph, node, true);
  const auto is_shown = [&](NodeId node) { return input.focus.shows(input.plan.graph.nodes[node]); };
  for (const auto& stage : input.plan.stages)
    if (std::ranges::any_of(stage.nodes, is_shown)) text += stage_json(input.plan, stage);
  for (const auto& edge : input.plan.edges)
    if (is_shown(edge.exchange)) text += edge_json(input.plan, edge);
  return text;
}

}  // namespace sluice
