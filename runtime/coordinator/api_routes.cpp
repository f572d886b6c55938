#include "runtime/coordinator/api_routes.h"

#include <charconv>
#include <nlohmann/json.hpp>

namespace sluice {

namespace {

constexpr std::string_view kJob = "{job}";

// Whether `path` has the form of `pattern`; what stands for the job is read.
bool matches(std::string_view path, std::string_view pattern, uint64_t& job) {
  const size_t hole = pattern.find(kJob);
  if (hole == std::string_view::npos) return path == pattern;
  const std::string_view rest = pattern.substr(hole + kJob.size());
  if (path.size() <= hole + rest.size() || !path.starts_with(pattern.substr(0, hole)) || !path.ends_with(rest))
    return false;
  const std::string_view number = path.substr(hole, path.size() - hole - rest.size());
  if (number.find_first_not_of("0123456789") != std::string_view::npos) return false;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), job);
  if (error != std::errc()) job = 0;  // larger than any
  return true;
}

}  // namespace

std::string_view role_name(Role role) {
  switch (role) {
    case Role::None:
      return "none";
    case Role::Viewer:
      return "viewer";
    case Role::Operator:
      return "operator";
    case Role::Admin:
      return "admin";
  }
  return "?";
}

ApiAnswer api_error(int status, const std::string& message) {
  const nlohmann::ordered_json json = {{"error", message}};
  return {status, json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n"};
}

const std::vector<ApiRoute>& api_routes() {
  static const std::vector<ApiRoute> routes = {
#define ROUTE(handler, method, path, role) {method, path, Role::role, api::handler},
#include "runtime/coordinator/api_routes.def"
  };
  return routes;
}

std::vector<const ApiRoute*> find_routes(std::string_view path, uint64_t& job) {
  std::vector<const ApiRoute*> found;
  for (const auto& route : api_routes())
    if (matches(path, route.path, job)) found.push_back(&route);
  return found;
}

}  // namespace sluice
