#include "cli/support/replace_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>

namespace sluice {
namespace {

Status write_all(int file, std::string_view contents, const std::string& path) {
  while (!contents.empty()) {
    const ssize_t written = ::write(file, contents.data(), contents.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return system_error("cannot write " + path, errno);
    contents.remove_prefix(static_cast<size_t>(written));
  }
  return {};
}

}  // namespace

Status replace_file(const std::string& path, std::string_view contents) {
  std::error_code problem;
  const std::string target = std::filesystem::canonical(path, problem).string();
  if (problem) return system_error("cannot find " + path, problem.value());
  std::string temporary = target + ".XXXXXX";
  const int file = ::mkstemp(temporary.data());
  if (file < 0) return system_error(fmt::format("cannot write beside {}", path), errno);
  Status written = write_all(file, contents, path);
  struct stat info{};
  if (::stat(target.c_str(), &info) == 0) (void)::fchmod(file, info.st_mode & 07777);
  if (::close(file) != 0 && written) written = system_error("cannot write " + path, errno);
  if (written && ::rename(temporary.c_str(), target.c_str()) != 0)
    written = system_error("cannot replace " + path, errno);
  if (!written) ::unlink(temporary.c_str());
  return written;
}

}  // namespace sluice
