#include "stdlib/connectors/output_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <random>
#include <system_error>
#include <utility>

#include "stdlib/connectors/byte_stream.h"

namespace sluice {
namespace {

constexpr int kLookForReaderMilliseconds = 20;

// The world's errors keep their errno: by it a command line tells a closed pipe (`| head` has enough) from a failure.
std::unexpected<Error> cannot_write(const std::string& path, int error) {
  const std::string directory = path.substr(0, path.rfind('/') + 1);  // nothing where there is no `/`
  if (error == ENOENT && !directory.empty() && ::access(directory.c_str(), F_OK) == 0)
    return user_error(fmt::format("cannot write {}: no file can be made in {}", path, directory));
  if (error == ENOENT)
    return user_error(fmt::format("cannot write {}: there is no such directory; make it first", path));
  if (error == EACCES || error == EPERM || error == EROFS)
    return user_error(fmt::format("cannot write {}: {}", path, std::generic_category().message(error)));
  return system_error("cannot write " + path, error);
}

// Directory and name, the directory with its slash.
std::pair<std::string, std::string> split_path(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return {"", path};
  return {path.substr(0, slash + 1), path.substr(slash + 1)};
}

// A file name is durable when its directory is. Not every file system can do that, and the bytes are safe already.
void sync_directory(const std::string& directory) {
  const int file = ::open(directory.empty() ? "." : directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file < 0) return;
  ::fsync(file);
  ::close(file);
}

}  // namespace

Status write_all(int file, std::string_view bytes, const std::string& name) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(file, bytes.data(), bytes.size());
    if (count >= 0) {
      bytes.remove_prefix(static_cast<size_t>(count));
    } else if (errno != EINTR) {
      return cannot_write(name, errno);
    }
  }
  return {};
}

// Devices and pipes have no contents that could be replaced: they are written as rows come.
Result<OutputFile> OutputFile::open_device(const std::string& path, const std::stop_token& stop) {
  Interrupter interrupter;
  const std::stop_callback on_stop(stop, [&] { interrupter.interrupt(); });
  // A pipe without a reader cannot be opened yet, and nothing tells when it can.
  int file = -1;
  while ((file = ::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NONBLOCK)) < 0) {
    if (errno != ENXIO && errno != EINTR) return cannot_write(path, errno);
    pollfd waiting{interrupter.event(), POLLIN, 0};
    ::poll(&waiting, 1, kLookForReaderMilliseconds);
    if (interrupter.is_interrupted()) return cannot_write(path, ECANCELED);
  }
  OutputFile opened(file, path, {});
  if (!make_blocking(file)) return cannot_write(path, errno);
  return opened;
}

Result<OutputFile> OutputFile::create(const std::string& path, const std::stop_token& stop) {
  struct stat status{};
  std::string target = path;
  std::optional<mode_t> mode;  // of the file that is replaced
  if (::stat(path.c_str(), &status) == 0) {
    if (S_ISDIR(status.st_mode))
      return user_error(
          fmt::format("cannot write {}: it is a directory; for files inside of it write {}/", path, path));
    if (!S_ISREG(status.st_mode)) return open_device(path, stop);
    // A link keeps pointing to the file, which gets the new contents.
    if (const std::unique_ptr<char, void (*)(void*)> real(::realpath(path.c_str(), nullptr), std::free); real)
      target = real.get();
    mode = status.st_mode & 07777;
  }
  const auto [directory, name] = split_path(target);
  // Hidden, so that reading the directory does not take it for data.
  // Processes in containers often have the same number: chance tells those of several machines apart.
  static std::atomic<uint32_t> count = 0;
  const std::string temporary =
      fmt::format("{}.{}.{}.{}.{:08x}.tmp", directory, name, ::getpid(), count.fetch_add(1), std::random_device{}());
  const int file = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode ? 0600 : 0666);
  if (file < 0) return cannot_write(path, errno);
  OutputFile created(file, target, temporary);
  if (mode && ::fchmod(file, *mode) != 0) return cannot_write(path, errno);
  return created;
}

OutputFile::OutputFile(OutputFile&& other) noexcept
    : file_(std::exchange(other.file_, -1)),
      path_(std::move(other.path_)),
      temporary_(std::exchange(other.temporary_, {})) {}

OutputFile::~OutputFile() { abort(); }

Status OutputFile::commit() {
  if (temporary_.empty()) return {};
  if (::fsync(file_) != 0 && errno != EINVAL && errno != EROFS) {
    const int error = errno;
    abort();
    return cannot_write(path_, error);
  }
  // A network file system may report a failed write only here.
  if (::close(std::exchange(file_, -1)) != 0 && errno != EINTR) {
    const int error = errno;
    abort();
    return cannot_write(path_, error);
  }
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) {
    const int error = errno;
    abort();
    return cannot_write(path_, error);
  }
  temporary_.clear();
  sync_directory(split_path(path_).first);
  return {};
}

void OutputFile::abort() noexcept {
  if (file_ >= 0) ::close(std::exchange(file_, -1));
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
  temporary_.clear();
}

}  // namespace sluice
