#include "cli/support/interrupt.h"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <utility>

#include "lang/support/invariant.h"

namespace sluice {

ExitCode exit_code_of(int signal) { return static_cast<ExitCode>(128 + signal); }

InterruptWatcher::InterruptWatcher(std::function<void()> on_first) : on_first_(std::move(on_first)) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  // Ignored by wish (nohup), it would still arrive here.
  struct sigaction hangup{};
  if (::sigaction(SIGHUP, nullptr, &hangup) == 0 && hangup.sa_handler != SIG_IGN) sigaddset(&signals, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &signals, &previous_mask_);
  signals_ = signalfd(-1, &signals, SFD_CLOEXEC);
  wake_ = eventfd(0, EFD_CLOEXEC);
  SLUICE_INVARIANT(signals_ >= 0 && wake_ >= 0, "no file descriptor for signals");
  thread_ = std::thread([this] { watch(); });
}

InterruptWatcher::~InterruptWatcher() {
  const uint64_t one = 1;
  (void)!::write(wake_, &one, sizeof one);
  thread_.join();
  ::close(signals_);
  ::close(wake_);
  pthread_sigmask(SIG_SETMASK, &previous_mask_, nullptr);
}

void InterruptWatcher::watch() {
  std::array<pollfd, 2> waited{pollfd{signals_, POLLIN, 0}, pollfd{wake_, POLLIN, 0}};
  while (true) {
    if (::poll(waited.data(), waited.size(), -1) < 0) continue;  // only EINTR
    if (waited[1].revents != 0) return;
    signalfd_siginfo info{};
    if (::read(signals_, &info, sizeof info) != sizeof info) continue;
    const int signal = static_cast<int>(info.ssi_signo);
    if (signal_.exchange(signal) != 0) ::_exit(static_cast<int>(exit_code_of(signal)));
    on_first_();
  }
}

}  // namespace sluice
