#include "runtime/coordinator/http_api.h"

#include <fmt/format.h>
#include <httplib.h>

#include <algorithm>
#include <utility>

#include "runtime/coordinator/api_routes.h"
#include "runtime/coordinator/api_server.h"

namespace sluice {

namespace {

using httplib::Request;
using httplib::Response;
constexpr size_t kMostHeaderBytes = 32 << 10;

void give(Response& response, const ApiAnswer& answer) {
  response.status = answer.status;
  for (const auto& [name, value] : answer.headers) response.set_header(name, value);
  response.set_content(answer.body, answer.content_type);
}

void refuse(Response& response, int status, const std::string& message) { give(response, api_error(status, message)); }

size_t size_of_headers(const Request& request) {
  size_t size = 0;
  for (const auto& [name, value] : request.headers) size += name.size() + value.size();
  return size;
}

// HEAD is GET without the answer's body.
std::string_view method_of(const Request& request) {
  return request.method == "HEAD" ? std::string_view("GET") : std::string_view(request.method);
}

const ApiRoute* route_of(const Request& request, uint64_t& job) {
  for (const ApiRoute* route : find_routes(request.path, job))
    if (route->method == method_of(request)) return route;
  return nullptr;
}

// 404, or 405 with the methods there are.
void refuse_unknown(const Request& request, Response& response) {
  uint64_t job = 0;
  std::string methods;
  for (const ApiRoute* route : find_routes(request.path, job))
    methods += (methods.empty() ? "" : ", ") + std::string(route->method);
  if (methods.empty())
    return refuse(response, 404,
                  fmt::format("there is nothing at {}; docs/cluster.md lists what there is", request.path));
  refuse(response, 405, fmt::format("{} takes {}, not {}", request.path, methods, request.method));
  response.set_header("Allow", methods);
}

// Of what is taken, everything is said before: compressed, a small body could become one that fills the memory.
bool is_body_refused(const Request& request, Response& response) {
  if (request.has_header("Content-Encoding"))
    refuse(response, 415, "the body must not be compressed: leave out Content-Encoding");
  else if (request.method == "POST" && !request.has_header("Content-Length") &&
           !request.has_header("Transfer-Encoding"))
    refuse(response, 411, "the length of the body is wanted: Content-Length");
  else if (request.get_header_value<uint64_t>("Content-Length") > ApiServer::kMostBodyBytes)
    refuse(response, 413, fmt::format("a request may have at most {} bytes", ApiServer::kMostBodyBytes));
  else
    return false;
  return true;
}

// Without a token, whoever can make somebody's browser ask could ask everything: a name that the page's owner gives an
// address of the loopback makes its requests look like those of a page of ours. What they cannot choose is that name.
bool is_for_this_machine(const Request& request, const std::string& listening) {
  return request.get_header_value_count("Host") == 1 &&
         ApiAccess::is_name_of_loopback(request.get_header_value("Host"), listening);
}

// The library's words for what it refuses itself are none.
void name_error(Response& response) {
  if (!response.body.empty()) return;
  if (response.status == 413)
    return refuse(response, 413, fmt::format("a request may have at most {} bytes", ApiServer::kMostBodyBytes));
  refuse(response, response.status, fmt::format("the request is refused with status {}", response.status));
}

}  // namespace

HttpApi::HttpApi(Coordinator& coordinator, HttpApiSettings settings, std::unique_ptr<ApiServer> server)
    : coordinator_(coordinator), settings_(std::move(settings)), server_(std::move(server)) {}

Result<std::unique_ptr<HttpApi>> HttpApi::make(Coordinator& coordinator, HttpApiSettings settings) {
  SLUICE_ASSIGN(auto made, ApiServer::make(settings.tls, settings.client_ca));
  const std::string host = settings.host;
  const int port = settings.port;
  std::unique_ptr<HttpApi> api(new HttpApi(coordinator, std::move(settings), std::move(made)));
  ApiServer& server = *api->server_;
  server.set_tcp_nodelay(true);  // a head and its body are two packets; waiting for the first takes 40 ms
  server.set_payload_max_length(ApiServer::kMostBodyBytes);
  // The library's own options would let two coordinators share a port.
  server.set_socket_options([](socket_t socket) {
    const int yes = 1;
    ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  });
  api->define_routes();
  api->port_ = port;
  if (port == 0) api->port_ = server.bind_to_any_port(host);
  if (api->port_ < 0 || (port != 0 && !server.bind_to_port(host, port)))
    return external_error(fmt::format("cannot listen on {}:{} for HTTP: is another coordinator running?", host, port));
  api->thread_ = std::thread([listening = &server] { listening->listen_after_bind(); });
  while (!server.is_running()) std::this_thread::yield();  // or it could not be stopped
  return api;
}

HttpApi::~HttpApi() {
  server_->stop();
  if (thread_.joinable()) thread_.join();
}

Role HttpApi::role_of(const Request& request) const {
  return std::max(settings_.access.role_of(request.get_header_value("Authorization")), role_of_certificate(request));
}

// Whoever may not ask, or asks for nothing there is, is told so before the body of the request is read.
bool HttpApi::is_refused(const Request& request, Response& response) const {
  if (size_of_headers(request) > kMostHeaderBytes) {
    refuse(response, 431, fmt::format("the headers of a request may have at most {} bytes", kMostHeaderBytes));
    return true;
  }
  if (settings_.access.is_open() && !is_for_this_machine(request, settings_.host)) {
    refuse(response, 403,
           "requests for another host than localhost are taken only when the coordinator has a --token-file: the "
           "page of a browser may stand behind them");
    return true;
  }
  const Role role = role_of(request);
  if (role == Role::None) {
    refuse(response, 401, "a token of this cluster is wanted: Authorization: Bearer TOKEN");
    response.set_header("WWW-Authenticate", "Bearer");
    return true;
  }
  // A page in somebody's browser can reach the loopback, too.
  if (request.has_header("Origin")) {
    refuse(response, 403, "requests of web pages are not taken");
    return true;
  }
  uint64_t job = 0;
  const ApiRoute* route = route_of(request, job);
  if (route == nullptr) {
    refuse_unknown(request, response);
    return true;
  }
  if (role < route->role) {
    refuse(response, 403,
           fmt::format("{} {} needs the role {}; the token given has the role {}", route->method, route->path,
                       role_name(route->role), role_name(role)));
    return true;
  }
  if (request.method == "POST" && !request.get_header_value("Content-Type").starts_with("application/json")) {
    refuse(response, 415, "the body must be JSON: Content-Type: application/json");
    return true;
  }
  return is_body_refused(request, response);
}

void HttpApi::answer(const Request& request, Response& response) {
  ApiRequest asked;
  const ApiRoute* route = route_of(request, asked.job);
  if (route == nullptr) return refuse_unknown(request, response);
  for (const auto& [name, value] : request.params) asked.parameters.emplace(name, value);
  asked.body = request.body;
  give(response, route->answer(coordinator_, asked));
}

void HttpApi::define_routes() {
  server_->set_guard([this](const Request& request, Response& response) { return is_refused(request, response); });
  const auto handler = [this](const Request& request, Response& response) { answer(request, response); };
  server_->Get(".*", handler);
  server_->Post(".*", handler);
  server_->set_error_handler([](const Request&, Response& response) { name_error(response); });
  server_->set_exception_handler([](const Request&, Response& response, const std::exception_ptr&) {
    refuse(response, 500, "the coordinator failed to answer; that is a mistake of its own");
  });
}

}  // namespace sluice
