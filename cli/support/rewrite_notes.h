// rewrite_notes: what the optimizer did, as comment lines in front of a graph's text.
#pragma once

#include <string>
#include <vector>

#include "compiler/passes/pass_manager.h"

namespace sluice {
[[nodiscard]] std::string notes_text(const std::vector<RewriteNote>& notes);
}
