#include "stdlib/connectors/standard_output.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>

#include "lang/support/invariant.h"
#include "stdlib/connectors/output_file.h"

namespace sluice {
namespace {

constexpr size_t kHeldInMemory = size_t{1} << 20;

// A file that goes away with its last descriptor.
Result<int> open_nameless() {
  const char* wanted = std::getenv("TMPDIR");
  const std::string directory = wanted != nullptr && *wanted != '\0' ? wanted : "/tmp";
  std::string path = directory + "/sluice-output-XXXXXX";
  const int file = ::mkostemp(path.data(), O_CLOEXEC);
  if (file < 0) return system_error("cannot keep the rows of a second `print` in " + directory, errno);
  ::unlink(path.c_str());
  return file;
}

}  // namespace

StandardOutput::~StandardOutput() {
  for (auto& [place, writer] : writers_)
    if (writer.file >= 0) ::close(writer.file);
}

void StandardOutput::enter(uint32_t place) {
  const std::scoped_lock lock(mutex_);
  writers_.try_emplace(place);
}

bool StandardOutput::is_shown(uint32_t place) const {
  const std::scoped_lock lock(mutex_);
  return is_next(place);
}

bool StandardOutput::is_next(uint32_t place) const {
  if (is_endless_) return true;
  return std::all_of(writers_.begin(), writers_.lower_bound(place),
                     [](const auto& entry) { return entry.second.is_finished; });
}

Status StandardOutput::write_out(std::string_view text) const {
  return output_ ? output_(text) : write_all(STDOUT_FILENO, text, "standard output");
}

Status StandardOutput::write(uint32_t place, std::string_view text, std::string_view header) {
  if (text.empty()) return {};
  const std::scoped_lock lock(mutex_);
  const auto entry = writers_.find(place);
  SLUICE_INVARIANT(entry != writers_.end(), "a sink that never entered writes to standard output");
  Writer& writer = entry->second;
  if (!is_next(place)) return hold(writer, text);
  if (is_endless_ && last_ != nullptr && last_ != &writer && !header.empty()) {
    SLUICE_TRY(write_out("\n"));
    if (writer.has_written) SLUICE_TRY(write_out(header));
  }
  last_ = &writer;
  writer.has_written = true;
  return write_out(text);
}

Status StandardOutput::finish(uint32_t place) {
  const std::scoped_lock lock(mutex_);
  writers_.at(place).is_finished = true;
  for (auto& [each, writer] : writers_) {
    SLUICE_TRY(show(writer));
    if (!writer.is_finished) break;  // the others wait for it
  }
  return {};
}

Status StandardOutput::hold(Writer& writer, std::string_view text) {
  writer.held += text;
  if (writer.held.size() < kHeldInMemory) return {};
  if (writer.file < 0) {
    SLUICE_ASSIGN(writer.file, open_nameless());
  }
  SLUICE_TRY(write_all(writer.file, writer.held, "a temporary file"));
  writer.held.clear();
  return {};
}

// Everything that was held back.
Status StandardOutput::show(Writer& writer) {
  if (writer.file >= 0) {
    std::array<char, size_t{64} << 10> buffer;
    off_t at = 0;
    for (;;) {
      const ssize_t count = ::pread(writer.file, buffer.data(), buffer.size(), at);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return system_error("cannot read a temporary file", errno);
      if (count == 0) break;
      SLUICE_TRY(write_out({buffer.data(), static_cast<size_t>(count)}));
      at += count;
    }
    ::close(std::exchange(writer.file, -1));
  }
  const std::string held = std::exchange(writer.held, {});
  return write_out(held);
}

}  // namespace sluice
