#include "lang/check/graph_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "lang/graph/endless.h"

namespace sluice {

NodeId GraphBuilder::add(Node node, const std::string& name) {
  node.name = name;
  node.label = fmt::format("{}", graph_.nodes.size() + 1);
  // An input is missing where something was reported.
  const auto inputs_endless =
      std::ranges::any_of(node.inputs, [&](NodeId input) { return input.is_valid() && endless_[input.value]; });
  endless_.push_back(is_endless(node, inputs_endless));
  return graph_.nodes.add(std::move(node));
}

void GraphBuilder::note_late_read(NodeId windows) {
  Node& node = graph_.nodes[windows];
  if (auto* window = node.as<WindowNode>()) window->counts_late = false;
  if (auto* aggregate = node.as<AggregateNode>(); aggregate != nullptr && aggregate->session)
    aggregate->session->counts_late = false;
  if (auto* top = node.as<TopNode>(); top != nullptr && top->session) top->session->counts_late = false;
  if (auto* frame = node.as<FrameNode>()) frame->counts_late = false;
}

FlowGraph GraphBuilder::finish(const std::string& job_name, const SourceMap& sources) && {
  FlowGraph graph = GraphEditor(std::move(graph_)).finish();
  graph.name = job_name;
  for (size_t i = 0; i < sources.size(); ++i) graph.files.push_back(sources.file(static_cast<uint32_t>(i)).path());
  unsigned next = 0;
  std::map<std::string, unsigned> used_names;
  for (auto& node : graph.nodes) {
    node.label = fmt::format("{}", ++next);
    const unsigned count = ++used_names[node.name];
    if (count != 1) node.name += fmt::format("_{}", count);
    if (node.parallelism == 0) node.parallelism = parallelism_;
  }
  return graph;
}

}  // namespace sluice
