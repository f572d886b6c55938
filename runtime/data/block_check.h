// Is a row block from outside (network, spill file) safe to read? Blocks made in this process need no check.
#pragma once

#include <cstddef>
#include <span>

#include "lang/types/type.h"
#include "runtime/abi/layout.h"

namespace sluice {

// Header and size fit together, and all rows lie inside. `bytes` must be aligned like a BlockHeader.
[[nodiscard]] bool is_valid_block(std::span<const char> bytes);
// Also: rows are of `schema`, bools and presence bytes are 0 or 1, strings and lists lie in the block's heap.
[[nodiscard]] bool is_valid_block(std::span<const char> bytes, const Schema& schema);

}  // namespace sluice
