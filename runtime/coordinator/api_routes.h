// api_routes: what the coordinator answers to which request of a client: a table of routes (api_routes.def) and a
// function for each. Plain values in and out; http_api.h does the talking and lets only those in who may ask.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/coordinator/coordinator.h"

namespace sluice {

// Each may do what those before it may: look, also run and end jobs, also see into the coordinator.
enum class Role : uint8_t { None, Viewer, Operator, Admin };
[[nodiscard]] std::string_view role_name(Role role);

struct ApiRequest {
  uint64_t job = 0;  // where the path has one
  std::map<std::string, std::string> parameters;
  std::string body;
};
struct ApiAnswer {
  int status = 200;
  std::string body;
  std::string content_type = "application/json";
  std::map<std::string, std::string> headers = {};
};
[[nodiscard]] ApiAnswer api_error(int status, const std::string& message);

struct ApiRoute {
  std::string_view method;
  std::string_view path;
  Role role = Role::Admin;
  ApiAnswer (*answer)(Coordinator&, const ApiRequest&) = nullptr;
};
[[nodiscard]] const std::vector<ApiRoute>& api_routes();

// The routes whose path this is, one for each method; none when there is no such path. `job` becomes its number.
[[nodiscard]] std::vector<const ApiRoute*> find_routes(std::string_view path, uint64_t& job);

namespace api {
#define ROUTE(handler, method, path, role) [[nodiscard]] ApiAnswer handler(Coordinator&, const ApiRequest&);
#include "runtime/coordinator/api_routes.def"
}  // namespace api

}  // namespace sluice
