#include "stdlib/connectors/replaced_input.h"

#include <fnmatch.h>
#include <sys/stat.h>

#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "stdlib/connectors/input_files.h"

namespace sluice {
namespace {

// What tells a file from all others, under whatever name.
using Identity = std::pair<dev_t, ino_t>;

std::optional<Identity> identity_of(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return std::nullopt;
  return Identity{status.st_dev, status.st_ino};
}

// With its slash.
std::string directory_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "./" : path.substr(0, slash + 1);
}

std::string last_component(const std::string& path) { return path.substr(path.rfind('/') + 1); }

// Matches all that find_input_files() finds by the pattern, and more.
std::string widened(std::string pattern) {
  for (size_t at = 0; (at = pattern.find("**/", at)) != std::string::npos;) pattern.replace(at, 3, "*");
  return pattern;
}

// What a source reads.
struct Input {
  std::string path;
  bool is_directory = false;
  bool is_pattern = false;
  std::set<Identity> files;
  std::set<Identity> directories;  // of the files

  explicit Input(std::string named) : path(std::move(named)) {
    struct stat status{};
    is_pattern = ::stat(path.c_str(), &status) != 0;
    is_directory = !is_pattern && S_ISDIR(status.st_mode);
    const auto found = find_input_files(path);
    if (!found) return;  // opening it says why
    for (const auto& file : *found) {
      if (const auto identity = identity_of(file.path)) files.insert(*identity);
      if (const auto directory = identity_of(directory_of(file.path))) directories.insert(*directory);
    }
  }

  [[nodiscard]] bool has(const std::string& file) const {
    if (const auto identity = identity_of(file); identity && files.contains(*identity)) return true;
    if (!is_directory && !is_pattern) return false;
    if (is_pattern && ::fnmatch(widened(path).c_str(), file.c_str(), 0) == 0) return true;
    const auto directory = identity_of(directory_of(file));
    if (!directory || !directories.contains(*directory)) return false;
    return is_directory || ::fnmatch(last_component(path).c_str(), last_component(file).c_str(), 0) == 0;
  }
};

std::string path_in(const std::vector<ConnectorOption>& options) {
  for (const auto& option : options)
    if (const auto* path = std::get_if<std::string>(&option.value); path != nullptr && option.name == "path")
      return *path;
  return "";
}

}  // namespace

bool replaces_input(const FlowGraph& graph) {
  std::vector<Input> inputs;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const auto* source = graph.nodes[NodeId(i)].as<SourceNode>();
    if (source == nullptr) continue;
    if (const auto path = path_in(source->options); !path.empty() && path != "-") inputs.emplace_back(path);
  }
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const auto* sink = graph.nodes[NodeId(i)].as<SinkNode>();
    if (sink == nullptr) continue;
    auto path = path_in(sink->options);
    if (path.empty() || path == "-") continue;
    if (path.ends_with('/')) path += "part-00000." + sink->connector;
    for (const auto& input : inputs)
      if (input.has(path)) return true;
  }
  return false;
}

}  // namespace sluice
