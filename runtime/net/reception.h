// Reception: connections whose first frame is awaited, in a coordinator, a worker and the data plane. Each of them says
// something in time, and is handed on with it, or it ends; until then it may send no more than a Hello.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>

#include "runtime/net/connection.h"
#include "runtime/net/event_loop.h"

namespace sluice {

class Reception {
 public:
  // One who has said something. The connection receives nothing more until it is started again.
  struct Caller {
    Frame first;
    std::unique_ptr<Connection> connection;
  };
  using Greeting = std::move_only_function<void(Result<Caller>)>;

  // Everything happens on the loop of the owner, who calls clear() when it has stopped.
  explicit Reception(EventLoop& loop) : loop_(loop) {}
  Reception(const Reception&) = delete;
  Reception& operator=(const Reception&) = delete;

  // `greeting` is called once, with the caller or with why there is none. From the loop, like clear().
  void await(std::unique_ptr<Connection> connection, Greeting greeting);
  // Ends the connections; no greeting follows.
  void clear() { waiting_.clear(); }

 private:
  struct Waiting {
    std::unique_ptr<Connection> connection;
    Greeting greeting;
  };
  void came(uint64_t id, Frame first);
  void lost(uint64_t id, const Error& error);

  EventLoop& loop_;
  std::map<uint64_t, Waiting> waiting_;
  uint64_t next_ = 1;
};

}  // namespace sluice
