#include "runtime/coordinator/connection_queue.h"

#include <sys/resource.h>

#include <algorithm>
#include <utility>

namespace sluice {

namespace {
// The library hands over a function that knows the socket, and no socket: the function itself has to close it.
thread_local bool is_to_close = false;
}  // namespace

size_t ConnectionQueue::most_connections(size_t most) {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return most;
  return std::clamp<size_t>(files.rlim_cur / 4, 1, most);
}

bool ConnectionQueue::is_closing() { return is_to_close; }

void ConnectionQueue::enqueue(std::function<void()> serve) {
  if (accepted_.load() >= most_) {
    is_to_close = true;
    serve();
    is_to_close = false;
    return;
  }
  ++accepted_;
  ++waiting_;
  pool_.enqueue([this, run = std::move(serve)] {
    --waiting_;
    run();
    --accepted_;
  });
}

}  // namespace sluice
