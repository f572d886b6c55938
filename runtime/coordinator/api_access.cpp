#include "runtime/coordinator/api_access.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <optional>
#include <sstream>

#include "runtime/net/handshake.h"

namespace sluice {

namespace {

constexpr std::array<Role, 3> kRoles = {Role::Viewer, Role::Operator, Role::Admin};
constexpr size_t kMostBytes = 1 << 20;
constexpr std::string_view kUnit = "sluice-";
constexpr std::string_view kBearer = "Bearer ";

std::optional<Role> role_named(std::string_view name) {
  const auto* found = std::ranges::find(kRoles, name, role_name);
  return found == kRoles.end() ? std::nullopt : std::optional(*found);
}

// Of a file that is the reader's alone.
Result<std::string> read_private_file(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return system_error("cannot open " + path, errno);
  struct stat status{};
  std::string text;
  const bool is_read = ::fstat(file, &status) == 0 && S_ISREG(status.st_mode);
  const bool is_private = (status.st_mode & (S_IRWXG | S_IRWXO)) == 0;
  if (is_read && is_private) {
    text.resize(kMostBytes + 1);
    const ssize_t count = ::read(file, text.data(), text.size());
    text.resize(count < 0 ? 0 : static_cast<size_t>(count));
  }
  ::close(file);
  if (!is_read) return user_error(path + " is no file");
  if (!is_private) return user_error(fmt::format("others may read the tokens in {0}: chmod 600 {0}", path));
  if (text.size() > kMostBytes) return user_error(path + " is too large for a file of tokens");
  return text;
}

}  // namespace

Result<ApiAccess> ApiAccess::make(const std::string& cluster_token, const std::string& tokens_file) {
  ApiAccess access;
  if (!cluster_token.empty()) access.tokens_.push_back({Role::Admin, cluster_token});
  if (tokens_file.empty()) return access;
  SLUICE_ASSIGN(const std::string text, read_private_file(tokens_file));
  std::istringstream lines(text);
  std::string line;
  for (size_t number = 1; std::getline(lines, line); ++number) {
    std::istringstream words(line);
    std::string role;
    std::string token;
    std::string rest;
    words >> role >> token >> rest;
    if (role.empty() || role.starts_with('#')) continue;
    const auto known = role_named(role);
    if (!known || token.empty() || !rest.empty())
      return user_error(fmt::format("line {} of {} is not like `viewer TOKEN`; roles are viewer, operator and admin",
                                    number, tokens_file));
    access.tokens_.push_back({*known, token});
  }
  if (access.tokens_.empty()) return user_error("there is no token in " + tokens_file);
  return access;
}

// All are compared, so that the time taken does not say which one was close.
Role ApiAccess::role_of(std::string_view authorization) const {
  if (is_open()) return Role::Admin;
  if (!authorization.starts_with(kBearer)) return Role::None;
  const std::string_view shown = authorization.substr(kBearer.size());
  Role role = Role::None;
  for (const Token& token : tokens_)
    if (is_same_secret(shown, token.text)) role = std::max(role, token.role);
  return role;
}

Role ApiAccess::role_of_unit(std::string_view unit) {
  if (!unit.starts_with(kUnit)) return Role::None;
  return role_named(unit.substr(kUnit.size())).value_or(Role::None);
}

bool ApiAccess::is_name_of_loopback(std::string_view host, std::string_view listening) {
  const size_t colon = host.rfind(':');
  if (colon != std::string_view::npos && host.find_first_not_of("0123456789", colon + 1) == std::string_view::npos)
    host = host.substr(0, colon);
  const auto is_same = [&](std::string_view name) {
    return std::ranges::equal(host, name,
                              [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); });
  };
  return is_same("localhost") || is_same("127.0.0.1") || is_same("[::1]") ||
         (!listening.empty() && (is_same(listening) || is_same(fmt::format("[{}]", listening))));
}

}  // namespace sluice
