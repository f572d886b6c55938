#include "cli/support/deep_stack.h"

#include <pthread.h>
#include <signal.h>

#include <cstddef>

namespace sluice {

namespace {

// Sanitizers need many times the stack of a release build; this is enough for them, too.
constexpr size_t kStackBytes = size_t{1} << 30;
constexpr size_t kLeastStackBytes = size_t{16} << 20;

struct Call {
  const std::function<ExitCode()>& work;
  sigset_t signals;  // that the work does not take
  ExitCode code = ExitCode::JobFailed;
};

void* run(void* argument) {
  auto& call = *static_cast<Call*>(argument);
  pthread_sigmask(SIG_SETMASK, &call.signals, nullptr);
  call.code = call.work();
  return nullptr;
}

}  // namespace

ExitCode run_on_deep_stack(const std::function<ExitCode()>& work) {
  Call call{work, {}};
  // Signals are for the threads that work (InterruptWatcher blocks them there); here they would end the process. They
  // are blocked before there is such a thread: between its watching and our blocking one could still come here.
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &call.signals);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  bool is_started = false;
  // Where address space is limited (ulimit -v) there is less; then only extreme programs overflow it.
  for (size_t bytes = kStackBytes; bytes >= kLeastStackBytes && !is_started; bytes /= 2) {
    pthread_attr_setstacksize(&attributes, bytes);
    pthread_t thread{};
    is_started = pthread_create(&thread, &attributes, run, &call) == 0;
    if (!is_started) continue;
    pthread_join(thread, nullptr);
  }
  pthread_attr_destroy(&attributes);
  if (is_started) return call.code;
  pthread_sigmask(SIG_SETMASK, &call.signals, nullptr);
  return work();
}

}  // namespace sluice
