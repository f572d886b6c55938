// Reading UTF-8 that may be broken: kernels are safe on any bytes and leave what is not UTF-8 as it is.
#pragma once

#include <cstddef>
#include <cstdint>

namespace sluice {

struct CodePoint {
  int32_t value;  // -1: not UTF-8, one byte to skip
  uint32_t size;  // in bytes
};

// The code point at `at`, which is before `end`.
[[nodiscard]] inline CodePoint decode_utf8(const char* at, const char* end) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(at[i]); };
  const auto follows = [&](size_t i) { return (byte(i) & 0xc0) == 0x80; };
  const uint32_t first = byte(0);
  const auto left = static_cast<size_t>(end - at);
  if (first < 0x80) return {static_cast<int32_t>(first), 1};
  if (first >= 0xc2 && first < 0xe0 && left >= 2 && follows(1))
    return {static_cast<int32_t>((first & 0x1f) << 6 | (byte(1) & 0x3f)), 2};
  if (first >= 0xe0 && first < 0xf0 && left >= 3 && follows(1) && follows(2)) {
    const auto value = static_cast<int32_t>((first & 0x0f) << 12 | (byte(1) & 0x3fu) << 6 | (byte(2) & 0x3f));
    if (value >= 0x800 && (value < 0xd800 || value > 0xdfff)) return {value, 3};
  }
  if (first >= 0xf0 && first < 0xf5 && left >= 4 && follows(1) && follows(2) && follows(3)) {
    const auto value = static_cast<int32_t>((first & 0x07) << 18 | (byte(1) & 0x3fu) << 12 | (byte(2) & 0x3fu) << 6 |
                                            (byte(3) & 0x3f));
    if (value >= 0x10000 && value <= 0x10ffff) return {value, 4};
  }
  return {-1, 1};
}

// Writes a code point up to U+10FFFF; returns the number of bytes.
inline size_t encode_utf8(uint32_t value, char* out) {
  const auto put = [&](size_t i, uint32_t byte) { out[i] = static_cast<char>(byte); };
  if (value < 0x80) return put(0, value), 1;
  if (value < 0x800) return put(0, 0xc0 | value >> 6), put(1, 0x80 | (value & 0x3f)), 2;
  if (value < 0x10000)
    return put(0, 0xe0 | value >> 12), put(1, 0x80 | (value >> 6 & 0x3f)), put(2, 0x80 | (value & 0x3f)), 3;
  put(0, 0xf0 | value >> 18);
  put(1, 0x80 | (value >> 12 & 0x3f));
  put(2, 0x80 | (value >> 6 & 0x3f));
  put(3, 0x80 | (value & 0x3f));
  return 4;
}

[[nodiscard]] inline bool continues_utf8(char byte) { return (static_cast<uint8_t>(byte) & 0xc0) == 0x80; }

}  // namespace sluice
