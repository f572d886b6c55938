#include <fmt/format.h>

#include <algorithm>

#include "compiler/explain/analysis.h"
#include "compiler/explain/describe.h"
#include "lang/support/quantity_text.h"
#include "lang/support/time_text.h"

namespace sluice {

namespace {

using namespace describe;

constexpr size_t kWidestName = 60;

std::string rows_text(std::optional<uint64_t> rows) { return rows ? count_text(static_cast<double>(*rows)) : "-"; }
std::string percent_text(double share) { return fmt::format("{:.0f}%", 100 * share); }

std::string kept_text(const OperatorFigures& figures) {
  if (!figures.rows_in || !figures.rows_out || *figures.rows_in == 0) return "-";
  return fmt::format("{:.1f}%", 100.0 * static_cast<double>(*figures.rows_out) / static_cast<double>(*figures.rows_in));
}

std::string seconds_text(std::optional<double> time) { return time ? fmt::format("{:.2f}s", *time) : "-"; }

std::string per_row_text(const OperatorFigures& figures) {
  const auto time = per_row(figures);
  return time ? fmt::format("{:.1f}", *time) : "-";
}

std::string bytes_or_state(const Node& node, const OperatorFigures& figures) {
  if (node.kind() == NodeKind::Source) return figures.bytes == 0 ? "-" : bytes_text(figures.bytes) + " read";
  if (node.kind() == NodeKind::Exchange) return bytes_text(figures.bytes) + " sent";
  if (figures.state_bytes == 0) return "-";
  std::string text = bytes_text(figures.state_bytes) + " state";
  if (figures.keys != 0) text += fmt::format(", {} keys", count_text(static_cast<double>(figures.keys)));
  return text;
}

std::string lag_text(int64_t micros) {
  if (micros < 1'000'000) return fmt::format("{}ms", micros / 1000);
  if (micros < 3600'000'000) return fmt::format("{:.1f}s", static_cast<double>(micros) / 1e6);
  return duration_text(micros / 1'000'000 * 1'000'000);
}

// In characters; every one of ours is one column wide.
size_t width_of(std::string_view text) {
  return static_cast<size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::string shortened(std::string text) {
  if (width_of(text) <= kWidestName) return text;
  size_t at = 0;
  for (size_t width = 0; width < kWidestName - 1; ++width)
    for (++at; at < text.size() && (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80;) ++at;
  return text.substr(0, at) + "…";
}

std::string step_line(const JobPlan& plan, const OperatorFigures& figures) {
  const Node& node = plan.graph.nodes[figures.node];
  if (node.kind() != NodeKind::Exchange) return shortened(fmt::format("  {} {}", id_of(node), step_text(node)));
  for (const EdgeId edge : plan.stages[figures.stage].outputs)
    if (plan.edges[edge].exchange == figures.node)
      return shortened(fmt::format("  {} {} → {}", id_of(node), edge_text(plan, plan.edges[edge]),
                                   plan.stages[plan.edges[edge].to].name));
  return "  " + id_of(node);
}

// The first column to the left, the others to the right.
std::string table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<size_t> widths(rows.front().size());
  for (const auto& row : rows)
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      const std::string padding(widths[i] - width_of(row[i]), ' ');
      line += i == 0 ? row[i] + padding : "  " + padding + row[i];
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

void add_stage(const JobPlan& plan, const StageFigures& stage, std::vector<std::vector<std::string>>& rows) {
  const StagePlan& stage_plan = plan.stages[stage.stage];
  const std::string lag = stage.lag ? lag_text(*stage.lag) : "-";
  rows.push_back({fmt::format("{} ×{}", stage_plan.name, stage_plan.parallelism), "", "", "",
                  seconds_text(stage.cpu_seconds), "", "", stage.skew ? fmt::format("{:.2f}", *stage.skew) : "-", lag,
                  percent_text(stage.busy), percent_text(stage.blocked)});
  for (const OperatorFigures& figures : stage.operators) {
    const Node& node = plan.graph.nodes[figures.node];
    rows.push_back({step_line(plan, figures), rows_text(figures.rows_in), rows_text(figures.rows_out),
                    kept_text(figures), seconds_text(figures.self_seconds), per_row_text(figures),
                    bytes_or_state(node, figures), figures.skew ? fmt::format("{:.2f}", *figures.skew) : "", "",
                    figures.busy ? percent_text(*figures.busy) : "",
                    figures.blocked ? percent_text(*figures.blocked) : ""});
  }
}

}  // namespace

std::string analysis_text(const JobPlan& plan, const Analysis& analysis) {
  const double wall = std::max(analysis.wall_seconds, 1e-9);
  std::string text =
      fmt::format("{:.2f}s wall, {:.2f}s CPU   in {} rows, {}/s   out {} rows", analysis.wall_seconds,
                  analysis.cpu_seconds, rows_text(analysis.rows_in),
                  count_text(static_cast<double>(analysis.rows_in) / wall), rows_text(analysis.rows_out));
  if (analysis.event_time) text += "   event time to " + timestamp_text(*analysis.event_time);
  std::vector<std::vector<std::string>> rows{
      {"", "rows in", "rows out", "kept", "self time", "ns/row", "bytes/state", "skew", "wm lag", "busy", "blocked"}};
  for (const StageFigures& stage : analysis.stages) add_stage(plan, stage, rows);
  text += "\n" + table(rows);
  for (const Finding& finding : findings(plan, analysis)) text += fmt::format("{:<11}{}\n", finding.kind, finding.text);
  return text;
}

}  // namespace sluice
