// HttpApi: the coordinator as clients see it: REST with JSON, which `sluice submit`, `jobs` and `job` use like
// anybody else. It lets in who may ask for what; api_routes.h has the answers.
#pragma once

#include <memory>
#include <string>
#include <thread>

#include "lang/support/result.h"
#include "runtime/coordinator/coordinator.h"

namespace httplib {
class Server;
struct Request;
struct Response;
}  // namespace httplib

namespace sluice {

class HttpApi {
 public:
  // Listens at once; port 0 takes a free one. The coordinator must outlive it.
  [[nodiscard]] static Result<std::unique_ptr<HttpApi>> make(Coordinator& coordinator, const std::string& host,
                                                             int port, const std::string& token);
  ~HttpApi();
  HttpApi(const HttpApi&) = delete;
  HttpApi& operator=(const HttpApi&) = delete;
  [[nodiscard]] int port() const { return port_; }

 private:
  HttpApi(Coordinator& coordinator, std::string token);
  void define_routes();
  [[nodiscard]] bool is_refused(const httplib::Request& request, httplib::Response& response) const;
  void answer(const httplib::Request& request, httplib::Response& response);

  Coordinator& coordinator_;
  std::string token_;
  std::unique_ptr<httplib::Server> server_;
  int port_ = 0;
  std::thread thread_;
};

}  // namespace sluice
