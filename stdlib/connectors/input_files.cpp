#include "stdlib/connectors/input_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <fnmatch.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <system_error>

namespace sluice {
namespace {

// What stands in a directory, sorted; nothing when it cannot be read.
std::vector<std::string> entries_of(const std::string& directory) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(::opendir(directory.empty() ? "." : directory.c_str()), ::closedir);
  if (!stream) return names;
  while (const dirent* entry = ::readdir(stream.get())) {
    const std::string_view name(entry->d_name);
    if (name != "." && name != "..") names.emplace_back(name);
  }
  std::ranges::sort(names);
  return names;
}

bool is_directory(const std::string& path) {
  struct stat status{};
  return ::stat(path.empty() ? "." : path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}
bool is_regular(const std::string& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

std::string join(const std::string& directory, const std::string& name) {
  return directory.empty() || directory.ends_with('/') ? directory + name : directory + "/" + name;
}

bool has_pattern(std::string_view text) { return text.find_first_of("*?[") != std::string_view::npos; }

// Adds the regular files below `directory` that match `pattern`, component by component. `**` stands for any number of
// directories, none included; names that begin with a dot match only a pattern that does. Symbolic links to
// directories are followed, except by `**`, which could go round in circles.
void match_files(const std::string& directory, std::string_view pattern, std::vector<std::string>& found) {
  const size_t slash = pattern.find('/');
  const std::string component(pattern.substr(0, slash));
  const bool is_last = slash == std::string_view::npos;
  const std::string_view rest = is_last ? std::string_view() : pattern.substr(slash + 1);
  if (component == "**") {
    match_files(directory, is_last ? "*" : rest, found);
    for (const auto& name : entries_of(directory)) {
      const std::string path = join(directory, name);
      struct stat status{};
      if (!name.starts_with('.') && ::lstat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode))
        match_files(path, pattern, found);
    }
    return;
  }
  const auto take = [&](const std::string& path) {
    if (is_last ? is_regular(path) : is_directory(path)) {
      if (is_last)
        found.push_back(path);
      else
        match_files(path, rest, found);
    }
  };
  if (!has_pattern(component)) return take(join(directory, component));
  for (const auto& name : entries_of(directory))
    if (::fnmatch(component.c_str(), name.c_str(), FNM_PERIOD) == 0) take(join(directory, name));
}

std::vector<std::string> match_files(const std::string& pattern) {
  std::vector<std::string> found;
  if (pattern.starts_with('/'))
    match_files("/", std::string_view(pattern).substr(1), found);
  else
    match_files("", pattern, found);
  std::ranges::sort(found);
  found.erase(std::ranges::unique(found).begin(), found.end());
  return found;
}

std::unexpected<Error> cannot_read(const std::string& path, int error) {
  if (error == ENOENT || error == ENOTDIR) {
    std::string help;
    if (!path.starts_with('/')) {
      const std::unique_ptr<char, void (*)(void*)> here(::getcwd(nullptr, 0), std::free);
      if (here) help = fmt::format(" (looked for in {})", here.get());
    }
    return user_error(fmt::format("cannot read {}: there is no such file{}", path, help));
  }
  return user_error(fmt::format("cannot read {}: {}", path, std::generic_category().message(error)));
}

Result<InputFile> examine(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return cannot_read(path, errno);
  if (::faccessat(AT_FDCWD, path.c_str(), R_OK, AT_EACCESS) != 0) return cannot_read(path, errno);
  InputFile file{path, path};
  file.may_block = !S_ISREG(status.st_mode);
  file.size = S_ISREG(status.st_mode) ? static_cast<uint64_t>(status.st_size) : 0;
  return file;
}

InputFile standard_input() {
  InputFile file{"-", "standard input"};
  struct stat status{};
  if (::fstat(STDIN_FILENO, &status) != 0 || !S_ISREG(status.st_mode)) file.may_block = true;
  return file;
}

// Files that another program is writing or that an editor left have names that begin with a dot.
Result<std::vector<std::string>> files_of_directory(const std::string& path) {
  if (::faccessat(AT_FDCWD, path.c_str(), R_OK | X_OK, AT_EACCESS) != 0) return cannot_read(path, errno);
  std::vector<std::string> found;
  for (const auto& name : entries_of(path))
    if (const std::string file = join(path, name); !name.starts_with('.') && is_regular(file)) found.push_back(file);
  if (found.empty()) return user_error(fmt::format("the directory {} has no files to read", path));
  return found;
}

}  // namespace

Result<std::vector<InputFile>> find_input_files(const std::string& path) {
  if (path == "-") return std::vector<InputFile>{standard_input()};
  if (path.empty()) return user_error("the path to read from is empty");
  std::vector<std::string> paths;
  struct stat status{};
  if (::stat(path.c_str(), &status) == 0) {
    // A name that exists is meant as it stands, also with a star in it.
    if (S_ISDIR(status.st_mode)) {
      SLUICE_ASSIGN(paths, files_of_directory(path));
    } else {
      paths.push_back(path);
    }
  } else if (has_pattern(path)) {
    paths = match_files(path);
    if (paths.empty()) return user_error(fmt::format("no file matches {}", path));
  } else {
    return cannot_read(path, errno);
  }
  std::vector<InputFile> files;
  for (const auto& found : paths) {
    SLUICE_ASSIGN(auto file, examine(found));
    files.push_back(std::move(file));
  }
  return files;
}

}  // namespace sluice
