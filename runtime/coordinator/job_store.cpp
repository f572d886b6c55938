#include "runtime/coordinator/job_store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>

#include "runtime/io/durable_file.h"

namespace sluice {

namespace {
constexpr std::string_view kJob = ".job";
constexpr std::string_view kOutput = ".output";
constexpr size_t kMostBytes = size_t{1} << 30;  // of a file
constexpr size_t kPieceBytes = 1 << 20;

std::unexpected<Error> cannot_be_used(const std::string& path, const Error& why) {
  return external_error(
      fmt::format("{} cannot be used: {}. Move it away, and the .output beside it, to go on without this job", path,
                  why.to_string()));
}
}  // namespace

Result<JobStore> JobStore::open(const std::string& directory) {
  std::error_code code;
  const bool is_new = std::filesystem::create_directories(directory, code);
  if (code) return system_error("cannot make the state directory " + directory, code.value());
  if (is_new) std::filesystem::permissions(directory, std::filesystem::perms::owner_all, code);
  const std::string path = directory + "/lock";
  const int lock = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock < 0) return system_error("cannot open " + path, errno);
  JobStore store(directory, lock);
  if (::flock(lock, LOCK_EX | LOCK_NB) != 0 && errno != EWOULDBLOCK) return system_error("cannot lock " + path, errno);
  if (::flock(lock, LOCK_EX | LOCK_NB) != 0)
    return external_error(fmt::format("another coordinator uses the state directory {}", directory));
  return store;
}

JobStore::JobStore(JobStore&& other) noexcept
    : directory_(std::move(other.directory_)), lock_(std::exchange(other.lock_, -1)) {}

JobStore::~JobStore() {
  if (lock_ >= 0) ::close(lock_);
}

std::string JobStore::path_of(uint64_t job, std::string_view kind) const {
  return fmt::format("{}/{}{}", directory_, job, kind);
}

Result<std::vector<wire::JobRecord>> JobStore::load() const {
  std::vector<wire::JobRecord> records;
  std::error_code code;
  for (std::filesystem::directory_iterator entry(directory_, code), end; !code && entry != end; entry.increment(code)) {
    if (entry->path().extension() != kJob) continue;
    const auto damaged = [&](const Error& error) { return cannot_be_used(entry->path().string(), error); };
    const auto checked = read_whole_file(entry->path(), kMostBytes);
    if (!checked) return damaged(checked.error());
    const auto contents = without_checksum(*checked);
    if (!contents) return damaged(contents.error());
    if (!records.emplace_back().ParseFromString(*contents)) return damaged(external_error("it holds no job").error());
  }
  if (code) return system_error("cannot read the state directory " + directory_, code.value());
  std::ranges::sort(records, {}, &wire::JobRecord::job);
  return records;
}

Status JobStore::save(const wire::JobRecord& record) const {
  return write_durably(path_of(record.job(), kJob), with_checksum(record.SerializeAsString()));
}

Status JobStore::save_output(uint64_t job, const std::function<Result<std::string>(uint64_t)>& piece) const {
  return write_durably(path_of(job, kOutput), piece);
}

Status JobStore::load_output(uint64_t job, const std::function<Status(std::string_view)>& take) const {
  const std::string path = path_of(job, kOutput);
  std::ifstream file(path, std::ios::binary);
  if (!file) return {};
  std::string piece(kPieceBytes, '\0');
  while (file.read(piece.data(), static_cast<std::streamsize>(piece.size())) || file.gcount() != 0)
    SLUICE_TRY(take(std::string_view(piece).substr(0, static_cast<size_t>(file.gcount()))));
  if (file.bad()) return external_error("cannot read " + path);
  return {};
}

std::unexpected<Error> JobStore::unusable(uint64_t job, const Error& why) const {
  return cannot_be_used(path_of(job, kJob), why);
}

void JobStore::remove(uint64_t job) const {
  for (const auto kind : {kJob, kOutput}) ::unlink(path_of(job, kind).c_str());
}

}  // namespace sluice
