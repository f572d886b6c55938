#include "lang/check/session.h"

#include <algorithm>

namespace sluice {

Expansion::Expansion(Session& session, const Definition& definition)
    : session_(session), is_recursive_(std::ranges::find(session.expanding, &definition) != session.expanding.end()) {
  session.expanding.push_back(&definition);
}

}  // namespace sluice
