#include "runtime/coordinator/output_spool.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <utility>

#include "lang/support/quantity_text.h"

namespace sluice {

OutputSpool::OutputSpool(std::string directory, uint64_t most_bytes)
    : directory_(std::move(directory)), most_bytes_(most_bytes) {}

OutputSpool::~OutputSpool() { clear(); }

OutputSpool::OutputSpool(OutputSpool&& other) noexcept
    : directory_(std::move(other.directory_)),
      most_bytes_(other.most_bytes_),
      size_(std::exchange(other.size_, 0)),
      memory_(std::exchange(other.memory_, {})),
      file_(std::exchange(other.file_, -1)) {}

OutputSpool& OutputSpool::operator=(OutputSpool&& other) noexcept {
  if (this == &other) return *this;
  clear();
  directory_ = std::move(other.directory_);
  most_bytes_ = other.most_bytes_;
  size_ = std::exchange(other.size_, 0);
  memory_ = std::exchange(other.memory_, {});
  file_ = std::exchange(other.file_, -1);
  return *this;
}

void OutputSpool::clear() {
  if (file_ >= 0) ::close(file_);
  file_ = -1;
  memory_.clear();
  size_ = 0;
}

Status OutputSpool::append(std::string_view rows) {
  if (size_ + rows.size() > most_bytes_)
    return user_error(fmt::format("the job has printed more than {}: let it write to files, or to a blackhole",
                                  bytes_text(most_bytes_)));
  if (file_ < 0 && size_ + rows.size() <= kMostInMemory) {
    memory_ += rows;
    size_ += rows.size();
    return {};
  }
  if (file_ < 0) SLUICE_TRY(open_file());
  return write(rows);
}

Status OutputSpool::open_file() {
  file_ = ::open(directory_.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (file_ < 0) {  // not every file system has files without names
    std::string path = directory_ + "/sluice-output-XXXXXX";
    file_ = ::mkostemp(path.data(), O_CLOEXEC);
    if (file_ < 0) return system_error("cannot keep what the job prints in " + directory_, errno);
    ::unlink(path.c_str());
  }
  const std::string before = std::exchange(memory_, {});
  size_ = 0;
  return write(before);
}

// What was written in part counts as not written.
Status OutputSpool::write(std::string_view rows) {
  size_t done = 0;
  while (done < rows.size()) {
    const ssize_t count = ::pwrite(file_, rows.data() + done, rows.size() - done, static_cast<off_t>(size_ + done));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return system_error("cannot keep what the job prints in " + directory_, errno);
    done += static_cast<size_t>(count);
  }
  size_ += rows.size();
  return {};
}

Result<std::string> OutputSpool::read(uint64_t from, uint64_t most) const {
  if (from >= size_) return std::string();
  std::string rows(std::min(most, size_ - from), '\0');
  if (file_ < 0) return memory_.substr(from, rows.size());
  size_t done = 0;
  while (done < rows.size()) {
    const ssize_t count = ::pread(file_, rows.data() + done, rows.size() - done, static_cast<off_t>(from + done));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return system_error("cannot read what the job has printed", count == 0 ? EIO : errno);
    done += static_cast<size_t>(count);
  }
  return rows;
}

}  // namespace sluice
