// Decimal digits to integers, eight at a time in one machine word.
#pragma once

#include <cstdint>
#include <cstring>

// The sanitizer's functions are not inlined into others; without it nothing may stand in the way of that.
#if defined(__SANITIZE_ADDRESS__)
#define SLUICE_IN_PAGE __attribute__((no_sanitize("address"), noinline)) inline
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SLUICE_IN_PAGE __attribute__((no_sanitize("address"), noinline)) inline
#endif
#endif
#if !defined(SLUICE_IN_PAGE)
#define SLUICE_IN_PAGE inline
#endif

namespace sluice {

[[nodiscard]] inline uint64_t load8(const char* data) {
  uint64_t value;
  std::memcpy(&value, data, 8);
  return value;
}
[[nodiscard]] inline uint64_t load4(const char* data) {
  uint32_t value;
  std::memcpy(&value, data, 4);
  return value;
}

// Every byte a digit? A digit's high half is 3, and stays 3 when 6 is added.
[[nodiscard]] inline bool are_digits(uint64_t text) {
  return ((text & 0xf0f0f0f0f0f0f0f0) | (((text + 0x0606060606060606) & 0xf0f0f0f0f0f0f0f0) >> 4)) ==
         0x3333333333333333;
}

// The value of eight digits, the first in the lowest byte: pairs, then fours, then all.
[[nodiscard]] inline uint64_t value_of_8(uint64_t text) {
  text = (text & 0x0f0f0f0f0f0f0f0f) * 2561 >> 8;
  text = (text & 0x00ff00ff00ff00ff) * 6553601 >> 16;
  return (text & 0x0000ffff0000ffff) * 42949672960001 >> 32;
}

// Eight bytes of which some may lie outside of the object, but in the same page of memory: they can be read, and do not
// matter. The address sanitizer must not look.
SLUICE_IN_PAGE uint64_t load8_in_page(const char* data) {
  uint64_t value;
  __builtin_memcpy(&value, data, 8);
  return value;
}

// 1 to 7 characters as the last ones of eight, filled with '0' in front.
[[nodiscard]] inline uint64_t load_right(const char* data, uint64_t size) {
  constexpr uintptr_t kPage = 4096;
  uint64_t text;
  if (reinterpret_cast<uintptr_t>(data) % kPage <= kPage - 8) [[likely]] {
    // No branch on the size: fields have many.
    text = load8_in_page(data);
  } else if (size >= 4) {
    text = load4(data) | load4(data + size - 4) << (8 * (size - 4));
  } else {
    const auto byte = [&](uint64_t i) { return static_cast<uint64_t>(static_cast<uint8_t>(data[i])); };
    text = byte(0) | byte(size / 2) << (8 * (size / 2)) | byte(size - 1) << (8 * (size - 1));
  }
  return text << (8 * (8 - size)) | 0x3030303030303030 >> (8 * size);
}

// Up to 16 digits; false when there are none or another character stands among them.
[[nodiscard]] inline bool parse_digits(const char* data, uint64_t size, uint64_t& result) {
  if (size == 0 || size > 16) return false;
  if (size < 8) {
    const uint64_t text = load_right(data, size);
    result = value_of_8(text);
    return are_digits(text);
  }
  const uint64_t last = load8(data + size - 8);
  if (size == 8) {
    result = value_of_8(last);
    return are_digits(last);
  }
  const uint64_t first = size == 16 ? load8(data) : load_right(data, size - 8);
  result = value_of_8(first) * 100'000'000 + value_of_8(last);
  return are_digits(first) && are_digits(last);
}

}  // namespace sluice
