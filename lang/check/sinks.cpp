#include "lang/check/sinks.h"

#include <filesystem>
#include <map>
#include <optional>
#include <string>

namespace sluice {

std::optional<std::string> written_file(const SinkNode& sink) {
  for (const auto& option : sink.options) {
    const auto* path = std::get_if<std::string>(&option.value);
    if (option.name != "path" || path == nullptr || path->empty() || *path == "-" || path->starts_with("/dev/"))
      continue;
    return std::filesystem::path(*path).lexically_normal().string();
  }
  return std::nullopt;
}

void check_sinks(Session& session) {
  std::map<std::string, Span> first_uses;
  for (const auto& node : session.graph.graph().nodes) {
    const auto* sink = node.as<SinkNode>();
    const auto path = sink == nullptr ? std::nullopt : written_file(*sink);
    if (!path) continue;
    const auto [first, is_new] = first_uses.emplace(*path, node.span);
    if (is_new) continue;
    session.report(diag::E0712, node.span, *path)
        .with_label("the first one: " + location_text(first->second, session.sources))
        .with_help("give each its own path, or write the rows of both: |> union .. |> to ..");
  }
}

}  // namespace sluice
