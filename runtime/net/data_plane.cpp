#include "runtime/net/data_plane.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace sluice {

namespace {
constexpr std::chrono::milliseconds kDialTimeout(2'000);
constexpr std::chrono::milliseconds kRedialPause(50);
constexpr std::chrono::milliseconds kSilence(5'000);    // a link that says nothing for so long has lost its connection
constexpr std::chrono::milliseconds kKeepAlive(1'000);  // how often it says something

std::unexpected<Error> unreachable(uint32_t worker, const std::string& url) {
  return external_error(
      fmt::format("worker {} at {} cannot be reached: `sluice worker --host` says where others find it", worker, url),
      true);
}
}  // namespace

Result<std::unique_ptr<DataPlane>> DataPlane::make(Settings settings, std::function<void(uint32_t, Error)> on_broken) {
  std::unique_ptr<DataPlane> plane(new DataPlane(std::move(settings), std::move(on_broken)));
  plane->loop_.start();
  SLUICE_ASSIGN(
      plane->listener_, Listener::make(plane->settings_.url, kSilence, [self = plane.get()](auto connection) {
        self->loop_.post([self, caller = std::move(connection)]() mutable { self->accept(std::move(caller)); });
      }));
  plane->loop_.post([self = plane.get()] { self->keep_alive(); });
  return plane;
}

DataPlane::~DataPlane() {
  listener_.reset();
  loop_.stop();
  reception_.clear();
  for (auto& [worker, peer] : peers_) peer.link->end();
}

void DataPlane::keep_alive() {
  for (auto& [worker, peer] : peers_) peer.link->keep_alive();
  loop_.post_at(EventLoop::Clock::now() + kKeepAlive, [this] { keep_alive(); });
}

void DataPlane::set_worker(uint32_t worker, uint64_t term) {
  loop_.call([&] {
    worker_ = worker;
    term_ = term;
    return true;
  });
}

Result<Link*> DataPlane::link_to(uint32_t worker, const std::string& url) {
  return loop_.call([&]() -> Result<Link*> {
    Peer& found = peer(worker);
    if (found.is_broken) return unreachable(worker, url);
    if (found.url.empty()) {
      found.url = url;
      if (worker_ < worker) dial_peer(worker);
      watch(worker);
    }
    return found.link.get();
  });
}

DataPlane::Peer& DataPlane::peer(uint32_t worker) {
  Peer& found = peers_[worker];
  if (!found.link)
    found.link = std::make_unique<Link>([this, worker](Frame frame) { dispatch(worker, std::move(frame)); });
  return found;
}

void DataPlane::add(uint32_t worker, ChannelAddress address, FrameReceiver& receiver) {
  const std::unique_lock lock(receivers_mutex_);
  receivers_[{worker, address}] = &receiver;
}

void DataPlane::remove(uint32_t worker, ChannelAddress address) {
  const std::unique_lock lock(receivers_mutex_);
  receivers_.erase({worker, address});
}

// What comes for a channel that is no more belongs to a job that has ended here.
void DataPlane::dispatch(uint32_t worker, Frame frame) {
  const std::shared_lock lock(receivers_mutex_);
  const auto receiver = receivers_.find({worker, {frame.header.deployment, frame.header.channel}});
  if (receiver != receivers_.end()) receiver->second->receive(std::move(frame));
}

// ---- being called ----

void DataPlane::accept(std::unique_ptr<Connection> connection) {
  reception_.await(std::move(connection), [this](Result<Reception::Caller> caller) {
    if (caller) answer(std::move(*caller));
  });
}

void DataPlane::answer(Reception::Caller caller) {
  const auto hello = read_hello(caller.first, settings_.credentials);
  // Whoever is not one of us learns nothing: the connection just ends. So does one to the worker that had our port
  // before.
  if (!hello || hello->called() != worker_ || hello->term() != term_) return;
  wire::Hello reply = make_hello(settings_.credentials);
  reply.set_worker(worker_);
  reply.set_term(term_);
  reply.set_last_received(peer(hello->worker()).link->last_received());
  caller.connection->send(hello_frame(reply));
  join_link(hello->worker(), std::move(caller.connection), hello->last_received());
}

// ---- calling ----

void DataPlane::dial_peer(uint32_t worker) {
  Peer& called = peer(worker);
  if (std::exchange(called.is_dialing, true)) return;
  auto connection = dial(called.url, kDialTimeout, kSilence);
  if (!connection) return retry(worker);
  dialed(worker, std::move(*connection));
}

void DataPlane::dialed(uint32_t worker, std::unique_ptr<Connection> connection) {
  wire::Hello hello = make_hello(settings_.credentials);
  hello.set_worker(worker_);
  hello.set_term(term_);
  hello.set_called(worker);
  hello.set_last_received(peer(worker).link->last_received());
  connection->send(hello_frame(hello));
  reception_.await(std::move(connection), [this, worker](Result<Reception::Caller> callee) {
    if (!callee) return retry(worker);
    answered(worker, std::move(*callee));
  });
}

void DataPlane::answered(uint32_t worker, Reception::Caller callee) {
  const auto reply = read_hello(callee.first, settings_.credentials);
  if (!reply || reply->worker() != worker || reply->term() != term_) return retry(worker);
  peer(worker).is_dialing = false;
  join_link(worker, std::move(callee.connection), reply->last_received());
}

void DataPlane::retry(uint32_t worker) {
  Peer& called = peer(worker);
  called.is_dialing = false;
  if (called.is_broken) return;
  loop_.post_at(EventLoop::Clock::now() + kRedialPause, [this, worker] {
    if (!peer(worker).is_broken && peer(worker).link->lost_since()) dial_peer(worker);
  });
}

// ---- links ----

void DataPlane::join_link(uint32_t worker, std::unique_ptr<Connection> connection, uint64_t peer_has) {
  Peer& joined = peer(worker);
  if (joined.is_broken) return;
  auto status = joined.link->attach(std::move(connection), peer_has,
                                    [this, worker] { loop_.post([this, worker] { lost(worker); }); });
  if (status) return;
  joined.is_broken = true;
  joined.link->end();
  on_broken_(worker, std::move(status).error());
}

void DataPlane::lost(uint32_t worker) {
  if (peer(worker).is_broken) return;
  if (worker_ < worker) retry(worker);
  watch(worker);
}

// Looks again when a link that has no connection now would be broken.
void DataPlane::watch(uint32_t worker) {
  loop_.post_at(EventLoop::Clock::now() + settings_.give_up_after, [this, worker] {
    Peer& watched = peer(worker);
    const auto since = watched.link->lost_since();
    if (watched.is_broken || !since || EventLoop::Clock::now() - *since < settings_.give_up_after) return;
    watched.is_broken = true;
    watched.link->end();
    on_broken_(worker,
               external_error(fmt::format("worker {} at {} cannot be reached", worker, watched.url), true).error());
  });
}

}  // namespace sluice
