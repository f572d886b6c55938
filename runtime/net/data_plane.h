// DataPlane: the rows of a worker's channels on their way to and from the other workers. One link joins two workers and
// carries all channels between them; of two workers the one with the lower number dials. A link that breaks is lost
// with what was under way, and the next job that needs one begins another.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <shared_mutex>
#include <string>

#include "lang/support/result.h"
#include "runtime/net/event_loop.h"
#include "runtime/net/handshake.h"
#include "runtime/net/link.h"
#include "runtime/net/reception.h"
#include "runtime/net/remote_channel.h"

namespace sluice {

class DataPlane {
 public:
  struct Settings {
    std::string url;  // to listen on: "tcp://127.0.0.1:0"
    Credentials credentials;
    std::chrono::milliseconds give_up_after{10'000};  // a link without a connection for so long is broken
  };
  // `on_broken`: the link to this worker is broken, and every job that uses it; from a thread of the data plane.
  [[nodiscard]] static Result<std::unique_ptr<DataPlane>> make(Settings settings,
                                                               std::function<void(uint32_t, Error)> on_broken);
  ~DataPlane();
  DataPlane(const DataPlane&) = delete;
  DataPlane& operator=(const DataPlane&) = delete;

  // Where others find us.
  [[nodiscard]] const std::string& url() const { return listener_->url(); }
  // Our number in the cluster, and the coordinator's life that gave it; before any link is made.
  void set_worker(uint32_t worker, uint64_t term);

  // The link to a worker, made when there is none. Shared with the ends of channels, which may outlive it here when it
  // breaks.
  std::shared_ptr<Link> link_to(uint32_t worker, const std::string& url);
  // Frames of this channel go to `receiver` until it is removed; behind remove() no call is under way.
  void add(uint32_t worker, ChannelAddress address, FrameReceiver& receiver);
  void remove(uint32_t worker, ChannelAddress address);

 private:
  struct Peer {
    std::string url;
    std::shared_ptr<Link> link;
    std::unique_ptr<Dialer> dialer;
    bool is_dialing = false;
    std::string trouble;  // why the last attempt to reach it failed
  };

  DataPlane(Settings settings, std::function<void(uint32_t, Error)> on_broken)
      : settings_(std::move(settings)), on_broken_(std::move(on_broken)) {}
  void accept(std::unique_ptr<Connection> connection);
  void answer(Reception::Caller caller);
  [[nodiscard]] wire::Hello introduce(Link& link) const;
  void dial_peer(uint32_t worker);
  void dialed(uint32_t worker, Dialer::Outcome connection);
  void answered(uint32_t worker, Reception::Caller callee);
  void retry(uint32_t worker, const std::string& why);
  void join_link(uint32_t worker, std::unique_ptr<Connection> connection, uint64_t peer_has);
  void lost(uint32_t worker, const std::string& why);
  void give_up(uint32_t worker, Error error);
  void watch(uint32_t worker);
  void keep_alive();
  void dispatch(uint32_t worker, Frame frame);
  [[nodiscard]] Peer& peer(uint32_t worker);

  Settings settings_;
  std::function<void(uint32_t, Error)> on_broken_;
  uint32_t worker_ = 0;
  uint64_t term_ = 0;
  std::map<uint32_t, Peer> peers_;  // the loop's
  std::shared_mutex receivers_mutex_;
  std::map<std::pair<uint32_t, ChannelAddress>, FrameReceiver*> receivers_;
  EventLoop loop_;
  Reception reception_{loop_};
  std::unique_ptr<Listener> listener_;
};

}  // namespace sluice
