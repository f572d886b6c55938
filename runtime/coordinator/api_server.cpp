#include "runtime/coordinator/api_server.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>

namespace sluice {

namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kPatience(5'000);  // with a client that sends or takes nothing
constexpr std::chrono::milliseconds kLook(100);        // whether the server is to end

// Why the last call failed.
std::string reason() {
  std::array<char, 256> text{};
  ERR_error_string_n(ERR_get_error(), text.data(), text.size());
  ERR_clear_error();
  return text.data();
}

std::string set_up(SSL_CTX& context, const TlsFiles& tls, const std::string& client_ca) {
  ERR_clear_error();
  SSL_CTX_set_min_proto_version(&context, TLS1_2_VERSION);
  if (SSL_CTX_use_certificate_chain_file(&context, tls.certificate.c_str()) != 1)
    return fmt::format("{} holds no certificate (--tls-cert): {}", tls.certificate, reason());
  if (SSL_CTX_use_PrivateKey_file(&context, tls.key.c_str(), SSL_FILETYPE_PEM) != 1)
    return fmt::format("{} holds no key of {} (--tls-key): {}", tls.key, tls.certificate, reason());
  const std::string& ca = client_ca.empty() ? tls.ca : client_ca;
  if (ca.empty()) return {};
  if (SSL_CTX_load_verify_locations(&context, ca.c_str(), nullptr) != 1)
    return fmt::format("{} holds no certificate of a CA ({}): {}", ca, client_ca.empty() ? "--tls-ca" : "--api-ca",
                       reason());
  SSL_CTX_set_client_CA_list(&context, SSL_load_client_CA_file(ca.c_str()));
  SSL_CTX_set_verify(&context, SSL_VERIFY_PEER, nullptr);  // one that is shown must be of the CA; none need be
  static constexpr std::array<unsigned char, 6> kSession = {'s', 'l', 'u', 'i', 'c', 'e'};
  SSL_CTX_set_session_id_context(&context, kSession.data(), kSession.size());
  return {};
}

bool is_ready(socket_t socket, short events, std::chrono::milliseconds time) {
  pollfd waited{socket, events, 0};
  int count = 0;
  do count = ::poll(&waited, 1, static_cast<int>(time.count()));
  while (count < 0 && errno == EINTR);
  return count > 0;
}

// What the library reads and writes. Reads go through a buffer, because it reads heads byte by byte.
class BoundedStream final : public httplib::Stream {
 public:
  BoundedStream(socket_t socket, SSL* ssl) : socket_(socket), ssl_(ssl) {}

  void begin_request() {
    in_head_ = is_line_empty_ = true;
    head_bytes_ = body_bytes_ = 0;
  }
  // What came was too much: the rest of it is no request.
  [[nodiscard]] bool is_exceeded() const { return head_bytes_ > ApiServer::kMostHeadBytes || body_bytes_ > kMostBody; }
  [[nodiscard]] bool has_more() const { return begin_ < end_ || (ssl_ != nullptr && SSL_pending(ssl_) > 0); }

  [[nodiscard]] bool is_readable() const override { return has_more() || is_ready(socket_, POLLIN, kPatience); }
  [[nodiscard]] bool is_writable() const override { return is_ready(socket_, POLLOUT, kPatience); }

  ssize_t read(char* target, size_t size) override {
    if (begin_ == end_ && !fill()) return failure_;
    const size_t count = std::min(size, end_ - begin_);
    if (!take_account_of({&buffer_[begin_], count})) return -1;
    std::copy_n(&buffer_[begin_], count, target);
    begin_ += count;
    return static_cast<ssize_t>(count);
  }

  ssize_t write(const char* source, size_t size) override {
    if (!is_writable()) return -1;
    if (ssl_ != nullptr) {
      size_t written = 0;
      return SSL_write_ex(ssl_, source, size, &written) == 1 ? static_cast<ssize_t>(written) : -1;
    }
    ssize_t count = 0;
    do count = ::send(socket_, source, size, MSG_NOSIGNAL);
    while (count < 0 && errno == EINTR);
    return count;
  }

  void get_remote_ip_and_port(std::string&, int&) const override {}
  void get_local_ip_and_port(std::string&, int&) const override {}
  [[nodiscard]] socket_t socket() const override { return socket_; }

 private:
  bool fill() {
    failure_ = -1;
    if (!is_readable()) return false;
    begin_ = end_ = 0;
    if (ssl_ != nullptr) return SSL_read_ex(ssl_, buffer_.data(), buffer_.size(), &end_) == 1;
    ssize_t count = 0;
    do count = ::recv(socket_, buffer_.data(), buffer_.size(), 0);
    while (count < 0 && errno == EINTR);
    if (count <= 0) {
      failure_ = count;
      return false;
    }
    end_ = static_cast<size_t>(count);
    return true;
  }

  // The head ends with an empty line. Chunks of a body bring lengths and line ends of their own.
  bool take_account_of(std::string_view bytes) {
    for (const char byte : bytes) {
      if (!in_head_) {
        ++body_bytes_;
        continue;
      }
      ++head_bytes_;
      if (byte == '\n' && std::exchange(is_line_empty_, true)) in_head_ = false;
      if (byte != '\n' && byte != '\r') is_line_empty_ = false;
    }
    return !is_exceeded();
  }

  static constexpr size_t kMostBody = 2 * ApiServer::kMostBodyBytes;

  socket_t socket_;
  SSL* ssl_;
  std::array<char, 16 << 10> buffer_{};
  size_t begin_ = 0;
  size_t end_ = 0;
  ssize_t failure_ = -1;
  bool in_head_ = true;
  bool is_line_empty_ = true;
  size_t head_bytes_ = 0;
  size_t body_bytes_ = 0;
};

}  // namespace

Result<std::unique_ptr<ApiServer>> ApiServer::make(const TlsFiles& tls, const std::string& client_ca) {
  if (tls.certificate.empty()) return std::unique_ptr<ApiServer>(new ApiServer(nullptr));
  std::unique_ptr<ApiServer> server(new ApiServer(SSL_CTX_new(TLS_server_method())));
  if (server->context_ == nullptr) return external_error("TLS cannot be set up: " + reason());
  if (const std::string problem = set_up(*server->context_, tls, client_ca); !problem.empty())
    return user_error(problem);
  return server;
}

ApiServer::~ApiServer() { SSL_CTX_free(context_); }

bool ApiServer::process_and_close_socket(socket_t socket) {
  const timeval time{std::chrono::duration_cast<std::chrono::seconds>(kPatience).count(), 0};
  ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
  ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time);
  SSL* ssl = context_ == nullptr ? nullptr : SSL_new(context_);
  const bool is_made = context_ == nullptr || (ssl != nullptr && SSL_set_fd(ssl, socket) == 1 && SSL_accept(ssl) == 1);
  if (is_made) serve(socket, ssl);
  if (is_made && ssl != nullptr) SSL_shutdown(ssl);
  SSL_free(ssl);
  ERR_clear_error();  // the next one of this thread is another client's
  ::shutdown(socket, SHUT_RDWR);
  ::close(socket);
  return is_made;
}

// One request after the other, until the client ends it or says nothing any more.
void ApiServer::serve(socket_t socket, SSL* ssl) {
  BoundedStream stream(socket, ssl);
  auto heard = Clock::now();
  while (svr_sock_ != INVALID_SOCKET && Clock::now() - heard < kPatience) {
    if (!stream.has_more() && !is_ready(socket, POLLIN, kLook)) continue;
    stream.begin_request();
    bool is_closed = false;
    const bool is_answered =
        process_request(stream, false, is_closed, [ssl](httplib::Request& request) { request.ssl = ssl; });
    if (!is_answered || is_closed || stream.is_exceeded()) return;
    heard = Clock::now();
  }
}

Role role_of_certificate(const httplib::Request& request) {
  if (request.ssl == nullptr) return Role::None;
  X509* certificate = SSL_get1_peer_certificate(request.ssl);
  if (certificate == nullptr) return Role::None;
  std::array<char, 64> unit{};
  const int length = X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_organizationalUnitName,
                                               unit.data(), static_cast<int>(unit.size()));
  X509_free(certificate);
  return length <= 0 ? Role::None : ApiAccess::role_of_unit(unit.data());
}

}  // namespace sluice
