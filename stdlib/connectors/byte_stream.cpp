#include "stdlib/connectors/byte_stream.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <vector>

#include "lang/support/invariant.h"
#include "stdlib/connectors/unpack.h"

namespace sluice {
namespace {

constexpr size_t kSkippedAtOnce = size_t{256} << 10;

std::unexpected<Error> ends_early(const std::string& name) {
  return external_error(fmt::format(
      "{} ends before the place where the job is to go on in it; put back what it was, or begin anew", name));
}

class FileStream final : public ByteStream {
 public:
  // `size`: what is to be read of it; none: up to its end.
  FileStream(int file, bool is_owned, std::string name, bool is_regular, std::optional<uint64_t> size,
             const Interrupter& interrupter)
      : file_(file),
        is_owned_(is_owned),
        is_regular_(is_regular),
        size_(size),
        name_(std::move(name)),
        interrupter_(interrupter) {}
  ~FileStream() override {
    if (is_owned_) ::close(file_);
  }
  FileStream(const FileStream&) = delete;
  FileStream& operator=(const FileStream&) = delete;

  Result<uint64_t> read(char* data, uint64_t size) override {
    for (;;) {
      if (interrupter_.is_interrupted()) return uint64_t{0};
      if (!is_regular_ && !wait_for_bytes()) return uint64_t{0};
      const ssize_t count = ::read(file_, data, size_ ? std::min(size, *size_ - consumed_) : size);
      if (count > 0) {
        consumed_ += static_cast<uint64_t>(count);
        return static_cast<uint64_t>(count);
      }
      if (count == 0) return at_end();
      if (errno == EINTR || errno == EAGAIN) continue;
      return system_error("cannot read " + name_, errno);
    }
  }

  Status skip(uint64_t size) override {
    if (!is_regular_ || !size_) return ByteStream::skip(size);
    if (size > *size_ - consumed_ || ::lseek(file_, static_cast<off_t>(size), SEEK_CUR) < 0) return ends_early(name_);
    consumed_ += size;
    return {};
  }

  const std::string& name() const override { return name_; }
  bool must_wait() override {
    if (is_regular_) return false;
    pollfd waiting{file_, POLLIN, 0};
    return ::poll(&waiting, 1, 0) == 0;
  }
  uint64_t consumed() const override { return consumed_; }

 private:
  // False when interrupted.
  bool wait_for_bytes() {
    pollfd waiting[] = {{file_, POLLIN, 0}, {interrupter_.event(), POLLIN, 0}};
    while (::poll(waiting, 2, -1) < 0 && errno == EINTR) {
    }
    return !interrupter_.is_interrupted();
  }
  Result<uint64_t> at_end() {
    if (size_ && consumed_ < *size_)
      return external_error(fmt::format(
          "{} became shorter while it was read: {} of {} bytes; run again when nothing writes to it any more", name_,
          consumed_, *size_));
    return uint64_t{0};
  }

  int file_;
  bool is_owned_;
  bool is_regular_;
  std::optional<uint64_t> size_;
  uint64_t consumed_ = 0;
  std::string name_;
  const Interrupter& interrupter_;
};

std::unique_ptr<ByteStream> standard_input(const Interrupter& interrupter) {
  struct stat status{};
  ::fstat(STDIN_FILENO, &status);
  // A pipe hands over more at a time when it may; refusal costs nothing.
  if (S_ISFIFO(status.st_mode)) ::fcntl(STDIN_FILENO, F_SETPIPE_SZ, 1 << 20);
  // Redirected from a file, reading may begin in its middle, so its size says nothing.
  return std::make_unique<FileStream>(STDIN_FILENO, false, "standard input", S_ISREG(status.st_mode), std::nullopt,
                                      interrupter);
}

}  // namespace

Status ByteStream::skip(uint64_t size) {
  std::vector<char> dropped(std::min<uint64_t>(size, kSkippedAtOnce));
  while (size != 0) {
    SLUICE_ASSIGN(const uint64_t count, read(dropped.data(), std::min<uint64_t>(size, dropped.size())));
    if (count == 0) return ends_early(name());
    size -= count;
  }
  return {};
}

namespace {

// A file that was opened with O_NONBLOCK only so that opening it did not wait.
bool make_blocking(int file) {
  const int flags = ::fcntl(file, F_GETFL);
  return flags >= 0 && ::fcntl(file, F_SETFL, flags & ~O_NONBLOCK) == 0;
}

}  // namespace

Interrupter::Interrupter() : event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  SLUICE_INVARIANT(event_ >= 0, "out of file descriptors");
}
Interrupter::~Interrupter() { ::close(event_); }

void Interrupter::interrupt() {
  is_set_.store(true, std::memory_order_release);
  const uint64_t one = 1;
  // Fails only when the counter is full, and then the event is readable already.
  [[maybe_unused]] const ssize_t written = ::write(event_, &one, sizeof(one));
}

Result<std::unique_ptr<ByteStream>> open_stream(const InputFile& input, const Interrupter& interrupter) {
  const std::string& path = input.path;
  if (path == "-") return standard_input(interrupter);
  // A named pipe would wait here for its writer; read() waits for it in a way that can be interrupted.
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return system_error("cannot open " + path, errno);
  struct stat status{};
  if (!make_blocking(file) || ::fstat(file, &status) != 0) {
    const int error = errno;
    ::close(file);
    return system_error("cannot read " + path, error);
  }
  if (S_ISREG(status.st_mode)) ::posix_fadvise(file, 0, 0, POSIX_FADV_SEQUENTIAL);
  // Files of the kernel's have no size and yet something to read.
  std::optional<uint64_t> size;
  if (S_ISREG(status.st_mode) && (status.st_size != 0 || input.size != 0)) size = input.size;
  if (input.inode != 0 && input.inode != status.st_ino) {
    ::close(file);
    return external_error(fmt::format("{} was replaced after the job had begun; run it again", path));
  }
  std::unique_ptr<ByteStream> stream =
      std::make_unique<FileStream>(file, true, path, S_ISREG(status.st_mode), size, interrupter);
  if (path.ends_with(".gz")) return unpack_gzip(std::move(stream), path);
  if (path.ends_with(".zst")) return unpack_zstd(std::move(stream), path);
  return stream;
}

}  // namespace sluice
