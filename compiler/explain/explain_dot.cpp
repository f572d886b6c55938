#include <fmt/format.h>

#include "compiler/explain/describe.h"
#include "compiler/explain/explain.h"

namespace sluice {

namespace {

using namespace describe;

std::string quoted(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    if (c == '\n')
      result += "\\n";
    else
      result += c;
  }
  return result + "\"";
}

std::string box(const Node& node, const std::string& text, std::string_view indent) {
  const std::string at = node.span.is_valid() ? fmt::format("  :{}", node.span.begin.line) : "";
  return fmt::format("{}{} [label={}];\n", indent, quoted(node.label), quoted(id_of(node) + " " + text + at));
}

std::string logical_picture(const FlowGraph& graph) {
  std::string text;
  for (const auto& node : graph.nodes) text += box(node, operator_text(node), "  ");
  for (const auto& node : graph.nodes)
    for (const NodeId input : node.inputs)
      text += fmt::format("  {} -> {};\n", quoted(graph.nodes[input].label), quoted(node.label));
  return text;
}

std::string stage_box(const JobPlan& plan, const StagePlan& stage) {
  std::string text = fmt::format("  subgraph {} {{\n    label={};\n", quoted("cluster_" + stage.name),
                                 quoted(fmt::format("{} ×{}", stage.name, stage.parallelism)));
  for (const NodeId node : stage.nodes) text += box(plan.graph.nodes[node], step_text(plan.graph.nodes[node]), "    ");
  return text + "  }\n";
}

std::string physical_picture(const JobPlan& plan) {
  const FlowGraph& graph = plan.graph;
  std::string text;
  for (const auto& stage : plan.stages) text += stage_box(plan, stage);
  for (const auto& node : graph.nodes) {
    if (node.kind() == NodeKind::Exchange) continue;
    for (const NodeId input : node.inputs) {
      const auto* exchange = graph.nodes[input].as<ExchangeNode>();
      const NodeId from = exchange == nullptr ? input : graph.nodes[input].inputs[0];
      text += fmt::format("  {} -> {}", quoted(graph.nodes[from].label), quoted(node.label));
      for (const auto& edge : plan.edges)
        if (edge.exchange == input && node.stage && edge.to == StageId(*node.stage))
          text +=
              fmt::format(" [style=bold, label={}]", quoted(graph.nodes[input].label + " " + edge_text(plan, edge)));
      text += ";\n";
    }
  }
  return text;
}

}  // namespace

std::string explain_dot(const ExplainInput& input) {
  std::string text = fmt::format("digraph {} {{\n  rankdir=TB;\n  node [shape=box, fontname=\"sans-serif\"];\n",
                                 quoted(input.logical.name));
  text += input.levels.physical ? physical_picture(input.plan) : logical_picture(input.logical);
  return text + "}\n";
}

}  // namespace sluice
