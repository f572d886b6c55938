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
#include <utility>

namespace sluice {
namespace {

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

// Nothing stands at a path, or what stood there is gone by now: nothing to read. Everything else that keeps us from
// looking, above all a missing permission, may hide files that are meant.
bool says_nothing_there(int error) { return error == ENOENT || error == ENOTDIR || error == ELOOP; }

// What stands in a directory, sorted.
Result<std::vector<std::string>> entries_of(const std::string& directory) {
  const std::string path = directory.empty() ? "." : directory;
  std::vector<std::string> names;
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(::opendir(path.c_str()), ::closedir);
  if (!stream && says_nothing_there(errno)) return names;
  if (!stream) return cannot_read(path, errno);
  while (true) {
    errno = 0;
    const dirent* entry = ::readdir(stream.get());
    if (entry == nullptr && errno != 0) return cannot_read(path, errno);
    if (entry == nullptr) break;
    const std::string_view name(entry->d_name);
    if (name != "." && name != "..") names.emplace_back(name);
  }
  std::ranges::sort(names);
  return names;
}

// The kind of file at a path, as in st_mode; 0 when nothing is there.
Result<mode_t> kind_of(const std::string& path, int flags = 0) {
  struct stat status{};
  if (::fstatat(AT_FDCWD, path.empty() ? "." : path.c_str(), &status, flags) == 0) return status.st_mode & S_IFMT;
  if (says_nothing_there(errno)) return mode_t{0};
  return cannot_read(path, errno);
}

std::string join(const std::string& directory, const std::string& name) {
  return directory.empty() || directory.ends_with('/') ? directory + name : directory + "/" + name;
}

bool has_pattern(std::string_view text) { return text.find_first_of("*?[") != std::string_view::npos; }

struct Matches {
  std::vector<std::string> files;
  std::vector<std::string> directories;  // where files of the pattern's last component are looked for
};

// Adds the regular files below `directory` that match `pattern`, component by component. `**` stands for any number of
// directories, none included; names that begin with a dot match only a pattern that does. Symbolic links to
// directories are followed, except by `**`, which could go round in circles.
Status match_files(const std::string& directory, std::string_view pattern, Matches& found) {
  const size_t slash = pattern.find('/');
  const std::string component(pattern.substr(0, slash));
  const bool is_last = slash == std::string_view::npos;
  const std::string_view rest = is_last ? std::string_view() : pattern.substr(slash + 1);
  if (component == "**") {
    SLUICE_TRY(match_files(directory, is_last ? "*" : rest, found));
    SLUICE_ASSIGN(const auto names, entries_of(directory));
    for (const auto& name : names) {
      if (name.starts_with('.')) continue;
      const std::string path = join(directory, name);
      SLUICE_ASSIGN(const mode_t kind, kind_of(path, AT_SYMLINK_NOFOLLOW));
      if (S_ISDIR(kind)) SLUICE_TRY(match_files(path, pattern, found));
    }
    return {};
  }
  const auto take = [&](const std::string& path) -> Status {
    SLUICE_ASSIGN(const mode_t kind, kind_of(path));
    if (is_last && S_ISREG(kind)) found.files.push_back(path);
    if (!is_last && S_ISDIR(kind)) return match_files(path, rest, found);
    return {};
  };
  if (is_last) found.directories.push_back(directory.empty() ? "." : directory);
  if (!has_pattern(component)) return take(join(directory, component));
  SLUICE_ASSIGN(const auto names, entries_of(directory));
  for (const auto& name : names)
    if (::fnmatch(component.c_str(), name.c_str(), FNM_PERIOD) == 0) SLUICE_TRY(take(join(directory, name)));
  return {};
}

Result<Matches> match_files(const std::string& pattern) {
  Matches found;
  const bool is_absolute = pattern.starts_with('/');
  SLUICE_TRY(match_files(is_absolute ? "/" : "", std::string_view(pattern).substr(is_absolute ? 1 : 0), found));
  for (auto* paths : {&found.files, &found.directories}) {
    std::ranges::sort(*paths);
    paths->erase(std::ranges::unique(*paths).begin(), paths->end());
  }
  return found;
}

Result<InputFile> examine(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return cannot_read(path, errno);
  if (::faccessat(AT_FDCWD, path.c_str(), R_OK, AT_EACCESS) != 0) return cannot_read(path, errno);
  InputFile file{path, path};
  file.may_block = !S_ISREG(status.st_mode);
  if (S_ISREG(status.st_mode)) {
    file.size = static_cast<uint64_t>(status.st_size);
    file.inode = status.st_ino;
    file.modified = static_cast<int64_t>(status.st_mtim.tv_sec) * 1'000'000'000 + status.st_mtim.tv_nsec;
  }
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
  SLUICE_ASSIGN(const auto names, entries_of(path));
  for (const auto& name : names) {
    if (name.starts_with('.')) continue;
    const std::string file = join(path, name);
    SLUICE_ASSIGN(const mode_t kind, kind_of(file));
    if (S_ISREG(kind)) found.push_back(file);
  }
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
    SLUICE_ASSIGN(auto found, match_files(path));
    paths = std::move(found.files);
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

Result<std::vector<std::string>> directories_of_pattern(const std::string& pattern) {
  SLUICE_ASSIGN(auto found, match_files(pattern));
  return std::move(found.directories);
}

size_t length_without_pattern(std::string_view path) {
  const size_t first = path.find_first_of("*?[");
  return first == std::string_view::npos ? path.size() : path.rfind('/', first) + 1;
}

}  // namespace sluice
