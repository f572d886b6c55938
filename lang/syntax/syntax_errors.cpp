#include "lang/syntax/syntax_errors.h"

namespace sluice::syntax {

bool explain_syntax_error(const ErrorPlace& place, Diagnostics& diagnostics) {
  const Token& token = place.history.back();
  diagnostics.report(diag::E0105, token.span, "something else", fmt::format("`{}`", token.text));
  return false;
}

}  // namespace sluice::syntax
