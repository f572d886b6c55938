#include "stdlib/connectors/replaced_input.h"

#include <fnmatch.h>
#include <sys/stat.h>

#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <system_error>
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

// Without links and dots, as far as it is there; nothing: it cannot be told.
std::optional<std::string> resolved(const std::string& directory) {
  std::error_code code;
  auto path = std::filesystem::weakly_canonical(directory.empty() ? "." : directory, code).string();
  if (code) return std::nullopt;
  return path.ends_with('/') ? path : path + '/';
}

// A file that a sink makes. Its directory may be there, it itself need not be.
struct Output {
  std::string name;
  std::optional<std::string> directory;  // see resolved()
  std::optional<Identity> identity;
  std::optional<Identity> directory_identity;

  explicit Output(const std::string& path)
      : name(last_component(path)),
        directory(resolved(directory_of(path))),
        identity(identity_of(path)),
        directory_identity(identity_of(directory_of(path))) {}
};

// What a source reads.
struct Input {
  bool is_pattern = false;
  std::string name;                  // of a pattern: its last component
  std::optional<std::string> begin;  // what stands in front of its wildcards; see resolved()
  std::string rest;                  // the pattern behind that
  bool is_known = true;              // where it looks for files
  std::set<Identity> files;
  std::set<Identity> directories;  // in which a file that comes would be read

  explicit Input(const std::string& path) {
    struct stat status{};
    is_pattern = ::stat(path.c_str(), &status) != 0;
    if (!is_pattern && S_ISDIR(status.st_mode)) directories.emplace(status.st_dev, status.st_ino);
    if (is_pattern) note_pattern(path);
    const auto found = find_input_files(path);
    if (!found) return;  // opening it says why
    for (const auto& file : *found)
      if (const auto identity = identity_of(file.path)) files.insert(*identity);
  }

  void note_pattern(const std::string& path) {
    const size_t length = length_without_pattern(path);
    name = last_component(path);
    begin = resolved(path.substr(0, length));
    rest = widened(std::filesystem::path(path.substr(length)).lexically_normal());
    const auto found = directories_of_pattern(path);
    is_known = found.has_value() && begin.has_value();
    if (!found) return;
    for (const auto& directory : *found)
      if (const auto identity = identity_of(directory)) directories.insert(*identity);
  }

  [[nodiscard]] bool has(const Output& output) const {
    if (output.identity && files.contains(*output.identity)) return true;
    const bool is_among_files = output.directory_identity && directories.contains(*output.directory_identity);
    if (!is_pattern) return is_among_files;
    if (!is_known || !output.directory) return true;
    if (is_among_files && ::fnmatch(name.c_str(), output.name.c_str(), 0) == 0) return true;
    const std::string path = *output.directory + output.name;
    return path.starts_with(*begin) && ::fnmatch(rest.c_str(), path.substr(begin->size()).c_str(), 0) == 0;
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
    const Output output(path);
    for (const auto& input : inputs)
      if (input.has(output)) return true;
  }
  return false;
}

}  // namespace sluice
