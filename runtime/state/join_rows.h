// The rows that a join keeps: chains of abi::JoinCell, one per key and side, in the memory of the join's hash table.
#pragma once

#include "runtime/abi/layout.h"

namespace sluice {

// The chain in the order of the bytes of its rows; returns its new first cell. Absent values must be zero, so that
// equal rows have equal bytes.
[[nodiscard]] abi::JoinCell* sorted_by_bytes(abi::JoinCell* first) noexcept;
// Takes the first cell with the bytes of `cell` out of the chain that begins in *first; null when there is none.
abi::JoinCell* remove_equal(abi::JoinCell** first, const abi::JoinCell& cell) noexcept;

}  // namespace sluice
