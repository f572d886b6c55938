#include "runtime/checkpoint/checkpoint_store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <random>
#include <string_view>
#include <utility>

#include "runtime/io/durable_file.h"

namespace sluice {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = "chk-";
constexpr std::string_view kUnfinished = ".tmp";
constexpr std::string_view kDamaged = ".damaged";
constexpr size_t kMostManifestBytes = size_t{2} << 30;
constexpr size_t kJobIdBytes = 16;

std::string checkpoints_of(const std::string& directory) { return directory + "/checkpoints"; }

Status make_directory(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return {};
  return system_error("cannot make the directory " + path, errno);
}

Status sync_directory(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file < 0) return system_error("cannot open " + path, errno);
  const int error = ::fsync(file) == 0 ? 0 : errno;
  ::close(file);
  if (error != 0) return system_error("cannot write " + path, error);
  return {};
}

// Of "chk-00000012".
std::optional<uint64_t> number_of(std::string_view name) {
  if (!name.starts_with(kPrefix)) return std::nullopt;
  name.remove_prefix(kPrefix.size());
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc() || end != name.data() + name.size() || number == 0) return std::nullopt;
  return number;
}

// First out of the way under one name, so that no half of it is taken for a checkpoint.
void remove_checkpoint(const std::string& path) noexcept {
  std::error_code code;
  const std::string doomed = path + std::string(kUnfinished);
  fs::rename(path, doomed, code);
  fs::remove_all(doomed, code);
}

Status check_runs(const CheckpointManifest& manifest, const std::string& directory, bool by_checksum) {
  for (const auto& task : manifest.tasks) {
    if (task.run.empty()) continue;
    const std::string path = directory + "/" + task.run;
    if (task.run.find('/') != std::string::npos) return external_error(path + " is no name of a run");
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0) return system_error("cannot read " + path, errno);
    if (static_cast<uint64_t>(status.st_size) != task.run_info.bytes)
      return external_error(
          fmt::format("{} should have {} bytes and has {}", path, task.run_info.bytes, status.st_size));
    if (!by_checksum) continue;
    SLUICE_ASSIGN(const RunInfo info, examine_run(path));
    if (info != task.run_info) return external_error(path + " is damaged: its checksum is wrong");
  }
  return {};
}

Result<CheckpointManifest> read_checkpoint(const std::string& directory, uint64_t number) {
  const std::string path = directory + "/manifest";
  SLUICE_ASSIGN(const std::string bytes, read_whole_file(path, kMostManifestBytes));
  auto manifest = decode_manifest(bytes);
  if (!manifest) return external_error(path + " cannot be used: " + manifest.error().message);
  if (manifest->number != number)
    return external_error(fmt::format("{} is the manifest of checkpoint {}", path, manifest->number));
  SLUICE_TRY(check_runs(*manifest, directory, true));
  return manifest;
}

}  // namespace

Result<std::unique_ptr<CheckpointStore>> CheckpointStore::open(const std::string& directory, size_t kept) {
  if (directory.empty()) return user_error("the path of the state directory is empty");
  SLUICE_TRY(make_directory(directory));
  const std::string path = directory + "/lock";
  const int lock = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock < 0) return system_error("cannot open " + path, errno);
  std::unique_ptr<CheckpointStore> store(new CheckpointStore(directory, std::max<size_t>(kept, 1), lock));
  while (::flock(lock, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EINTR) continue;
    if (errno != EWOULDBLOCK) return system_error("cannot lock " + path, errno);
    return user_error(
        fmt::format("another process uses the state directory {}; wait until it has ended, or give every job a "
                    "directory of its own",
                    directory));
  }
  SLUICE_TRY(store->prepare());
  return store;
}

CheckpointStore::CheckpointStore(std::string directory, size_t kept, int lock)
    : directory_(std::move(directory)), kept_(kept), lock_(lock) {}

CheckpointStore::~CheckpointStore() {
  abandon();
  ::close(lock_);
}

Status CheckpointStore::prepare() {
  const std::string checkpoints = checkpoints_of(directory_);
  SLUICE_TRY(make_directory(checkpoints));
  std::error_code code;
  std::vector<fs::path> unfinished;
  for (fs::directory_iterator entry(checkpoints, code), end; !code && entry != end; entry.increment(code))
    if (entry->path().extension() == kUnfinished)
      unfinished.push_back(entry->path());
    else if (entry->path().extension() == kDamaged)
      next_number_ = std::max(next_number_, number_of(entry->path().stem().string()).value_or(0) + 1);
  for (const auto& path : unfinished)
    if (!code) fs::remove_all(path, code);
  if (code) return system_error("cannot tidy up " + checkpoints, code.value());
  SLUICE_ASSIGN(const auto found, numbers());
  if (!found.empty()) next_number_ = std::max(next_number_, found.front() + 1);
  return read_job_id();
}

Status CheckpointStore::read_job_id() {
  const std::string path = directory_ + "/job-id";
  if (::access(path.c_str(), F_OK) != 0) {
    std::random_device chance;
    job_id_ = fmt::format("{:08x}{:08x}", chance(), chance());
    SLUICE_TRY(write_durably(path, job_id_));
    return sync_directory(directory_);
  }
  SLUICE_ASSIGN(job_id_, read_whole_file(path, kJobIdBytes));
  const bool is_well =
      job_id_.size() == kJobIdBytes && job_id_.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (!is_well) return external_error(path + " is damaged: it should hold 16 hexadecimal digits");
  return {};
}

// The last one first.
Result<std::vector<uint64_t>> CheckpointStore::numbers() const {
  const std::string checkpoints = checkpoints_of(directory_);
  std::vector<uint64_t> found;
  std::error_code code;
  for (fs::directory_iterator entry(checkpoints, code), end; !code && entry != end; entry.increment(code))
    if (const auto number = number_of(entry->path().filename().string())) found.push_back(*number);
  if (code) return system_error("cannot read " + checkpoints, code.value());
  std::ranges::sort(found, std::greater());
  return found;
}

std::string CheckpointStore::path_of(uint64_t number) const {
  return fmt::format("{}/{}{:08}", checkpoints_of(directory_), kPrefix, number);
}

Result<LatestCheckpoint> CheckpointStore::latest() const {
  SLUICE_ASSIGN(const auto found, numbers());
  LatestCheckpoint latest;
  for (const uint64_t number : found) {
    const std::string directory = path_of(number);
    auto manifest = read_checkpoint(directory, number);
    if (manifest) {
      latest.checkpoint = FoundCheckpoint{std::move(*manifest), directory};
      return latest;
    }
    latest.damaged.push_back(manifest.error().to_string());
  }
  if (found.empty()) return latest;
  return external_error(
      fmt::format("no checkpoint in {} can be used: {}; put back what is missing, or give the job another state "
                  "directory to begin anew",
                  checkpoints_of(directory_), fmt::join(latest.damaged, "; ")));
}

Status CheckpointStore::set_newer_aside(uint64_t number) {
  SLUICE_ASSIGN(const auto found, numbers());
  for (const uint64_t newer : found) {
    if (newer <= number) break;
    const std::string path = path_of(newer);
    if (::rename(path.c_str(), (path + std::string(kDamaged)).c_str()) != 0)
      return system_error("cannot set aside " + path, errno);
  }
  return sync_directory(checkpoints_of(directory_));
}

Result<std::string> CheckpointStore::begin(uint64_t number) {
  if (begun_ != 0 || number < next_number_) return internal_error("a checkpoint is begun out of turn");
  std::string path = path_of(number) + std::string(kUnfinished);
  SLUICE_TRY(make_directory(path));
  begun_ = number;
  next_number_ = number + 1;
  return path;
}

Status CheckpointStore::commit(const CheckpointManifest& manifest) {
  if (begun_ == 0 || manifest.number != begun_) return internal_error("a checkpoint is committed that was not begun");
  if (auto published = publish(manifest); !published) {
    abandon();
    return published;
  }
  begun_ = 0;
  remove_old();
  return {};
}

Status CheckpointStore::publish(const CheckpointManifest& manifest) {
  const std::string path = path_of(begun_);
  const std::string unfinished = path + std::string(kUnfinished);
  SLUICE_TRY(check_runs(manifest, unfinished, false));
  // Syncs the directory, too, and so the names of the runs.
  SLUICE_TRY(write_durably(unfinished + "/manifest", encode_manifest(manifest)));
  if (::rename(unfinished.c_str(), path.c_str()) != 0) return system_error("cannot write " + path, errno);
  auto synced = sync_directory(checkpoints_of(directory_));
  if (!synced) remove_checkpoint(path);
  return synced;
}

void CheckpointStore::abandon() noexcept {
  if (begun_ == 0) return;
  std::error_code code;
  fs::remove_all(path_of(begun_) + std::string(kUnfinished), code);
  begun_ = 0;
}

// The last checkpoint goes last: who is cut off here finds that all is done. What sinks noted of rows that are on the
// screen is of use as long as there is a checkpoint.
Status CheckpointStore::forget_job() {
  abandon();
  SLUICE_ASSIGN(const auto found, numbers());
  for (auto number = found.rbegin(); number != found.rend(); ++number) remove_checkpoint(path_of(*number));
  std::error_code code;
  std::vector<fs::path> rest;
  for (fs::directory_iterator entry(directory_, code), end; !code && entry != end; entry.increment(code))
    if (entry->path().filename().string().starts_with("shown-")) rest.push_back(entry->path());
  const std::string checkpoints = checkpoints_of(directory_);
  for (fs::directory_iterator entry(checkpoints, code), end; !code && entry != end; entry.increment(code))
    if (entry->path().extension() == kDamaged) rest.push_back(entry->path());
  for (const auto& path : rest)
    if (!code) fs::remove_all(path, code);
  if (code) return system_error("cannot tidy up " + directory_, code.value());
  return sync_directory(checkpoints);
}

void CheckpointStore::remove_old() const noexcept {
  const auto found = numbers();
  if (!found) return;  // the next commit looks again
  for (size_t i = kept_; i < found->size(); ++i) remove_checkpoint(path_of((*found)[i]));
}

}  // namespace sluice
