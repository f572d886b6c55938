#include "cli/support/local_cluster.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

extern char** environ;

namespace sluice {

namespace {

namespace fs = std::filesystem;
constexpr std::chrono::seconds kPatience(5);
constexpr std::chrono::milliseconds kLook(10);

fs::path file_in(const std::string& directory) { return fs::path(directory) / "cluster.json"; }

// Field 22 of /proc/ID/stat, in clock ticks since the machine started; 0: there is no such process.
uint64_t start_of(int id) {
  std::ifstream file(fmt::format("/proc/{}/stat", id));
  std::string text((std::istreambuf_iterator<char>(file)), {});
  const size_t behind_name = text.rfind(')');
  if (behind_name == std::string::npos) return 0;
  std::istringstream rest(text.substr(behind_name + 1));
  std::string field;
  rest >> field;
  if (field == "Z") return 0;
  uint64_t value = 0;
  for (int i = 4; i <= 22; ++i) {
    rest >> field;
    if (i == 22) value = std::strtoull(field.c_str(), nullptr, 10);
  }
  return value;
}

// Whoever can write there can name processes for us to end, and the place that tokens are sent to.
bool is_own_directory(const std::string& directory) {
  struct stat status{};
  return ::lstat(directory.c_str(), &status) == 0 && S_ISDIR(status.st_mode) && status.st_uid == ::geteuid() &&
         (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

}  // namespace

std::string local_cluster_directory(const std::string& given) {
  if (!given.empty()) return given;
  if (const char* runtime = std::getenv("XDG_RUNTIME_DIR"); runtime != nullptr && *runtime != '\0')
    return std::string(runtime) + "/sluice";
  return fmt::format("/tmp/sluice-{}", ::getuid());
}

Status make_own_directory(const std::string& directory) {
  std::error_code ignored;
  fs::create_directories(fs::path(directory).parent_path(), ignored);
  if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) return system_error("cannot make " + directory, errno);
  if (!is_own_directory(directory))
    return user_error(directory + " belongs to somebody else, or others may write to it: name another one with --dir");
  return {};
}

Result<std::string> make_token_file(const std::string& directory) {
  std::array<unsigned char, 16> secret{};
  if (::getrandom(secret.data(), secret.size(), 0) != static_cast<ssize_t>(secret.size()))
    return system_error("cannot make a token", errno);
  std::string text;
  for (const unsigned char byte : secret) text += fmt::format("{:02x}", byte);
  text += "\n";
  std::string path = directory + "/token";
  std::error_code ignored;
  fs::remove(path, ignored);
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  const bool is_written = file >= 0 && ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  const int code = errno;
  if (file >= 0) ::close(file);
  if (!is_written) return system_error("cannot write " + path, code);
  return path;
}

std::optional<LocalCluster> read_local_cluster(const std::string& directory) {
  if (!is_own_directory(directory)) return std::nullopt;
  std::ifstream file(file_in(directory));
  const auto json = nlohmann::json::parse(file, nullptr, false);
  if (json.is_discarded() || !json.is_object() || !json.contains("processes")) return std::nullopt;
  LocalCluster cluster;
  cluster.http_address = json.value("http_address", "");
  cluster.url = json.value("url", "");
  cluster.token_file = json.value("token_file", "");
  for (const auto& process : json["processes"])
    cluster.processes.push_back(
        {process.value("role", ""), process.value("id", 0), process.value("started", uint64_t{0})});
  return cluster;
}

Status write_local_cluster(const std::string& directory, const LocalCluster& cluster) {
  nlohmann::ordered_json json = {
      {"http_address", cluster.http_address}, {"url", cluster.url}, {"token_file", cluster.token_file}};
  json["processes"] = nlohmann::json::array();
  for (const auto& process : cluster.processes)
    json["processes"].push_back({{"role", process.role}, {"id", process.id}, {"started", process.started}});
  std::ofstream file(file_in(directory));
  file << json.dump(2) << "\n";
  if (!file.flush()) return system_error("cannot write " + file_in(directory).string(), errno);
  return {};
}

void remove_local_cluster(const std::string& directory) {
  std::error_code ignored;
  fs::remove(file_in(directory), ignored);
  fs::remove(fs::path(directory) / "token", ignored);
}

bool is_running(const LocalCluster::Process& process) {
  return process.id > 0 && process.started != 0 && start_of(process.id) == process.started;
}

Result<LocalCluster::Process> start_process(const std::string& role, std::vector<std::string> words,
                                            const std::string& log_path) {
  words.insert(words.begin(), "sluice");
  std::vector<char*> arguments;
  for (auto& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t files;
  ::posix_spawn_file_actions_init(&files);
  ::posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_addopen(&files, 1, log_path.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  ::posix_spawn_file_actions_adddup2(&files, 1, 2);
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);  // Ctrl-C of our terminal is not for them
  pid_t id = 0;
  const int code = ::posix_spawn(&id, "/proc/self/exe", &files, &attributes, arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&files);
  ::posix_spawnattr_destroy(&attributes);
  if (code != 0) return system_error("cannot start a " + role, code);
  return LocalCluster::Process{role, id, start_of(id)};
}

void end_process(const LocalCluster::Process& process) {
  if (!is_running(process)) return;
  ::kill(process.id, SIGCONT);
  ::kill(process.id, SIGINT);  // not in their own time
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (is_running(process) && std::chrono::steady_clock::now() < deadline) std::this_thread::sleep_for(kLook);
  if (is_running(process)) ::kill(process.id, SIGKILL);
  ::waitpid(process.id, nullptr, WNOHANG);
}

}  // namespace sluice
