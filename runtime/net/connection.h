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
  void send_next();
  void sent(size_t bytes);
  void receive();
  void received(size_t bytes);
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
  std::array<nng_iov, 4> pieces_{};  // of the frame that is being sent: what is left
  bool is_closed_ = false;

  // Receiving; one callback at a time.
  Frame incoming_;
  char* target_ = nullptr;
  size_t missing_ = 0;
  bool in_body_ = false;
};

// Dials; blocks until the connection stands, or for `timeout`. `url`: "tcp://127.0.0.1:7070", "ipc:///run/x.sock",
// "tls+tcp://host:port".
[[nodiscard]] Result<std::unique_ptr<Connection>> dial(const std::string& url, std::chrono::milliseconds timeout,
                                                       std::chrono::milliseconds silence);

// Accepts connections while it lives.
class Listener {
 public:
  // Port 0 takes a free one.
  [[nodiscard]] static Result<std::unique_ptr<Listener>> make(
      const std::string& url, std::chrono::milliseconds silence,
      std::function<void(std::unique_ptr<Connection>)> on_accept);
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
