// The texts of examples/nexmark/q*.flow, which are part of the program: in no order, by their names ("q5").
#pragma once

#include <vector>

#include "stdlib/embedded_modules.h"

namespace sluice {

[[nodiscard]] const std::vector<EmbeddedModule>& nexmark_queries();

}  // namespace sluice
