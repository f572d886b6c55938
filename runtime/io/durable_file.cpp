#include "runtime/io/durable_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <utility>

namespace sluice {

namespace {

class OpenFile {
 public:
  OpenFile(const std::string& path, int flags) : file_(::open(path.c_str(), flags | O_CLOEXEC, 0600)) {}
  ~OpenFile() { static_cast<void>(close()); }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  [[nodiscard]] int get() const { return file_; }
  int close() { return file_ < 0 ? 0 : ::close(std::exchange(file_, -1)); }

 private:
  int file_;
};

// 0, or the errno of what failed.
int write_all(int file, std::string_view contents) {
  while (!contents.empty()) {
    const ssize_t written = ::write(file, contents.data(), contents.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    contents.remove_prefix(static_cast<size_t>(written));
  }
  return 0;
}

// 0, or the errno of what failed; an error of `piece` as it is.
Result<int> write_pieces(const std::string& path, const std::function<Result<std::string>(uint64_t)>& piece) {
  OpenFile file(path, O_WRONLY | O_CREAT | O_TRUNC);
  if (file.get() < 0) return errno;
  for (uint64_t from = 0;;) {
    SLUICE_ASSIGN(const std::string contents, piece(from));
    if (contents.empty()) break;
    if (const int code = write_all(file.get(), contents); code != 0) return code;
    from += contents.size();
  }
  if (::fsync(file.get()) != 0) return errno;
  return file.close() == 0 ? 0 : errno;
}

Status sync_directory_of(const std::string& path) {
  const auto directory = std::filesystem::path(path).parent_path().string();
  const OpenFile opened(directory.empty() ? "." : directory, O_RDONLY | O_DIRECTORY);
  if (opened.get() < 0 || ::fsync(opened.get()) != 0) return system_error("cannot write " + path, errno);
  return {};
}

constexpr std::string_view kMagic = "SLUICE1\n";

}  // namespace

Status write_durably(const std::string& path, std::string_view contents) {
  return write_durably(path, [&](uint64_t from) -> Result<std::string> { return std::string(contents.substr(from)); });
}

Status write_durably(const std::string& path, const std::function<Result<std::string>(uint64_t)>& piece) {
  const std::string temporary = path + ".tmp";
  const auto written = write_pieces(temporary, piece);
  int code = written.value_or(0);
  if (written && code == 0 && ::rename(temporary.c_str(), path.c_str()) != 0) code = errno;
  if (!written || code != 0) ::unlink(temporary.c_str());
  if (!written) return std::unexpected(written.error());
  if (code != 0) return system_error("cannot write " + path, code);
  return sync_directory_of(path);
}

Result<std::string> read_whole_file(const std::string& path, size_t most_bytes) {
  const OpenFile file(path, O_RDONLY);
  if (file.get() < 0) return system_error("cannot open " + path, errno);
  std::string contents;
  std::array<char, 64 << 10> piece{};
  while (true) {
    const ssize_t count = ::read(file.get(), piece.data(), piece.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return system_error("cannot read " + path, errno);
    if (count == 0) return contents;
    contents.append(piece.data(), static_cast<size_t>(count));
    if (contents.size() > most_bytes) return external_error(fmt::format("{} is too large", path));
  }
}

std::string with_checksum(std::string_view contents) {
  const uint64_t checksum = XXH3_64bits(contents.data(), contents.size());
  std::string checked(kMagic);
  checked.append(reinterpret_cast<const char*>(&checksum), sizeof checksum);
  return checked.append(contents);
}

Result<std::string> without_checksum(std::string_view checked) {
  if (!checked.starts_with(kMagic)) return external_error("it is no file of Sluice's, or of another version");
  checked.remove_prefix(kMagic.size());
  uint64_t checksum = 0;
  if (checked.size() < sizeof checksum) return external_error("it is cut off");
  std::memcpy(&checksum, checked.data(), sizeof checksum);
  checked.remove_prefix(sizeof checksum);
  if (XXH3_64bits(checked.data(), checked.size()) != checksum) return external_error("its checksum is wrong");
  return std::string(checked);
}

}  // namespace sluice
