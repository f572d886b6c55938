#include "runtime/net/reception.h"

#include <utility>

#include "runtime/net/handshake.h"

namespace sluice {

namespace {
constexpr std::chrono::milliseconds kHelloTimeout(2'000);
}  // namespace

void Reception::await(std::unique_ptr<Connection> connection, Greeting greeting) {
  const uint64_t id = next_++;
  Connection& caller = *connection;
  waiting_.emplace(id, Waiting{std::move(connection), std::move(greeting)});
  caller.start(
      [this, id](Frame frame) {
        loop_.post([this, id, first = std::move(frame)]() mutable { came(id, std::move(first)); });
        return false;
      },
      [this, id](const Error& error) { loop_.post([this, id, error] { lost(id, error); }); }, kMostHelloBytes);
  loop_.post_at(EventLoop::Clock::now() + kHelloTimeout,
                [this, id] { lost(id, external_error("the peer does not say who it is", true).error()); });
}

void Reception::came(uint64_t id, Frame first) {
  const auto found = waiting_.find(id);
  if (found == waiting_.end()) return;
  Waiting caller = std::move(found->second);
  waiting_.erase(found);
  caller.greeting(Caller{std::move(first), std::move(caller.connection)});
}

void Reception::lost(uint64_t id, const Error& error) {
  const auto found = waiting_.find(id);
  if (found == waiting_.end()) return;
  Waiting caller = std::move(found->second);
  waiting_.erase(found);
  caller.connection.reset();
  caller.greeting(external_error(
      error.message +
          ", before it said who it is; all processes of a cluster need the same token, and all of them TLS or none",
      true));
}

}  // namespace sluice
