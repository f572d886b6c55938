// ConnectionQueue: the threads that serve the connections of ApiServer, and the connections that wait for one. Each
// holds a file descriptor, of which a process has only so many: there are never more than `most`, and those that come
// then are closed. Used by ApiServer alone.
#pragma once

#include <httplib.h>

#include <atomic>
#include <cstddef>
#include <functional>

namespace sluice {

class ConnectionQueue final : public httplib::TaskQueue {
 public:
  // `waiting` counts the connections that wait for a thread, for those that are served to see; it must outlive this.
  ConnectionQueue(size_t threads, size_t most, std::atomic<size_t>& waiting)
      : pool_(threads), most_(most), waiting_(waiting) {}
  // A quarter of the files that this process may have open, but no more than `most`.
  [[nodiscard]] static size_t most_connections(size_t most);
  // True on a thread for as long as it is to close a connection instead of serving it.
  [[nodiscard]] static bool is_closing();

  void enqueue(std::function<void()> serve) override;
  void shutdown() override { pool_.shutdown(); }

 private:
  httplib::ThreadPool pool_;
  size_t most_;
  std::atomic<size_t> accepted_{0};
  std::atomic<size_t>& waiting_;
};

}  // namespace sluice
