#include "stdlib/connectors/output_file.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include <atomic>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <random>
#include <stop_token>
#include <system_error>
#include <utility>

#include "lang/support/invariant.h"
#include "runtime/checkpoint/bytes.h"
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

// A link keeps pointing to its file, which gets the new contents.
std::string target_of(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return path;
  const std::unique_ptr<char, void (*)(void*)> real(::realpath(path.c_str(), nullptr), std::free);
  return real ? real.get() : path;
}

constexpr std::string_view kTemporary = ".tmp";

// The beginning of a long name, with what tells it from others that begin so: file systems take 255 bytes.
std::string shortened(const std::string& name) {
  constexpr size_t kLongest = 180;
  if (name.size() <= kLongest) return name;
  size_t kept = 160;
  while (kept > 0 && (static_cast<uint8_t>(name[kept]) & 0xc0) == 0x80) --kept;  // no half of a letter
  return fmt::format("{}~{:016x}", name.substr(0, kept), XXH3_64bits(name.data(), name.size()));
}

// Hidden, so that reading the directory does not take it for data. Processes in containers often have the same number:
// chance tells those of several machines apart.
std::string temporary_name(const std::string& name, const JobAttempt& attempt) {
  static std::atomic<uint32_t> count = 0;
  const std::string owner =
      attempt.job.empty() ? fmt::format("{}", ::getpid()) : fmt::format("{}.{}", attempt.job, attempt.number);
  return fmt::format(".{}.{}.{}.{:08x}{}", shortened(name), owner, count.fetch_add(1), std::random_device{}(),
                     kTemporary);
}

// Of a job that keeps checkpoints: the same in all of its lives.
std::string temporary_of(const std::string& target, const std::string& id) {
  const auto [directory, name] = split_path(target);
  return fmt::format("{}.{}.{}{}", directory, shortened(name), id, kTemporary);
}

// Is it the temporary file of an earlier attempt to write `name`?
bool is_of_earlier_attempt(std::string_view file, const std::string& name, const JobAttempt& attempt) {
  const std::string prefix = fmt::format(".{}.{}.", shortened(name), attempt.job);
  if (!file.starts_with(prefix) || !file.ends_with(kTemporary)) return false;
  file.remove_prefix(prefix.size());
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(file.data(), file.data() + file.size(), number);
  return error == std::errc() && *end == '.' && number < attempt.number;
}

// 0, or the errno of what failed. Where there is no directory, making a file in it says so.
int remove_earlier_attempts(const std::string& directory, const std::string& name, const JobAttempt& attempt) {
  if (attempt.job.empty() || attempt.number == 1) return 0;
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(::opendir(directory.empty() ? "." : directory.c_str()), ::closedir);
  if (!stream) return errno == ENOENT || errno == ENOTDIR ? 0 : errno;
  errno = 0;
  while (const dirent* entry = ::readdir(stream.get())) {
    if (is_of_earlier_attempt(entry->d_name, name, attempt) &&
        ::unlinkat(::dirfd(stream.get()), entry->d_name, 0) != 0 && errno != ENOENT)
      return errno;
    errno = 0;
  }
  return errno;
}

// What renaming a file does not change, and another file has not: its number, and when it was made (a number is given
// out again), where the file system knows that.
struct FileIdentity {
  uint64_t inode = 0;
  int64_t made = 0;  // nanoseconds since 1970
  bool operator==(const FileIdentity&) const = default;
};

std::optional<FileIdentity> identity_of(const std::string& path) {
  struct statx status{};
  if (::statx(AT_FDCWD, path.c_str(), 0, STATX_INO | STATX_BTIME, &status) != 0) return std::nullopt;
  FileIdentity identity{status.stx_ino, 0};
  if ((status.stx_mask & STATX_BTIME) != 0)
    identity.made = status.stx_btime.tv_sec * 1'000'000'000 + status.stx_btime.tv_nsec;
  return identity;
}

std::unexpected<Error> cannot_go_on(const std::string& path, const std::string& why) {
  return external_error(fmt::format(
      "the job cannot go on writing {}: {}; put it back, or begin anew with another --state-dir", path, why));
}

}  // namespace

// Waits for room in a pipe, until somebody wants it to end.
class OutputFile::Patience {
 public:
  explicit Patience(const std::stop_token& stop) : on_stop_(stop, [this] { interrupter_.interrupt(); }) {}
  [[nodiscard]] bool is_over() const { return interrupter_.is_interrupted(); }
  void wait_for(int file) const {
    pollfd waiting[] = {{file, POLLOUT, 0}, {interrupter_.event(), POLLIN, 0}};
    ::poll(waiting, 2, -1);
  }
  // Nothing tells when a pipe has got a reader.
  void wait_a_moment() const {
    pollfd waiting{interrupter_.event(), POLLIN, 0};
    ::poll(&waiting, 1, kLookForReaderMilliseconds);
  }

 private:
  Interrupter interrupter_;
  std::stop_callback<std::function<void()>> on_stop_;
};

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
Result<OutputFile> OutputFile::open_device(const std::string& path, const JobAttempt& attempt) {
  auto patience = std::make_unique<Patience>(attempt.stop);
  int file = -1;
  while ((file = ::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NONBLOCK)) < 0) {
    if (errno != ENXIO && errno != EINTR) return cannot_write(path, errno);
    patience->wait_a_moment();
    if (patience->is_over()) return cannot_write(path, ECANCELED);
  }
  OutputFile opened(file, path, {});
  opened.patience_ = std::move(patience);
  return opened;
}

Result<OutputFile> OutputFile::create(const std::string& path, const JobAttempt& attempt, const std::string& id) {
  struct stat status{};
  std::optional<mode_t> mode;  // of the file that is replaced
  if (::stat(path.c_str(), &status) == 0) {
    if (S_ISDIR(status.st_mode))
      return user_error(
          fmt::format("cannot write {}: it is a directory; for files inside of it write {}/", path, path));
    if (!S_ISREG(status.st_mode)) return open_device(path, attempt);
    mode = status.st_mode & 07777;
  } else if (errno == ENAMETOOLONG) {
    return cannot_write(path, errno);
  }
  const std::string target = target_of(path);
  const auto [directory, name] = split_path(target);
  if (const int error = remove_earlier_attempts(directory, name, attempt); error != 0) return cannot_write(path, error);
  const std::string temporary = id.empty() ? directory + temporary_name(name, attempt) : temporary_of(target, id);
  // What is there of a job's own name is of an attempt that ended before its first checkpoint.
  const int flags = O_WRONLY | O_CREAT | O_CLOEXEC | (id.empty() ? O_EXCL : O_TRUNC);
  const int file = ::open(temporary.c_str(), flags, mode ? 0600 : 0666);
  if (file < 0) return cannot_write(path, errno);
  OutputFile created(file, target, temporary);
  if (mode && ::fchmod(file, *mode) != 0) return cannot_write(path, errno);
  return created;
}

Result<OutputFile> OutputFile::resume(const std::string& path, const std::string& id, std::string_view position) {
  ByteReader bytes(position);
  const uint64_t length = bytes.u64();
  const FileIdentity identity{bytes.u64(), bytes.i64()};
  if (!bytes.is_done()) return external_error("the position in " + path + " is damaged");
  const std::string target = target_of(path);
  const std::string temporary = temporary_of(target, id);
  const int file = ::open(temporary.c_str(), O_WRONLY | O_CLOEXEC);
  if (file < 0 && errno != ENOENT) return cannot_write(temporary, errno);
  struct stat status{};
  if (file < 0) {
    // Is the file the one that this job had prepared, or another of its name?
    if (identity_of(target) != identity || ::stat(target.c_str(), &status) != 0)
      return cannot_go_on(path, fmt::format("{}, where it was gathered, is gone", temporary));
    if (static_cast<uint64_t>(status.st_size) != length)
      return cannot_go_on(path, fmt::format("it was written to after the job had ended: it had {} bytes and has {}",
                                            length, status.st_size));
    OutputFile committed(-1, target, {});
    committed.committed_ = position;
    return committed;
  }
  OutputFile resumed(file, target, temporary);
  resumed.is_kept_ = true;
  if (::fstat(file, &status) != 0) return cannot_write(temporary, errno);
  if (static_cast<uint64_t>(status.st_size) < length)
    return cannot_go_on(path, fmt::format("{}, where it is gathered, should have {} bytes at least and has {}",
                                          temporary, length, status.st_size));
  if (::ftruncate(file, static_cast<off_t>(length)) != 0 || ::lseek(file, 0, SEEK_END) < 0)
    return cannot_write(temporary, errno);
  resumed.written_ = length;
  return resumed;
}

OutputFile::OutputFile(int file, std::string path, std::string temporary)
    : file_(file), path_(std::move(path)), temporary_(std::move(temporary)) {}

OutputFile::OutputFile(OutputFile&& other) noexcept
    : file_(std::exchange(other.file_, -1)),
      path_(std::move(other.path_)),
      temporary_(std::exchange(other.temporary_, {})),
      committed_(std::move(other.committed_)),
      is_kept_(other.is_kept_),
      written_(other.written_),
      patience_(std::move(other.patience_)) {}

OutputFile::~OutputFile() { give_up(); }

Status OutputFile::write(std::string_view bytes) {
  SLUICE_INVARIANT(committed_.empty(), path_ + " is complete and is written to");
  if (!patience_) {
    SLUICE_TRY(write_all(file_, bytes, path_));
    written_ += bytes.size();
    return {};
  }
  while (!bytes.empty()) {
    if (patience_->is_over()) return cannot_write(path_, ECANCELED);
    const ssize_t count = ::write(file_, bytes.data(), bytes.size());
    if (count >= 0)
      bytes.remove_prefix(static_cast<size_t>(count));
    else if (errno == EAGAIN)
      patience_->wait_for(file_);
    else if (errno != EINTR)
      return cannot_write(path_, errno);
  }
  return {};
}

Result<std::string> OutputFile::prepare() {
  if (is_device())
    return user_error(fmt::format(
        "{} is no file, so a job that keeps checkpoints cannot write to it: what it got cannot be taken back", path_));
  if (!committed_.empty()) return committed_;
  if (::fsync(file_) != 0) return cannot_write(path_, errno);
  const auto identity = identity_of(temporary_);
  if (!identity) return cannot_write(temporary_, errno);
  if (!std::exchange(is_kept_, true)) sync_directory(split_path(path_).first);
  std::string position;
  ByteWriter out(position);
  out.u64(written_);
  out.u64(identity->inode);
  out.i64(identity->made);
  return position;
}

Status OutputFile::commit() {
  if (temporary_.empty()) return {};
  if (::fsync(file_) != 0 && errno != EINVAL && errno != EROFS) {
    const int error = errno;
    give_up();
    return cannot_write(path_, error);
  }
  // A network file system may report a failed write only here.
  if (::close(std::exchange(file_, -1)) != 0 && errno != EINTR) {
    const int error = errno;
    give_up();
    return cannot_write(path_, error);
  }
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) {
    const int error = errno;
    give_up();
    return cannot_write(path_, error);
  }
  temporary_.clear();
  sync_directory(split_path(path_).first);
  return {};
}

void OutputFile::suspend() noexcept {
  if (file_ >= 0) ::close(std::exchange(file_, -1));
  temporary_.clear();
}

void OutputFile::abort() noexcept {
  if (file_ >= 0) ::close(std::exchange(file_, -1));
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
  temporary_.clear();
}

}  // namespace sluice
