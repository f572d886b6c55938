// Memory of state: zeroed, and from 2 MiB on aligned for huge pages, because tables are read at random and a page table
// walk per row would cost more than the row.
#pragma once

#include <cstddef>

namespace sluice {

inline constexpr size_t kHugePageBytes = size_t{2} << 20;

// Never null; the process ends with a message when there is no memory.
[[nodiscard]] char* allocate_zeroed(size_t bytes) noexcept;
void free_zeroed(char* memory, size_t bytes) noexcept;

}  // namespace sluice
