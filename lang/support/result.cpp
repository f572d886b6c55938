#include "lang/support/result.h"

#include <system_error>

namespace sluice {

std::string Error::to_string() const {
  std::string text = message;
  for (const auto& line : context) text += " (" + line + ")";
  return text;
}

std::unexpected<Error> user_error(std::string message) {
  return std::unexpected(Error{ErrorDomain::User, false, std::move(message), {}, 0});
}

std::unexpected<Error> external_error(std::string message, bool retryable) {
  return std::unexpected(Error{ErrorDomain::External, retryable, std::move(message), {}, 0});
}

std::unexpected<Error> system_error(std::string what, int error_number) {
  Error error{ErrorDomain::External, false, std::move(what), {}, error_number};
  error.message += ": " + std::generic_category().message(error_number);
  return std::unexpected(std::move(error));
}

std::unexpected<Error> internal_error(std::string message) {
  return std::unexpected(Error{ErrorDomain::Internal, false, std::move(message), {}, 0});
}

}  // namespace sluice
