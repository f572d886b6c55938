// How the entries of hash tables are laid out. Decided here once for generated code, which writes them, and for the
// runtime, which copies them: into snapshots, and to where joins keep what they still need.
#pragma once

#include <cstdint>
#include <vector>

#include "lang/types/type.h"

namespace sluice {

inline constexpr uint32_t kTextKeyBytes = 24;    // of a text among the keys of an entry: its size and two words
inline constexpr uint64_t kShortTextBytes = 16;  // up to so many are in the entry itself, else the second word points

// [uint64 hash][keys][states]; keys and states in memory layout (runtime/abi/kernel_abi.h), except that a text among
// the keys is [size][low][high] and one among the states {data, size, capacity}.
struct EntryLayout {
  std::vector<uint32_t> keys;
  std::vector<uint32_t> states;
  uint32_t size = 0;
};
[[nodiscard]] EntryLayout entry_layout(const std::vector<Type>& keys, const std::vector<Type>& states);
[[nodiscard]] std::vector<Type> types_of(const Schema& schema);

}  // namespace sluice
