// ApiServer: the HTTP server of the coordinator's API, with or without TLS. It bounds what a client may send before any
// of it is looked at, which the library does for bodies only; and it knows the role that a client's certificate gives.
#pragma once

#include <httplib.h>

#include <cstddef>
#include <memory>
#include <string>

#include "lang/support/result.h"
#include "runtime/coordinator/api_access.h"
#include "runtime/net/tls_identity.h"

namespace sluice {

class ApiServer final : public httplib::Server {
 public:
  static constexpr size_t kMostHeadBytes = 64 << 10;  // request line and headers; more ends the connection
  static constexpr size_t kMostBodyBytes = 64 << 20;

  // `client_ca`: of the certificates that clients show, when it is not that of the cluster.
  [[nodiscard]] static Result<std::unique_ptr<ApiServer>> make(const TlsFiles& tls, const std::string& client_ca);
  ~ApiServer() override;

 private:
  explicit ApiServer(SSL_CTX* context) : context_(context) {}
  bool process_and_close_socket(socket_t socket) override;
  void serve(socket_t socket, SSL* ssl);

  SSL_CTX* context_;  // null: plain HTTP
};

// What the certificate that came with the request allows; Role::None without one. It was verified when the connection
// was made.
[[nodiscard]] Role role_of_certificate(const httplib::Request& request);

}  // namespace sluice
