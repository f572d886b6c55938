// ApiAccess: who of the coordinator's clients may do what. A client shows a token, or a certificate whose unit names a
// role; what it shows is never said again, in no message.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lang/support/result.h"
#include "runtime/coordinator/api_routes.h"

namespace sluice {

class ApiAccess {
 public:
  // `cluster_token`, if there is one, is that of an administrator. `tokens_file`, if one is named, has a line with a
  // role and a token for each client; an error when others may read it, or when a line is not like that.
  [[nodiscard]] static Result<ApiAccess> make(const std::string& cluster_token, const std::string& tokens_file);

  // Nobody needs to show anything.
  [[nodiscard]] bool is_open() const { return tokens_.empty() && !needs_certificate_; }
  // Whoever has no token must have a certificate with a role.
  void need_certificate() { needs_certificate_ = true; }

  // What the header `Authorization` of a request allows.
  [[nodiscard]] Role role_of(std::string_view authorization) const;
  // What the unit (OU) of a certificate allows: "sluice-viewer" and so on.
  [[nodiscard]] static Role role_of_unit(std::string_view unit);

  // Whether `host`, the header of that name, is one that only names this machine: "localhost:7080", "127.0.0.1",
  // "[::1]", or the address that the coordinator listens on.
  [[nodiscard]] static bool is_name_of_loopback(std::string_view host, std::string_view listening);

 private:
  struct Token {
    Role role;
    std::string text;
  };
  std::vector<Token> tokens_;
  bool needs_certificate_ = false;
};

}  // namespace sluice
