// HttpApi: the coordinator as clients see it: REST with JSON, which `sluice submit`, `jobs` and `job` use like
// anybody else. It lets in who may ask for what; api_routes.h has the answers.
#pragma once

#include <memory>
#include <string>
#include <thread>

#include "lang/support/result.h"
#include "runtime/coordinator/api_access.h"
#include "runtime/coordinator/coordinator.h"
#include "runtime/net/tls_identity.h"

namespace httplib {
struct Request;
struct Response;
}  // namespace httplib

namespace sluice {

class ApiServer;

struct HttpApiSettings {
  std::string host;
  int port = 0;  // 0: any free one
  ApiAccess access;
  TlsFiles tls;           // without, plain HTTP
  std::string client_ca;  // of clients' certificates; empty: that of `tls`
};

class HttpApi {
 public:
  // Listens at once. The coordinator must outlive it.
  [[nodiscard]] static Result<std::unique_ptr<HttpApi>> make(Coordinator& coordinator, HttpApiSettings settings);
  ~HttpApi();
  HttpApi(const HttpApi&) = delete;
  HttpApi& operator=(const HttpApi&) = delete;
  [[nodiscard]] int port() const { return port_; }

 private:
  HttpApi(Coordinator& coordinator, HttpApiSettings settings, std::unique_ptr<ApiServer> server);
  [[nodiscard]] Role role_of(const httplib::Request& request) const;
  void define_routes();
  [[nodiscard]] bool is_refused(const httplib::Request& request, httplib::Response& response) const;
  void answer(const httplib::Request& request, httplib::Response& response);

  Coordinator& coordinator_;
  HttpApiSettings settings_;
  std::unique_ptr<ApiServer> server_;
  int port_ = 0;
  std::thread thread_;
};

}  // namespace sluice
