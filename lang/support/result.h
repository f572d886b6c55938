// Result: the outcome of everything that can fail because the world is wrong (files, peers, limits).
// A wrong *program* is reported through lang/source/diagnostics.h; a wrong *us* through support/invariant.h.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <utility>
#include <vector>

namespace sluice {

// Who can mend it: the person who called us, something outside the process, or we.
enum class ErrorDomain : uint8_t { User, External, Internal };

struct Error {
  ErrorDomain domain = ErrorDomain::External;
  bool retryable = false;
  std::string message;               // one sentence that says what happened and what to do
  std::vector<std::string> context;  // innermost first: "while reading books/a.txt"
  int error_number = 0;              // errno of the call that failed, where that is what happened

  // Returns this error with one more line of context.
  [[nodiscard]] Error with_context(std::string line) && {
    context.push_back(std::move(line));
    return std::move(*this);
  }
  // The message and its context as one line of text.
  [[nodiscard]] std::string to_string() const;
};

template <class T>
using Result = std::expected<T, Error>;
using Status = Result<void>;

[[nodiscard]] std::unexpected<Error> user_error(std::string message);
[[nodiscard]] std::unexpected<Error> external_error(std::string message, bool retryable = false);
// An external error that names the failed call's errno: "cannot open x.csv: No such file or directory".
[[nodiscard]] std::unexpected<Error> system_error(std::string what, int error_number);
[[nodiscard]] std::unexpected<Error> internal_error(std::string message);

}  // namespace sluice

// Evaluates `expression` (a Result); on failure returns its error from the enclosing function.
#define SLUICE_TRY(expression)                                                                                 \
  do {                                                                                                         \
    if (auto try_result_ = (expression); !try_result_) return std::unexpected(std::move(try_result_).error()); \
  } while (false)

// `SLUICE_ASSIGN(auto x, f())`: x becomes the value of the Result, or its error is returned.
#define SLUICE_ASSIGN_CONCAT_(a, b) a##b
#define SLUICE_ASSIGN_NAME_(line) SLUICE_ASSIGN_CONCAT_(assign_result_, line)
#define SLUICE_ASSIGN(target, expression) SLUICE_ASSIGN_IMPL_(SLUICE_ASSIGN_NAME_(__LINE__), target, expression)
#define SLUICE_ASSIGN_IMPL_(result, target, expression)           \
  auto result = (expression);                                     \
  if (!result) return std::unexpected(std::move(result).error()); \
  target = std::move(*result)
