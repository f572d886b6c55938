// What the sinks of a whole program must keep to among each other.
#pragma once

#include <optional>
#include <string>

#include "lang/check/session.h"

namespace sluice {

// The file that a sink writes, as far as the program tells; nothing for what several sinks can share.
[[nodiscard]] std::optional<std::string> written_file(const SinkNode& sink);

// Reports each sink whose file another one in front of it writes.
void check_sinks(Session& session);

}  // namespace sluice
