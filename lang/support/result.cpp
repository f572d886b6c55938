#include "lang/support/result.h"

#include <system_error>

namespace sluice {

std::string Error::to_string() const {
  std::string text = message;
  for (const auto& line : context) text += " (" + line + ")";
  return text;
}

std::unexpected<Error> user_error(std::string message) {
  return std::unexpected(Error{ErrorDomain::User, false, std::move(message), {}});
}

std::unexpected<Error> external_error(std::string message, bool retryable) {
  return std::unexpected(Error{ErrorDomain::External, retryable, std::move(message), {}});
}

std::unexpected<Error> system_error(std::string what, int error_number) {
  return external_error(std::move(what) + ": " + std::generic_category().message(error_number));
}

std::unexpected<Error> internal_error(std::string message) {
  return std::unexpected(Error{ErrorDomain::Internal, false, std::move(message), {}});
}

}  // namespace sluice
