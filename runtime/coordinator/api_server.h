// ApiServer: the HTTP server of the coordinator's API, with or without TLS. It bounds what clients may send, how long
// that may take and how many there may be, before any of it is looked at; it never takes what is left of one request
// for the next; and it knows the role that a client's certificate gives. Used by HttpApi.
#pragma once

#include <httplib.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "lang/support/result.h"
#include "runtime/coordinator/api_access.h"
#include "runtime/net/tls_identity.h"

namespace sluice {

class BoundedStream;

class ApiServer final : public httplib::Server {
 public:
  static constexpr size_t kMostHeadBytes = 64 << 10;  // request line and headers; more ends the connection
  static constexpr size_t kMostBodyBytes = 64 << 20;

  // `client_ca`: of the certificates that clients show, when it is not that of the cluster.
  [[nodiscard]] static Result<std::unique_ptr<ApiServer>> make(const TlsFiles& tls, const std::string& client_ca);
  ~ApiServer() override;

  // `refuses` answers what must not be answered otherwise, before the body is read; the connection ends with that.
  void set_guard(std::function<bool(const httplib::Request&, httplib::Response&)> refuses);

 private:
  // How the connection ends with a request: not, at once, or when the client has heard why.
  enum class Ending : uint8_t { None, Closed, Drained };

  explicit ApiServer(SSL_CTX* context);
  bool process_and_close_socket(socket_t socket) override;
  void serve(socket_t socket, SSL* ssl);
  Ending answer_one(BoundedStream& stream, SSL* ssl);

  SSL_CTX* context_;                 // null: plain HTTP
  std::atomic<size_t> waiting_ = 0;  // connections without a thread
};

// What the certificate that came with the request allows; Role::None without one. It was verified when the connection
// was made.
[[nodiscard]] Role role_of_certificate(const httplib::Request& request);

}  // namespace sluice
