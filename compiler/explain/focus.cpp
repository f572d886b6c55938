#include "compiler/explain/focus.h"

#include <algorithm>

#include "compiler/explain/describe.h"

namespace sluice {

namespace {

// Passes split step 3 into 3a and 3b.
std::string origin_of(const std::string& label) {
  const size_t last = label.find_last_not_of("abcdefghijklmnopqrstuvwxyz");
  return label.substr(0, last == std::string::npos ? 0 : last + 1);
}

bool is_in_program(const FlowGraph& graph, const Node& node, const std::string& file) {
  return node.span.is_valid() && node.span.file < graph.files.size() && graph.files[node.span.file] == file;
}

}  // namespace

Focus::Focus(const FlowGraph& logical, const JobPlan& plan, uint32_t line) : line_(line) {
  const std::string file = describe::file_of(logical);
  for (const auto& node : logical.nodes)
    if (is_in_program(logical, node, file) && node.span.begin.line <= line && line <= node.span.end.line)
      labels_.insert(node.label);
  const std::set<std::string> written = labels_;
  const auto& nodes = plan.graph.nodes;
  for (const auto& node : nodes) {
    if (node.kind() == NodeKind::Exchange || !written.contains(origin_of(node.label))) continue;
    labels_.insert(node.label);
    for (const NodeId input : node.inputs)
      if (nodes[input].kind() == NodeKind::Exchange) labels_.insert(nodes[input].label);
  }
}

bool Focus::shows(const RewriteNote& note) const {
  return !line_ || std::ranges::any_of(note.nodes, [&](const std::string& label) {
    return labels_.contains(label) || labels_.contains(origin_of(label));
  });
}

std::vector<uint32_t> lines_of_steps(const FlowGraph& logical) {
  const std::string file = describe::file_of(logical);
  std::set<uint32_t> lines;
  for (const auto& node : logical.nodes)
    if (is_in_program(logical, node, file)) lines.insert(node.span.begin.line);
  return {lines.begin(), lines.end()};
}

}  // namespace sluice
