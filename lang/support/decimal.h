// Decimal: an exact number of at most 38 digits, `unscaled` / 10^scale. What a value of type decimal(p,s) is in memory
// is its unscaled number, a 16-byte two's complement integer; the scale is part of the type.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice {

__extension__ typedef __int128 Int128;
__extension__ typedef unsigned __int128 UInt128;

inline constexpr uint32_t kMaxDecimalDigits = 38;

[[nodiscard]] constexpr Int128 power_of_ten(uint32_t exponent) {
  Int128 power = 1;
  for (; exponent != 0; --exponent) power *= 10;
  return power;
}

[[nodiscard]] constexpr Int128 make_int128(int64_t low, int64_t high) {
  return static_cast<Int128>(static_cast<UInt128>(static_cast<uint64_t>(high)) << 64 | static_cast<uint64_t>(low));
}
[[nodiscard]] constexpr int64_t low_half(Int128 value) { return static_cast<int64_t>(static_cast<uint64_t>(value)); }
[[nodiscard]] constexpr int64_t high_half(Int128 value) {
  return static_cast<int64_t>(static_cast<uint64_t>(static_cast<UInt128>(value) >> 64));
}

// Has it at most this many digits?
[[nodiscard]] constexpr bool has_digits(Int128 value, uint32_t precision) {
  const Int128 limit = power_of_ten(precision);
  return value < limit && value > -limit;
}

struct Decimal {
  Int128 unscaled = 0;
  uint8_t scale = 0;
  bool operator==(const Decimal&) const = default;
};

[[nodiscard]] uint32_t digits_of(Int128 value);  // of the number without its sign; 0 has one

inline constexpr size_t kMaxDecimalText = 44;
// With exactly `scale` digits behind the point: "-0.50". Returns the number of bytes written.
size_t write_decimal(Int128 unscaled, uint32_t scale, char* out);
[[nodiscard]] std::string decimal_text(const Decimal& value);

// "12", "-1.50", "+.5", "1.5e3": nothing when the text is no number or has more than 38 digits. The scale is that of
// the text.
[[nodiscard]] std::optional<Decimal> read_decimal(std::string_view text);
// The number with another scale, nothing when digits would be lost or there would be more than `precision`.
[[nodiscard]] std::optional<Int128> rescaled_exactly(const Decimal& value, uint32_t scale, uint32_t precision);

// What follows rounds halves away from zero and gives nothing when the result has more than `precision` digits.
[[nodiscard]] std::optional<Int128> rescaled(Int128 value, uint32_t from, uint32_t to, uint32_t precision);
[[nodiscard]] std::optional<Int128> multiplied(Int128 a, Int128 b, uint32_t dropped_digits, uint32_t precision);
// a * 10^shift / b; b is not zero.
[[nodiscard]] std::optional<Int128> divided(Int128 a, Int128 b, int32_t shift, uint32_t precision);
[[nodiscard]] std::optional<Int128> decimal_of(double value, uint32_t scale, uint32_t precision);
// The nearest float.
[[nodiscard]] double float_of(Int128 value, uint32_t scale);

}  // namespace sluice
