// A stack for deep recursion. The compiler walks expression trees by recursion, and a chain of 10,000 operators is a
// tree of that depth (kMaxTreeDepth).
#pragma once

#include <functional>

#include "cli/support/exit_code.h"

namespace sluice {

// Runs `work` on a thread whose stack is large: reserved address space, of which only what is used takes memory.
[[nodiscard]] ExitCode run_on_deep_stack(const std::function<ExitCode()>& work);

}  // namespace sluice
