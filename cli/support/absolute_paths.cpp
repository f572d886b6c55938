#include "cli/support/absolute_paths.h"

#include <fmt/format.h>

#include <filesystem>
#include <string>
#include <vector>

namespace sluice {

namespace {

// Written as it was, slash at the end and stars included, because both mean something.
void make_absolute(ConnectorOption& option) {
  auto* path = std::get_if<std::string>(&option.value);
  if (option.name != "path" || path == nullptr || path->empty() || *path == "-" || path->starts_with('/')) return;
  *path = (std::filesystem::current_path() / *path).string();
}

}  // namespace

Status make_paths_absolute(JobPlan& plan) {
  for (Node& node : plan.graph.nodes) {
    if (auto* sink = node.as<SinkNode>())
      for (ConnectorOption& option : sink->options) make_absolute(option);
    auto* source = node.as<SourceNode>();
    if (source == nullptr) continue;
    for (ConnectorOption& option : source->options) {
      if (option.name == "path" && option.value == LiteralValue(std::string("-")))
        return user_error("a source reads standard input, which the workers of a cluster do not have: name a file");
      make_absolute(option);
    }
  }
  return {};
}

}  // namespace sluice
