#include "stdlib/connectors/newlines.h"

#include <cstring>

#include "stdlib/connectors/simd.h"

namespace sluice {
namespace {

// The bits of the bytes before `size` in the block that begins at `base`.
SLUICE_ALWAYS_INLINE uint64_t valid_bits(uint64_t base, uint64_t size) {
  return size - base >= 64 ? ~uint64_t{0} : (uint64_t{1} << (size - base)) - 1;
}

template <class Simd>
SLUICE_ALWAYS_INLINE uint64_t count_impl(const char* data, uint64_t size, char wanted) {
  uint64_t count = 0;
  for (uint64_t base = 0; base < size; base += 64)
    count += static_cast<uint64_t>(std::popcount(Simd::equal(data + base, wanted) & valid_bits(base, size)));
  return count;
}
SLUICE_TARGET_AVX2 uint64_t count_avx2(const char* data, uint64_t size, char wanted) {
  return count_impl<Avx2>(data, size, wanted);
}

template <class Simd>
SLUICE_ALWAYS_INLINE uint64_t find_impl(const char* data, uint64_t size, std::vector<uint32_t>& positions) {
  uint64_t count = 0;
  for (uint64_t base = 0; base < size; base += 64) {
    const uint64_t bits = Simd::equal(data + base, '\n') & valid_bits(base, size);
    ensure_size(positions, count + 72);
    write_positions(bits, static_cast<uint32_t>(base), positions.data() + count);
    count += static_cast<uint64_t>(std::popcount(bits));
  }
  return count;
}
SLUICE_TARGET_AVX2 uint64_t find_avx2(const char* data, uint64_t size, std::vector<uint32_t>& positions) {
  return find_impl<Avx2>(data, size, positions);
}

}  // namespace

uint64_t count_byte(const char* data, uint64_t size, char wanted) {
  return has_avx2() ? count_avx2(data, size, wanted) : count_impl<Sse2>(data, size, wanted);
}

uint64_t behind_last_newline(const char* data, uint64_t size) {
  const void* found = size == 0 ? nullptr : memrchr(data, '\n', size);
  return found == nullptr ? 0 : static_cast<uint64_t>(static_cast<const char*>(found) - data) + 1;
}

uint64_t find_newlines(const char* data, uint64_t size, std::vector<uint32_t>& positions) {
  return has_avx2() ? find_avx2(data, size, positions) : find_impl<Sse2>(data, size, positions);
}

}  // namespace sluice
