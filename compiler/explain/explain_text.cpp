#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "compiler/explain/describe.h"
#include "compiler/explain/explain.h"

namespace sluice {

namespace {

using namespace describe;

// In characters; every one of ours is one column wide.
size_t width_of(std::string_view text) {
  return static_cast<size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::string padded(std::string text, size_t width) {
  const size_t now = width_of(text);
  if (now < width) text.append(width - now, ' ');
  return text;
}

// Rows of cells in aligned columns; the last column is as wide as it is.
std::string table(const std::vector<std::vector<std::string>>& rows, std::string_view indent) {
  std::vector<size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line(indent);
    for (size_t i = 0; i < row.size(); ++i) line += i + 1 < row.size() ? padded(row[i], widths[i]) + "  " : row[i];
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

std::string heading(std::string_view name, std::string_view what) {
  return fmt::format("{}{}\n", padded(std::string(name), 13), what);
}

std::string logical_level(const FlowGraph& graph, const Focus& focus) {
  std::vector<std::vector<std::string>> rows{{"#", "operator", "kind", "key", "final when", "at", "row"}};
  for (const NodeId id : graph.ids()) {
    const Node& node = graph.nodes[id];
    if (!focus.shows(node)) continue;
    rows.push_back({node.label, operator_text(node), kind_text(node), key_text(node), final_text(graph, id),
                    place_of(graph, node), schema_text(node.schema)});
  }
  return heading("logical", "what you wrote, typed") + table(rows, " ");
}

std::string notes_table(const std::vector<RewriteNote>& notes, const Focus& focus, bool fired) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& note : notes)
    if (note.fired == fired && focus.shows(note))
      rows.push_back(
          {std::string(pass_of(note).code) + " " + std::string(pass_of(note).title), nodes_text(note), note.text});
  return rows.empty() ? "  none\n" : table(rows, "  ");
}

std::string rewrites_level(const std::vector<RewriteNote>& notes, const Focus& focus) {
  return heading("rewrites", "fired") + notes_table(notes, focus, true) + heading("", "did not fire") +
         notes_table(notes, focus, false);
}

// Empty when nothing of the stage is in focus.
std::string stage_text(const JobPlan& plan, const StagePlan& stage, const Focus& focus) {
  const std::string head = fmt::format("  {} ×{}  ", stage.name, stage.parallelism);
  const std::string indent(width_of(head), ' ');
  std::string text;
  for (const NodeId id : stage.nodes) {
    const Node& node = plan.graph.nodes[id];
    if (focus.shows(node)) text += fmt::format("{}{} {}\n", text.empty() ? head : indent, id_of(node), step_text(node));
  }
  for (const auto& state : stage.states)
    if (focus.shows(plan.graph.nodes[state.node]))
      text += fmt::format("{}state {} `{}`: {}\n", indent, id_of(plan.graph.nodes[state.node]), state.name,
                          state_text(plan, state));
  for (const EdgeId id : stage.outputs) {
    const EdgePlan& edge = plan.edges[id];
    if (!focus.shows(plan.graph.nodes[edge.exchange])) continue;
    text += fmt::format("    │ {} {} → {}  {}\n", plan.graph.nodes[edge.exchange].label, edge_text(plan, edge),
                        plan.stages[edge.to].name, schema_text(edge.schema));
  }
  return text;
}

std::string physical_level(const JobPlan& plan, const Focus& focus) {
  std::string text = heading(
      "physical", fmt::format("{}, {}", counted(plan.stages.size(), "stage"), counted(plan.edges.size(), "exchange")));
  for (const auto& stage : plan.stages) text += stage_text(plan, stage, focus);
  return text;
}

}  // namespace

std::string explain_text(const ExplainInput& input) {
  uint32_t tasks = 0;
  for (const auto& stage : input.plan.stages) tasks += stage.parallelism;
  std::string text = fmt::format("{}  1 job, {}, {}\n", file_of(input.logical),
                                 counted(step_count(input.logical), "operator"), counted(tasks, "task"));
  if (input.levels.logical) text += logical_level(input.logical, input.focus);
  if (input.levels.rewrites) text += rewrites_level(input.rewrites, input.focus);
  if (input.levels.physical) text += physical_level(input.plan, input.focus);
  return text;
}

}  // namespace sluice
