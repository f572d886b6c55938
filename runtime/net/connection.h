// Connection: frames over one NNG byte stream (tcp, ipc or TLS). Frames leave in the order in which they were sent;
// what was received is checked before anybody sees it. Never waits: NNG's threads do the work.
#pragma once

#include <nng/nng.h>

#include <array>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "lang/support/result.h"
#include "runtime/net/frame.h"
#include "runtime/net/tls_identity.h"

namespace sluice {

class Connection {
 public:
  // Takes the stream. A peer that says nothing for `silence` is gone: both sides are to say something more often.
  Connection(nng_stream* stream, std::chrono::milliseconds silence);
  // Returns when no callback runs any more: not to be called from one.
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Begins to receive, or goes on. Both are called from threads of NNG, one call at a time; `on_closed` at most once,
  // as the last one, with the reason. When `on_frame` returns false nothing more is received until start() is called
  // again, which is how the first frame is looked at before others are let in. A frame that is not as it was sent
  // closes the connection.
  void start(std::function<bool(Frame)> on_frame, std::function<void(const Error&)> on_closed,
             uint32_t most_body_bytes = kMostBodyBytes);
  // The frame is sealed. Shared with whoever may have to send it again.
  void send(std::shared_ptr<const Frame> frame);
  // Ends the connection, also what is being sent. on_closed follows, if it was not called yet.
  void close();

 private:
  static constexpr size_t kMostPieces = 8;  // that NNG takes at once
  void send_next();
  void sent(size_t bytes);
  void receive();
  void received(size_t bytes);
  void begin_header();
  bool begin_body();
  bool end_frame();
  void fail(const Error& error);
  [[nodiscard]] bool is_closed();
  static void on_sent(void* self);
  static void on_received(void* self);

  nng_stream* stream_;
  nng_aio* send_aio_ = nullptr;
  nng_aio* receive_aio_ = nullptr;
  std::function<bool(Frame)> on_frame_;
  std::function<void(const Error&)> on_closed_;
  uint32_t most_body_bytes_ = kMostBodyBytes;

  std::mutex mutex_;  // of what follows, up to receiving
  std::deque<std::shared_ptr<const Frame>> to_send_;
  size_t frames_under_way_ = 0;                // the first so many are being sent; of these
  std::array<nng_iov, kMostPieces> pieces_{};  // what is left
  size_t piece_count_ = 0;
  bool is_closed_ = false;

  // Receiving; one callback at a time.
  Frame incoming_;
  char* target_ = nullptr;
  size_t missing_ = 0;
  bool in_body_ = false;
  std::unique_ptr<char[]> ahead_;  // what came behind that; not looked at yet from ahead_begin_ to ahead_end_
  size_t ahead_begin_ = 0;
  size_t ahead_end_ = 0;
};

// How connections are made. `url`: "tcp://127.0.0.1:7070", "ipc:///run/x.sock"; with an identity, and only then,
// "tls+tcp://127.0.0.1:7070". TLS shakes hands when a connection already stands: what is wrong there ends it.
struct Endpoint {
  std::string url;
  std::chrono::milliseconds silence;            // see Connection
  std::shared_ptr<const TlsIdentity> tls = {};  // shared by the connections of a process
};

// Dials once while it lives.
class Dialer {
 public:
  using Outcome = Result<std::unique_ptr<Connection>>;
  // `on_end` is called at most once, from a thread of NNG.
  [[nodiscard]] static Result<std::unique_ptr<Dialer>> make(const Endpoint& endpoint, std::chrono::milliseconds timeout,
                                                            std::function<void(Outcome)> on_end);
  // Returns when `on_end` does not run any more: not to be called from it.
  ~Dialer();
  Dialer(const Dialer&) = delete;
  Dialer& operator=(const Dialer&) = delete;

 private:
  Dialer() = default;
  static void on_dialed(void* self);

  nng_stream_dialer* dialer_ = nullptr;
  nng_aio* aio_ = nullptr;
  Endpoint endpoint_;
  std::function<void(Outcome)> on_end_;
};

// Dials; blocks until the connection stands, or for `timeout`.
[[nodiscard]] Result<std::unique_ptr<Connection>> dial(const Endpoint& endpoint, std::chrono::milliseconds timeout);

// Accepts connections while it lives.
class Listener {
 public:
  // Port 0 takes a free one.
  [[nodiscard]] static Result<std::unique_ptr<Listener>> make(
      const Endpoint& endpoint, std::function<void(std::unique_ptr<Connection>)> on_accept);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  // With the port that was taken.
  [[nodiscard]] const std::string& url() const { return url_; }

 private:
  Listener() = default;
  void accept();
  static void on_accepted(void* self);

  nng_stream_listener* listener_ = nullptr;
  nng_aio* aio_ = nullptr;
  std::string url_;
  std::chrono::milliseconds silence_{};
  std::function<void(std::unique_ptr<Connection>)> on_accept_;
};

}  // namespace sluice
