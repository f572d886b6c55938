// Line ends in a piece of bytes. Blocks are read whole: the bytes must be readable up to 64 behind their end.
#pragma once

#include <cstdint>
#include <vector>

namespace sluice {

[[nodiscard]] uint64_t count_byte(const char* data, uint64_t size, char wanted);
// Behind the last '\n', 0 when there is none.
[[nodiscard]] uint64_t behind_last_newline(const char* data, uint64_t size);
// Positions of all '\n', in order, from `positions[0]` on; returns their number.
uint64_t find_newlines(const char* data, uint64_t size, std::vector<uint32_t>& positions);

}  // namespace sluice
