#include "lang/check/session.h"

#include <algorithm>

namespace sluice {

bool Session::may_expand(const Span& use) {
  constexpr size_t kMaxExpansions = 20'000;
  if (++expansion_count == kMaxExpansions)
    report(diag::E0520, use, kMaxExpansions).with_label("split the work into several steps: |> extend ...");
  return expansion_count < kMaxExpansions;
}

Expansion::Expansion(Session& session, Definition& definition, const Span& use) : session_(session) {
  const auto first = std::ranges::find(session.expanding, &definition);
  is_recursive_ = first != session.expanding.end();
  if (is_recursive_ && !definition.is_recursive) {
    session.report(diag::E0505, use, definition.name.text)
        .with_label(session.expanding.back() == &definition
                        ? "functions always end, so none may call itself"
                        : fmt::format("through `{}`: functions always end, so this may not be",
                                      session.expanding.back()->name.text));
    for (auto it = first; it != session.expanding.end(); ++it) (*it)->is_recursive = true;
  }
  session.expanding.push_back(&definition);
}

}  // namespace sluice
