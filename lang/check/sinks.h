// What the sinks of a whole program must keep to among each other.
#pragma once

#include "lang/check/session.h"

namespace sluice {

// Reports each sink whose file another one in front of it writes.
void check_sinks(Session& session);

}  // namespace sluice
