#include "runtime/net/connection.h"

#include <fmt/format.h>
#include <nng/supplemental/util/platform.h>

#include <algorithm>
#include <cstring>
#include <future>
#include <utility>

#include "lang/support/invariant.h"

namespace sluice {

namespace {

constexpr size_t kAheadBytes = 64 << 10;

std::string reason(int code) {
  if (code == NNG_EPEERAUTH || code == NNG_ECRYPTO)
    return "TLS failed: the peer does not use it, or one of us has no valid certificate of the other's CA (--tls-ca)";
  return nng_strerror(code);
}

std::unexpected<Error> nng_failure(std::string_view what, int code) {
  return external_error(fmt::format("{}: {}", what, reason(code)), true);
}

// With an identity nothing is said, and nobody is heard, without TLS.
Status check_scheme(const Endpoint& endpoint) {
  const bool is_tls = endpoint.url.starts_with("tls+");
  if (is_tls == (endpoint.tls != nullptr)) return {};
  return external_error(fmt::format(
      "{} {}: start all processes of a cluster with --tls-ca, --tls-cert and --tls-key, or none", endpoint.url,
      is_tls ? "uses TLS, and this process does not" : "does not use TLS, as this process does"));
}

nng_aio* make_aio(void (*callback)(void*), void* argument) {
  nng_aio* aio = nullptr;
  SLUICE_INVARIANT(nng_aio_alloc(&aio, callback, argument) == 0, "out of memory for a connection");
  return aio;
}

// Streams of NNG wait for acknowledgements before they send what does not fill a packet, unless told otherwise: 40 ms,
// often. What is no TCP has no such setting.
int send_at_once(int code) { return code == NNG_ENOTSUP ? 0 : code; }

nng_iov piece_of(const void* data, size_t size) { return {const_cast<void*>(data), size}; }

}  // namespace

Connection::Connection(nng_stream* stream, std::chrono::milliseconds silence) : stream_(stream) {
  send_aio_ = make_aio(on_sent, this);
  receive_aio_ = make_aio(on_received, this);
  nng_aio_set_timeout(receive_aio_, static_cast<nng_duration>(silence.count()));
}

Connection::~Connection() {
  {
    const std::lock_guard lock(mutex_);
    is_closed_ = true;
  }
  nng_stream_close(stream_);
  nng_aio_stop(send_aio_);
  nng_aio_stop(receive_aio_);
  nng_aio_free(send_aio_);
  nng_aio_free(receive_aio_);
  nng_stream_free(stream_);
}

void Connection::start(std::function<bool(Frame)> on_frame, std::function<void(const Error&)> on_closed,
                       uint32_t most_body_bytes) {
  on_frame_ = std::move(on_frame);
  on_closed_ = std::move(on_closed);
  most_body_bytes_ = most_body_bytes;
  begin_header();
  // Each wait takes as long as a switch of threads, so what has come already is taken along. But not with a Hello: only
  // who is let in is heard.
  if (most_body_bytes_ == kMostBodyBytes) ahead_ = std::make_unique_for_overwrite<char[]>(kAheadBytes);
  receive();
}

void Connection::close() {
  const std::lock_guard lock(mutex_);
  is_closed_ = true;
  nng_stream_close(stream_);
}

bool Connection::is_closed() {
  const std::lock_guard lock(mutex_);
  return is_closed_;
}

void Connection::send(std::shared_ptr<const Frame> frame) {
  const std::lock_guard lock(mutex_);
  if (is_closed_) return;
  to_send_.push_back(std::move(frame));
  if (to_send_.size() == 1) send_next();
}

// With the mutex: as many frames as NNG takes at once.
void Connection::send_next() {
  piece_count_ = frames_under_way_ = 0;
  for (const auto& frame : to_send_) {
    const auto body = frame->body();
    if (piece_count_ + 1 + body.size() > kMostPieces) break;
    pieces_[piece_count_++] = piece_of(&frame->header, sizeof frame->header);
    for (const auto& piece : body)
      if (!piece.empty()) pieces_[piece_count_++] = piece_of(piece.data(), piece.size());
    ++frames_under_way_;
  }
  sent(0);
}

// With the mutex: goes on behind what was sent.
void Connection::sent(size_t bytes) {
  std::array<nng_iov, kMostPieces> left{};
  unsigned count = 0;
  for (size_t i = 0; i < piece_count_; ++i) {
    nng_iov& piece = pieces_[i];
    const size_t done = std::min(bytes, piece.iov_len);
    bytes -= done;
    piece.iov_buf = static_cast<char*>(piece.iov_buf) + done;
    piece.iov_len -= done;
    if (piece.iov_len != 0) left[count++] = piece;
  }
  if (count != 0) {
    SLUICE_INVARIANT(nng_aio_set_iov(send_aio_, count, left.data()) == 0, "too many pieces to send");
    nng_stream_send(stream_, send_aio_);
    return;
  }
  to_send_.erase(to_send_.begin(), to_send_.begin() + static_cast<ptrdiff_t>(frames_under_way_));
  if (!to_send_.empty()) send_next();
}

void Connection::on_sent(void* self) {
  auto& connection = *static_cast<Connection*>(self);
  // Receiving notices that the connection is gone, and says so.
  if (nng_aio_result(connection.send_aio_) != 0) return connection.close();
  const std::lock_guard lock(connection.mutex_);
  if (!connection.is_closed_) connection.sent(nng_aio_count(connection.send_aio_));
}

// A stream that is closed never completes what begins to receive from it; so only the other aio does.
void Connection::receive() {
  const std::lock_guard lock(mutex_);
  if (is_closed_) return nng_sleep_aio(0, receive_aio_);
  ahead_begin_ = ahead_end_ = 0;
  const std::array<nng_iov, 2> pieces{{{target_, missing_}, {ahead_.get(), kAheadBytes}}};
  nng_aio_set_iov(receive_aio_, ahead_ ? 2 : 1, pieces.data());
  nng_stream_recv(stream_, receive_aio_);
}

void Connection::on_received(void* self) {
  auto& connection = *static_cast<Connection*>(self);
  const int code = nng_aio_result(connection.receive_aio_);
  if (code == NNG_ETIMEDOUT) return connection.fail(external_error("the peer says nothing any more", true).error());
  if (code != 0 || connection.is_closed()) return connection.fail(nng_failure("the connection is gone", code).error());
  connection.received(nng_aio_count(connection.receive_aio_));
}

void Connection::received(size_t bytes) {
  const size_t direct = std::min(bytes, missing_);
  target_ += direct;
  missing_ -= direct;
  ahead_end_ = bytes - direct;
  for (;;) {
    const size_t copied = std::min(missing_, ahead_end_ - ahead_begin_);
    if (copied != 0) std::memcpy(target_, ahead_.get() + ahead_begin_, copied);
    ahead_begin_ += copied;
    target_ += copied;
    missing_ -= copied;
    if (missing_ != 0) return receive();
    if (!in_body_ && !begin_body()) return;
    if (missing_ == 0 && !end_frame()) return;
  }
}

void Connection::begin_header() {
  incoming_ = Frame();
  in_body_ = false;
  target_ = reinterpret_cast<char*>(&incoming_.header);
  missing_ = sizeof incoming_.header;
}

// The header is there. False: it is bad.
bool Connection::begin_body() {
  const FrameHeader& header = incoming_.header;
  if (auto status = check_header(header, most_body_bytes_); !status) {
    fail(status.error());
    return false;
  }
  in_body_ = true;
  missing_ = header.body_bytes;
  if (has_block(incoming_.kind())) {
    incoming_.block = Block::make(header.body_bytes, 1);
    target_ = reinterpret_cast<char*>(incoming_.block.header());
  } else {
    incoming_.text.resize(header.body_bytes);
    target_ = incoming_.text.data();
  }
  return true;
}

// False: the frame is damaged, or nothing more is wanted for now. Then another thread may already be starting anew, so
// nothing is touched.
bool Connection::end_frame() {
  if (auto status = check_frame(incoming_); !status) {
    fail(status.error());
    return false;
  }
  Frame frame = std::move(incoming_);
  begin_header();
  auto on_frame = std::move(on_frame_);
  if (!on_frame(std::move(frame))) return false;
  on_frame_ = std::move(on_frame);
  return true;
}

// What is being sent is still in use; the destructor waits for it.
void Connection::fail(const Error& error) {
  close();
  if (auto on_closed = std::exchange(on_closed_, nullptr)) on_closed(error);
}

Result<std::unique_ptr<Dialer>> Dialer::make(const Endpoint& endpoint, std::chrono::milliseconds timeout,
                                             std::function<void(Outcome)> on_end) {
  SLUICE_TRY(check_scheme(endpoint));
  std::unique_ptr<Dialer> dialer(new Dialer());
  dialer->endpoint_ = endpoint;
  dialer->on_end_ = std::move(on_end);
  int code = nng_stream_dialer_alloc(&dialer->dialer_, endpoint.url.c_str());
  if (code == 0 && endpoint.tls)
    code = nng_stream_dialer_set_ptr(dialer->dialer_, NNG_OPT_TLS_CONFIG, endpoint.tls->of_caller());
  if (code == 0) code = send_at_once(nng_stream_dialer_set_bool(dialer->dialer_, NNG_OPT_TCP_NODELAY, true));
  if (code != 0) return nng_failure("cannot connect to " + endpoint.url, code);
  dialer->aio_ = make_aio(on_dialed, dialer.get());
  nng_aio_set_timeout(dialer->aio_, static_cast<nng_duration>(timeout.count()));
  nng_stream_dialer_dial(dialer->dialer_, dialer->aio_);
  return dialer;
}

void Dialer::on_dialed(void* self) {
  auto& dialer = *static_cast<Dialer*>(self);
  const int code = nng_aio_result(dialer.aio_);
  if (code != 0) return dialer.on_end_(nng_failure("cannot connect to " + dialer.endpoint_.url, code));
  auto* stream = static_cast<nng_stream*>(nng_aio_get_output(dialer.aio_, 0));
  dialer.on_end_(std::make_unique<Connection>(stream, dialer.endpoint_.silence));
}

Dialer::~Dialer() {
  if (aio_ != nullptr) {
    nng_aio_stop(aio_);
    nng_aio_free(aio_);
  }
  if (dialer_ != nullptr) nng_stream_dialer_free(dialer_);
}

Result<std::unique_ptr<Connection>> dial(const Endpoint& endpoint, std::chrono::milliseconds timeout) {
  std::promise<Dialer::Outcome> outcome;
  SLUICE_ASSIGN(const auto dialer, Dialer::make(endpoint, timeout, [&](Dialer::Outcome connection) {
                  outcome.set_value(std::move(connection));
                }));
  return outcome.get_future().get();
}

Result<std::unique_ptr<Listener>> Listener::make(const Endpoint& endpoint,
                                                 std::function<void(std::unique_ptr<Connection>)> on_accept) {
  SLUICE_TRY(check_scheme(endpoint));
  std::unique_ptr<Listener> listener(new Listener());
  const std::string& url = endpoint.url;
  int code = nng_stream_listener_alloc(&listener->listener_, url.c_str());
  if (code == 0 && endpoint.tls)
    code = nng_stream_listener_set_ptr(listener->listener_, NNG_OPT_TLS_CONFIG, endpoint.tls->of_listener());
  if (code == 0) code = send_at_once(nng_stream_listener_set_bool(listener->listener_, NNG_OPT_TCP_NODELAY, true));
  if (code == 0) code = nng_stream_listener_listen(listener->listener_);
  if (code != 0) return nng_failure("cannot listen on " + url, code);
  listener->url_ = url;
  listener->silence_ = endpoint.silence;
  int port = 0;
  if (url.ends_with(":0") && nng_stream_listener_get_int(listener->listener_, NNG_OPT_TCP_BOUND_PORT, &port) == 0)
    listener->url_ = url.substr(0, url.size() - 1) + std::to_string(port);
  listener->on_accept_ = std::move(on_accept);
  listener->aio_ = make_aio(on_accepted, listener.get());
  listener->accept();
  return listener;
}

Listener::~Listener() {
  if (listener_ != nullptr) nng_stream_listener_close(listener_);
  if (aio_ != nullptr) {
    nng_aio_stop(aio_);
    nng_aio_free(aio_);
  }
  if (listener_ != nullptr) nng_stream_listener_free(listener_);
}

void Listener::accept() { nng_stream_listener_accept(listener_, aio_); }

void Listener::on_accepted(void* self) {
  auto& listener = *static_cast<Listener*>(self);
  const int code = nng_aio_result(listener.aio_);
  if (code == NNG_ECLOSED || code == NNG_ECANCELED) return;
  // Others may come although this one could not: too many open files pass, and so do peers that hang up at once.
  if (code == 0)
    listener.on_accept_(std::make_unique<Connection>(static_cast<nng_stream*>(nng_aio_get_output(listener.aio_, 0)),
                                                     listener.silence_));
  else
    nng_msleep(10);
  listener.accept();
}

}  // namespace sluice
