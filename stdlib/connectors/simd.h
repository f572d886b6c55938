// Bytes to bits, 64 at a time, for the scanners. Two implementations of the same few steps; which one runs is decided
// when the program starts (has_avx2). A scanner is a template over them, always inlined into a function compiled for
// the instructions of one of them (SLUICE_TARGET_AVX2).
#pragma once

#include <immintrin.h>

#include <bit>
#include <cstdint>
#include <vector>

#define SLUICE_TARGET_AVX2 __attribute__((target("avx2,bmi,bmi2,lzcnt,pclmul,popcnt")))
#define SLUICE_ALWAYS_INLINE __attribute__((always_inline)) inline

namespace sluice {

struct Sse2 {
  // Bit i: does byte i equal `wanted`?
  static uint64_t equal(const char* block, char wanted) {
    const __m128i pattern = _mm_set1_epi8(wanted);
    uint64_t bits = 0;
    for (size_t part = 0; part < 4; ++part) {
      const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(block + 16 * part));
      const auto mask = static_cast<uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, pattern)));
      bits |= uint64_t{mask} << (16 * part);
    }
    return bits;
  }
  // Bit i of the result: is the number of set bits up to and with bit i odd?
  static uint64_t prefix_xor(uint64_t bits) {
    for (int shift = 1; shift < 64; shift *= 2) bits ^= bits << shift;
    return bits;
  }
};

struct Avx2 {
  SLUICE_TARGET_AVX2 static uint64_t equal(const char* block, char wanted) {
    const __m256i pattern = _mm256_set1_epi8(wanted);
    const __m256i low = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(block));
    const __m256i high = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(block + 32));
    const auto low_mask = static_cast<uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(low, pattern)));
    const auto high_mask = static_cast<uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(high, pattern)));
    return uint64_t{high_mask} << 32 | low_mask;
  }
  // A carry-less product with all ones adds up every prefix.
  SLUICE_TARGET_AVX2 static uint64_t prefix_xor(uint64_t bits) {
    const __m128i product =
        _mm_clmulepi64_si128(_mm_set_epi64x(0, static_cast<int64_t>(bits)), _mm_set1_epi8(static_cast<char>(0xff)), 0);
    return static_cast<uint64_t>(_mm_cvtsi128_si64(product));
  }
};

[[nodiscard]] inline bool has_avx2() {
  static const bool value = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
                            __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("pclmul") &&
                            __builtin_cpu_supports("popcnt");
  return value;
}

// Makes a vector that is used as plain memory have at least `size` elements; grows it in large steps.
inline void ensure_size(std::vector<uint32_t>& memory, size_t size) {
  if (memory.size() < size) memory.resize(std::bit_ceil(size));
}

// Writes the positions of the set bits, first to last, to `out`, which has room for 64. Bits in front of the last are
// written in groups, so up to 7 entries behind them are overwritten with junk.
SLUICE_ALWAYS_INLINE void write_positions(uint64_t bits, uint32_t base, uint32_t* out) {
  const int count = std::popcount(bits);
  for (int done = 0; done < count; done += 8) {
    for (int i = 0; i < 8; ++i) {
      out[done + i] = base + static_cast<uint32_t>(std::countr_zero(bits));
      bits &= bits - 1;
    }
  }
}

}  // namespace sluice
