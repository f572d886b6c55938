#include "cli/support/measured_process.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

extern char** environ;

namespace sluice {
namespace {

std::chrono::nanoseconds time_of(const timeval& time) {
  return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
}

Result<pid_t> spawn(const std::vector<std::string>& words, int input) {
  std::vector<char*> arguments;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
  pid_t process = 0;
  const int error = ::posix_spawn(&process, words.front().c_str(), &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return system_error("cannot start " + words.front(), error);
  return process;
}

}  // namespace

Result<ProcessUsage> run_measured(const std::vector<std::string>& words, std::string_view input) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return system_error("cannot make a pipe", errno);
  const auto start = std::chrono::steady_clock::now();
  const auto process = spawn(words, ends[0]);
  ::close(ends[0]);
  if (process) (void)!::write(ends[1], input.data(), input.size());
  ::close(ends[1]);
  if (!process) return std::unexpected(process.error());
  int status = 0;
  rusage usage{};
  while (::wait4(*process, &status, 0, &usage) < 0)
    if (errno != EINTR) return system_error("cannot wait for " + words.front(), errno);
  ProcessUsage result;
  result.exit_code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  result.wall = std::chrono::steady_clock::now() - start;
  result.cpu = time_of(usage.ru_utime) + time_of(usage.ru_stime);
  result.peak_bytes = static_cast<uint64_t>(usage.ru_maxrss) * 1024;
  return result;
}

}  // namespace sluice
