#include "runtime/coordinator/api_server.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <chrono>
#include <optional>
#include <utility>

#include "runtime/coordinator/bounded_stream.h"
#include "runtime/coordinator/connection_queue.h"

namespace sluice {

namespace {

constexpr size_t kThreads = 32;                         // a client that keeps its connection keeps one
constexpr size_t kMostConnections = 128;                // that are served, or wait for that
constexpr std::chrono::milliseconds kCrowdedIdle(500);  // that a connection may be while others wait
constexpr std::chrono::milliseconds kLook(100);         // whether the server is to end

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

// How long the body of a request is; nothing when that cannot be told before it is read, or when somebody in between
// could have understood the head in another way.
std::optional<size_t> body_size(const httplib::Request& request) {
  for (const auto& [name, value] : request.headers)
    if (name.find_first_of(" \t") != std::string::npos) return std::nullopt;
  const size_t count = request.get_header_value_count("Content-Length");
  if (request.has_header("Transfer-Encoding") || count > 1) return std::nullopt;
  if (count == 0) return 0;
  const std::string text = request.get_header_value("Content-Length");
  size_t size = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return size;
}

// Whether the connection ends with the request that this thread is answering: the handlers of the library know the
// request and no connection.
thread_local bool is_last_request = false;

}  // namespace

Result<std::unique_ptr<ApiServer>> ApiServer::make(const TlsFiles& tls, const std::string& client_ca) {
  if (tls.certificate.empty()) return std::unique_ptr<ApiServer>(new ApiServer(nullptr));
  std::unique_ptr<ApiServer> server(new ApiServer(SSL_CTX_new(TLS_server_method())));
  if (server->context_ == nullptr) return external_error("TLS cannot be set up: " + reason());
  if (const std::string problem = set_up(*server->context_, tls, client_ca); !problem.empty())
    return user_error(problem);
  return server;
}

ApiServer::ApiServer(SSL_CTX* context) : context_(context) {
  new_task_queue = [this] {
    return new ConnectionQueue(kThreads, ConnectionQueue::most_connections(kMostConnections), waiting_);
  };
}

ApiServer::~ApiServer() { SSL_CTX_free(context_); }

void ApiServer::set_guard(std::function<bool(const httplib::Request&, httplib::Response&)> refuses) {
  set_pre_routing_handler([guard = std::move(refuses)](const httplib::Request& request, httplib::Response& response) {
    if (!guard(request, response)) return HandlerResponse::Unhandled;
    is_last_request = true;  // its body was not read, and would be the next request
    return HandlerResponse::Handled;
  });
  set_post_routing_handler([](const httplib::Request&, httplib::Response& response) {
    if (!is_last_request) return;
    response.headers.erase("Keep-Alive");
    response.headers.erase("Connection");
    response.set_header("Connection", "close");
  });
}

bool ApiServer::process_and_close_socket(socket_t socket) {
  const bool is_served = !ConnectionQueue::is_closing();
  if (is_served) {
    ::fcntl(socket, F_SETFL, ::fcntl(socket, F_GETFL) | O_NONBLOCK);
    SSL* ssl = context_ == nullptr ? nullptr : SSL_new(context_);
    if (context_ == nullptr || (ssl != nullptr && SSL_set_fd(ssl, socket) == 1)) serve(socket, ssl);
    SSL_free(ssl);
    ERR_clear_error();  // the next one of this thread is another client's
  }
  ::shutdown(socket, SHUT_RDWR);
  ::close(socket);
  return is_served;
}

// One request after the other, until the client ends it or says nothing any more.
void ApiServer::serve(socket_t socket, SSL* ssl) {
  BoundedStream stream(socket, ssl);
  if (!stream.shake_hands()) return;
  bool is_drained = false;
  auto idle_since = BoundedStream::Clock::now();
  while (svr_sock_ != INVALID_SOCKET) {
    const auto now = BoundedStream::Clock::now();
    if (now > stream.head_deadline() || (waiting_.load() > 0 && now - idle_since > kCrowdedIdle)) break;
    if (!stream.comes_within(kLook)) continue;
    const Ending ending = answer_one(stream, ssl);
    is_drained = ending == Ending::Drained;
    if (ending != Ending::None) break;
    stream.begin_request();
    idle_since = BoundedStream::Clock::now();
  }
  if (ssl != nullptr) SSL_shutdown(ssl);
  if (!is_drained) return;
  ::shutdown(socket, SHUT_WR);
  stream.drain();
}

// What of a request was not read would be taken for the next one, which nobody has sent as a request: a page in a
// browser chooses the body of its requests, and somebody behind a proxy what the proxy takes for one.
ApiServer::Ending ApiServer::answer_one(BoundedStream& stream, SSL* ssl) {
  std::optional<size_t> declared;
  is_last_request = false;
  bool is_closed = false;
  const bool is_answered = process_request(stream, false, is_closed, [&](httplib::Request& request) {
    request.ssl = ssl;
    request.ranges.clear();  // answers are given whole: a thousand ranges would make a thousand copies
    declared = stream.is_ambiguous() ? std::nullopt : body_size(request);
    is_last_request = !declared || (*declared > 0 && request.method != "POST") || waiting_.load() > 0;  // their turn
  });
  if (!is_answered || stream.is_exceeded()) return Ending::Closed;
  if (!declared || stream.body_bytes() != *declared) return Ending::Drained;
  return is_closed || is_last_request ? Ending::Closed : Ending::None;
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
