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
}  // namespace

Result<std::unique_ptr<DataPlane>> DataPlane::make(Settings settings, std::function<void(uint32_t, Error)> on_broken) {
  std::unique_ptr<DataPlane> plane(new DataPlane(std::move(settings), std::move(on_broken)));
  plane->loop_.start();
  SLUICE_ASSIGN(plane->listener_, Listener::make({plane->settings_.url, kSilence, plane->settings_.credentials.tls},
                                                 [self = plane.get()](auto connection) {
                                                   self->loop_.post([self, caller = std::move(connection)]() mutable {
                                                     self->accept(std::move(caller));
                                                   });
                                                 }));
  plane->loop_.post([self = plane.get()] { self->keep_alive(); });
  return plane;
}

DataPlane::~DataPlane() {
  listener_.reset();
  loop_.stop();
  reception_.clear();
  for (auto& [worker, peer] : peers_) peer.link->end();
  peers_.clear();  // while the loop is still there
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

std::shared_ptr<Link> DataPlane::link_to(uint32_t worker, const std::string& url) {
  return loop_.call([&] {
    Peer& found = peer(worker);
    if (found.url.empty()) {
      found.url = url;
      if (worker_ < worker) dial_peer(worker);
      watch(worker);
    }
    return found.link;
  });
}

DataPlane::Peer& DataPlane::peer(uint32_t worker) {
  Peer& found = peers_[worker];
  if (!found.link)
    found.link = std::make_shared<Link>([this, worker](Frame frame) { dispatch(worker, std::move(frame)); });
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
  const uint32_t worker = hello->worker();
  auto meeting = peer(worker).link->meet(*hello);
  if (meeting == LinkState::Meeting::WeAreOld) {
    give_up(worker, external_error(fmt::format("worker {} has given up the connection to this one", worker)).error());
    meeting = peer(worker).link->meet(*hello);
  }
  caller.connection->send(hello_frame(introduce(*peer(worker).link)));
  if (meeting == LinkState::Meeting::Join)
    join_link(worker, std::move(caller.connection), hello->last_received());
  else  // it will hang up when it has read that
    reception_.await(std::move(caller.connection), [](const Result<Reception::Caller>&) {});
}

wire::Hello DataPlane::introduce(Link& link) const {
  wire::Hello hello = make_hello(settings_.credentials);
  hello.set_worker(worker_);
  hello.set_term(term_);
  link.introduce(hello);
  return hello;
}

// ---- calling ----

void DataPlane::dial_peer(uint32_t worker) {
  Peer& called = peer(worker);
  if (std::exchange(called.is_dialing, true)) return;
  auto dialer = Dialer::make(
      {called.url, kSilence, settings_.credentials.tls}, kDialTimeout, [this, worker](Dialer::Outcome outcome) {
        loop_.post(
            [this, worker, connection = std::move(outcome)]() mutable { dialed(worker, std::move(connection)); });
      });
  if (!dialer) return retry(worker, dialer.error().message);
  called.dialer = std::move(*dialer);
}

void DataPlane::dialed(uint32_t worker, Dialer::Outcome connection) {
  const auto found = peers_.find(worker);
  if (found == peers_.end() || !found->second.dialer) return;  // given up meanwhile
  found->second.dialer.reset();
  if (!connection) return retry(worker, connection.error().message);
  wire::Hello hello = introduce(*found->second.link);
  hello.set_called(worker);
  (*connection)->send(hello_frame(hello));
  reception_.await(std::move(*connection), [this, worker](Result<Reception::Caller> callee) {
    if (!callee) return retry(worker, callee.error().message);
    answered(worker, std::move(*callee));
  });
}

void DataPlane::answered(uint32_t worker, Reception::Caller callee) {
  const auto reply = read_reply(callee.first, settings_.credentials);
  if (!reply) return retry(worker, reply.error().message);
  if (reply->worker() != worker || reply->term() != term_) return retry(worker, "another worker answers there");
  switch (peer(worker).link->meet(*reply)) {
    case LinkState::Meeting::Join:
      peer(worker).is_dialing = false;
      return join_link(worker, std::move(callee.connection), reply->last_received());
    case LinkState::Meeting::TheyAreOld:
      return retry(worker, "it has not noticed yet that the connection was given up");
    case LinkState::Meeting::WeAreOld:
      return give_up(worker,
                     external_error(fmt::format("worker {} has given up the connection to this one", worker)).error());
  }
}

void DataPlane::retry(uint32_t worker, const std::string& why) {
  const auto found = peers_.find(worker);
  if (found == peers_.end()) return;
  found->second.is_dialing = false;
  found->second.trouble = why;
  loop_.post_at(EventLoop::Clock::now() + kRedialPause, [this, worker] {
    const auto called = peers_.find(worker);
    if (called != peers_.end() && !called->second.url.empty() && called->second.link->lost_since()) dial_peer(worker);
  });
}

// ---- links ----

void DataPlane::join_link(uint32_t worker, std::unique_ptr<Connection> connection, uint64_t peer_has) {
  auto status = peer(worker).link->attach(std::move(connection), peer_has, [this, worker](const Error& error) {
    loop_.post([this, worker, why = error.message] { lost(worker, why); });
  });
  if (!status) give_up(worker, std::move(status).error());
}

void DataPlane::lost(uint32_t worker, const std::string& why) {
  const auto found = peers_.find(worker);
  if (found == peers_.end()) return;
  found->second.trouble = why;
  if (worker_ < worker && !found->second.is_dialing) retry(worker, why);
  watch(worker);
}

// Looks again when a link that has no connection now would be broken.
void DataPlane::watch(uint32_t worker) {
  loop_.post_at(EventLoop::Clock::now() + settings_.give_up_after, [this, worker] {
    const auto watched = peers_.find(worker);
    if (watched == peers_.end()) return;
    const auto since = watched->second.link->lost_since();
    if (!since || EventLoop::Clock::now() - *since < settings_.give_up_after) return;
    const Peer& lost = watched->second;
    give_up(worker, external_error(fmt::format("worker {} at {} cannot be reached{}{}", worker, lost.url,
                                               lost.trouble.empty() ? "" : ": ", lost.trouble),
                                   true)
                        .error());
  });
}

// What was under way is lost; the next one who needs a link begins a new one.
void DataPlane::give_up(uint32_t worker, Error error) {
  const auto found = peers_.find(worker);
  found->second.link->end();
  peers_.erase(found);
  on_broken_(worker, std::move(error));
}

}  // namespace sluice
