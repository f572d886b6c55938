#include "runtime/coordinator/bounded_stream.h"

#include <openssl/err.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "runtime/coordinator/api_server.h"

namespace sluice {

namespace {

constexpr size_t kMostBody = 2 * ApiServer::kMostBodyBytes;  // chunks bring lengths and line ends of their own
constexpr std::chrono::milliseconds kDrainTime{2'000};
constexpr char kTlsHandshake = 0x16;  // with which a connection with TLS begins

}  // namespace

BoundedStream::BoundedStream(socket_t socket, SSL* ssl) : socket_(socket), ssl_(ssl) {
  if (ssl_ != nullptr) SSL_set_mode(ssl_, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  begin_request();
}

bool BoundedStream::shake_hands() {
  if (ssl_ == nullptr) return true;
  while (true) {
    ERR_clear_error();  // or what went wrong with another connection of this thread would be taken for this one's
    if (SSL_accept(ssl_) == 1) return true;
    if (!wait_for_tls(head_deadline_)) return false;
  }
}

void BoundedStream::begin_request() {
  in_head_ = is_line_empty_ = true;
  is_ambiguous_ = false;
  last_ = '\n';
  head_bytes_ = body_bytes_ = 0;
  head_deadline_ = Clock::now() + kHeadTime;
  body_deadline_ = head_deadline_ + kBodyTime;
  answer_deadline_ = body_deadline_ + kAnswerTime;
}

bool BoundedStream::comes_within(std::chrono::milliseconds time) const {
  return begin_ < end_ || (ssl_ != nullptr && SSL_pending(ssl_) > 0) || wait_for(POLLIN, Clock::now() + time);
}

bool BoundedStream::is_exceeded() const { return head_bytes_ > ApiServer::kMostHeadBytes || body_bytes_ > kMostBody; }

void BoundedStream::drain() {
  const auto deadline = Clock::now() + kDrainTime;
  while (wait_for(POLLIN, deadline))
    if (::recv(socket_, buffer_.data(), buffer_.size(), 0) <= 0 && errno != EINTR) return;
}

bool BoundedStream::is_readable() const { return comes_within(kPatience); }

bool BoundedStream::is_writable() const {
  return wait_for(POLLOUT, std::min(answer_deadline_, Clock::now() + kPatience));
}

ssize_t BoundedStream::read(char* target, size_t size) {
  if (begin_ == end_ && !fill()) return failure_;
  const size_t count = std::min(size, end_ - begin_);
  for (size_t i = begin_; i < begin_ + count; ++i) take_account_of(buffer_[i]);
  if (is_exceeded()) return -1;
  std::copy_n(&buffer_[begin_], count, target);
  begin_ += count;
  return static_cast<ssize_t>(count);
}

ssize_t BoundedStream::write(const char* source, size_t size) {
  while (true) {
    const auto deadline = std::min(answer_deadline_, Clock::now() + kPatience);
    if (ssl_ != nullptr) {
      size_t written = 0;
      ERR_clear_error();
      if (SSL_write_ex(ssl_, source, size, &written) == 1) return static_cast<ssize_t>(written);
      if (!wait_for_tls(deadline)) return -1;
      continue;
    }
    const ssize_t count = ::send(socket_, source, size, MSG_NOSIGNAL);
    if (count >= 0) return count;
    if (errno != EINTR && (errno != EAGAIN || !wait_for(POLLOUT, deadline))) return -1;
  }
}

bool BoundedStream::wait_for(short events, Clock::time_point deadline) const {
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) return false;
    pollfd waited{socket_, events, 0};
    const int count = ::poll(&waited, 1, static_cast<int>(left));
    if (count > 0) return true;
    if (count < 0 && errno != EINTR) return false;
  }
}

// What the last call of the library for TLS wants to wait for; false when it failed.
bool BoundedStream::wait_for_tls(Clock::time_point deadline) const {
  const int wanted = SSL_get_error(ssl_, -1);
  if (wanted == SSL_ERROR_WANT_READ) return wait_for(POLLIN, deadline);
  return wanted == SSL_ERROR_WANT_WRITE && wait_for(POLLOUT, deadline);
}

BoundedStream::Clock::time_point BoundedStream::read_deadline() const {
  return in_head_ ? head_deadline_ : std::min(body_deadline_, Clock::now() + kPatience);
}

bool BoundedStream::fill() {
  failure_ = -1;
  begin_ = end_ = 0;
  const auto deadline = read_deadline();
  while (Clock::now() < deadline) {
    if (ssl_ != nullptr) {
      ERR_clear_error();
      if (SSL_read_ex(ssl_, buffer_.data(), buffer_.size(), &end_) == 1) return true;
      if (!wait_for_tls(deadline)) return false;
      continue;
    }
    const ssize_t count = ::recv(socket_, buffer_.data(), buffer_.size(), 0);
    if (count > 0) {
      end_ = static_cast<size_t>(count);
      // A client that wants TLS sends no line that could be waited for.
      return head_bytes_ > 0 || buffer_[0] != kTlsHandshake;
    }
    failure_ = count;
    if (count == 0 || (errno != EINTR && (errno != EAGAIN || !wait_for(POLLIN, deadline)))) return false;
  }
  return false;
}

// The head ends with an empty line.
void BoundedStream::take_account_of(char byte) {
  if (!in_head_) {
    ++body_bytes_;
    return;
  }
  ++head_bytes_;
  const bool is_first = last_ == '\n';
  if ((byte == '\n' && last_ != '\r') || (is_first && (byte == ' ' || byte == '\t'))) is_ambiguous_ = true;
  if (byte == '\n' && std::exchange(is_line_empty_, true)) in_head_ = false;
  if (byte != '\n' && byte != '\r') is_line_empty_ = false;
  last_ = byte;
}

}  // namespace sluice
