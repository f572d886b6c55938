// BoundedStream: a connection of a client as the HTTP library reads and writes it. It bounds how much a request may
// have and how long all of it may take, and knows afterwards whether the request was read to its end: what is left of
// one must never be taken for the next. Used by ApiServer, one for each connection, by one thread.
#pragma once

#include <httplib.h>
#include <openssl/ssl.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <string_view>

namespace sluice {

class BoundedStream final : public httplib::Stream {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::milliseconds kHeadTime{10'000};     // for the wait for a request, and all of its head
  static constexpr std::chrono::milliseconds kBodyTime{60'000};     // for all of its body
  static constexpr std::chrono::milliseconds kAnswerTime{120'000};  // for taking all of the answer
  static constexpr std::chrono::milliseconds kPatience{5'000};      // behind the head, with a client that stands still

  // The socket stays its owner's, and is not to block. `ssl`: null without TLS.
  BoundedStream(socket_t socket, SSL* ssl);

  // Until the time for the first head is over; true without TLS.
  [[nodiscard]] bool shake_hands();
  // The head may come from now on.
  void begin_request();
  // Waits so long for something to read.
  [[nodiscard]] bool comes_within(std::chrono::milliseconds time) const;
  [[nodiscard]] Clock::time_point head_deadline() const { return head_deadline_; }

  // What came was too much: the rest of it is no request.
  [[nodiscard]] bool is_exceeded() const;
  // There are lines in the head that others read differently: folded ones, or ones that end without a carriage return.
  [[nodiscard]] bool is_ambiguous() const { return is_ambiguous_; }
  // Of the body, with what stands between its chunks.
  [[nodiscard]] size_t body_bytes() const { return body_bytes_; }
  // Takes what the client still sends and throws it away, for a while: closing a connection with bytes unread takes the
  // answer from the client, too.
  void drain();

  [[nodiscard]] bool is_readable() const override;
  [[nodiscard]] bool is_writable() const override;
  ssize_t read(char* target, size_t size) override;
  ssize_t write(const char* source, size_t size) override;
  using httplib::Stream::write;
  void get_remote_ip_and_port(std::string&, int&) const override {}
  void get_local_ip_and_port(std::string&, int&) const override {}
  [[nodiscard]] socket_t socket() const override { return socket_; }

 private:
  [[nodiscard]] bool wait_for(short events, Clock::time_point deadline) const;
  [[nodiscard]] bool wait_for_tls(Clock::time_point deadline) const;
  [[nodiscard]] Clock::time_point read_deadline() const;
  bool fill();
  void take_account_of(char byte);

  socket_t socket_;
  SSL* ssl_;
  std::array<char, 16 << 10> buffer_{};  // the library reads heads byte by byte
  size_t begin_ = 0;
  size_t end_ = 0;
  ssize_t failure_ = -1;
  bool in_head_ = true;
  bool is_ambiguous_ = false;
  bool is_line_empty_ = true;
  char last_ = '\n';
  size_t head_bytes_ = 0;
  size_t body_bytes_ = 0;
  Clock::time_point head_deadline_;
  Clock::time_point body_deadline_;
  Clock::time_point answer_deadline_;
};

}  // namespace sluice
