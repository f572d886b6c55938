#include "runtime/net/connection.h"

#include <fmt/format.h>
#include <nng/supplemental/util/platform.h>

#include <utility>

#include "lang/support/invariant.h"

namespace sluice {

namespace {

std::unexpected<Error> nng_failure(std::string_view what, int code) {
  return external_error(fmt::format("{}: {}", what, nng_strerror(code)), true);
}

nng_aio* make_aio(void (*callback)(void*), void* argument) {
  nng_aio* aio = nullptr;
  SLUICE_INVARIANT(nng_aio_alloc(&aio, callback, argument) == 0, "out of memory for a connection");
  return aio;
}

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
  incoming_ = Frame();
  in_body_ = false;
  target_ = reinterpret_cast<char*>(&incoming_.header);
  missing_ = sizeof incoming_.header;
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

// With the mutex.
void Connection::send_next() {
  const Frame& frame = *to_send_.front();
  const auto body = frame.body();
  pieces_ = {piece_of(&frame.header, sizeof frame.header), piece_of(body[0].data(), body[0].size()),
             piece_of(body[1].data(), body[1].size()), piece_of(body[2].data(), body[2].size())};
  sent(0);
}

// With the mutex: goes on behind what was sent.
void Connection::sent(size_t bytes) {
  std::array<nng_iov, 4> left{};
  unsigned count = 0;
  for (nng_iov& piece : pieces_) {
    const size_t done = std::min(bytes, piece.iov_len);
    bytes -= done;
    piece.iov_buf = static_cast<char*>(piece.iov_buf) + done;
    piece.iov_len -= done;
    if (piece.iov_len != 0) left[count++] = piece;
  }
  if (count != 0) {
    nng_aio_set_iov(send_aio_, count, left.data());
    nng_stream_send(stream_, send_aio_);
    return;
  }
  to_send_.pop_front();
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
  const nng_iov piece{target_, missing_};
  nng_aio_set_iov(receive_aio_, 1, &piece);
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
  target_ += bytes;
  missing_ -= bytes;
  if (missing_ == 0 && !in_body_ && !begin_body()) return;
  if (missing_ == 0) {
    if (auto status = check_frame(incoming_); !status) return fail(status.error());
    if (!end_frame()) return;
  }
  receive();
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

// False: nothing more is wanted for now. Then another thread may already be starting anew, so nothing is touched.
bool Connection::end_frame() {
  Frame frame = std::exchange(incoming_, Frame());
  in_body_ = false;
  target_ = reinterpret_cast<char*>(&incoming_.header);
  missing_ = sizeof incoming_.header;
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

Result<std::unique_ptr<Connection>> dial(const std::string& url, std::chrono::milliseconds timeout,
                                         std::chrono::milliseconds silence) {
  nng_stream_dialer* dialer = nullptr;
  const std::string what = "cannot connect to " + url;
  if (const int code = nng_stream_dialer_alloc(&dialer, url.c_str()); code != 0) return nng_failure(what, code);
  nng_aio* aio = make_aio(nullptr, nullptr);
  nng_aio_set_timeout(aio, static_cast<nng_duration>(timeout.count()));
  nng_stream_dialer_dial(dialer, aio);
  nng_aio_wait(aio);
  const int code = nng_aio_result(aio);
  auto* stream = code == 0 ? static_cast<nng_stream*>(nng_aio_get_output(aio, 0)) : nullptr;
  nng_aio_free(aio);
  nng_stream_dialer_free(dialer);
  if (code != 0) return nng_failure(what, code);
  return std::make_unique<Connection>(stream, silence);
}

Result<std::unique_ptr<Listener>> Listener::make(const std::string& url, std::chrono::milliseconds silence,
                                                 std::function<void(std::unique_ptr<Connection>)> on_accept) {
  std::unique_ptr<Listener> listener(new Listener());
  const std::string what = "cannot listen on " + url;
  if (const int code = nng_stream_listener_alloc(&listener->listener_, url.c_str()); code != 0)
    return nng_failure(what, code);
  if (const int code = nng_stream_listener_listen(listener->listener_); code != 0) return nng_failure(what, code);
  listener->url_ = url;
  listener->silence_ = silence;
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
