#include "runtime/data/big_memory.h"

#include <sys/mman.h>

#include <cstdint>
#include <cstdlib>

#include "lang/support/invariant.h"

namespace sluice {

char* allocate_zeroed(size_t bytes) noexcept {
  if (bytes < kHugePageBytes) {
    auto* memory = static_cast<char*>(std::calloc(1, bytes));
    SLUICE_INVARIANT(memory != nullptr, "out of memory for state");
    return memory;
  }
  const size_t mapped = bytes + kHugePageBytes;
  void* whole = ::mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  SLUICE_INVARIANT(whole != MAP_FAILED, "out of memory for state");
  auto* begin = static_cast<char*>(whole);
  const size_t skip = (kHugePageBytes - reinterpret_cast<uintptr_t>(begin) % kHugePageBytes) % kHugePageBytes;
  if (skip != 0) ::munmap(begin, skip);
  // munmap rounds up to whole pages, as mmap did: what is left is exactly what free_zeroed gives back.
  const size_t page = 4096;
  const size_t kept = (bytes + page - 1) / page * page;
  const size_t tail = (mapped + page - 1) / page * page - skip - kept;
  if (tail != 0) ::munmap(begin + skip + kept, tail);
  ::madvise(begin + skip, kept, MADV_HUGEPAGE);  // a wish; small pages work too
  return begin + skip;
}

void free_zeroed(char* memory, size_t bytes) noexcept {
  if (memory == nullptr) return;
  if (bytes < kHugePageBytes) {
    std::free(memory);
  } else {
    ::munmap(memory, bytes);
  }
}

}  // namespace sluice
