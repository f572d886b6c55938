#include "lang/support/decimal.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace sluice {

namespace {

// Products and scaled dividends of two 38-digit numbers need up to 256 bits.
struct UInt256 {
  UInt128 high = 0;
  UInt128 low = 0;
};

constexpr UInt128 kLowHalf = ~uint64_t{0};

UInt256 product_of(UInt128 a, UInt128 b) {
  const UInt128 low = (a & kLowHalf) * (b & kLowHalf);
  const UInt128 left = (a >> 64) * (b & kLowHalf);
  const UInt128 right = (a & kLowHalf) * (b >> 64);
  const UInt128 middle = (low >> 64) + (left & kLowHalf) + (right & kLowHalf);
  UInt256 result;
  result.low = (low & kLowHalf) | middle << 64;
  result.high = (a >> 64) * (b >> 64) + (left >> 64) + (right >> 64) + (middle >> 64);
  return result;
}

UInt128 magnitude(Int128 value) {
  return value < 0 ? UInt128{0} - static_cast<UInt128>(value) : static_cast<UInt128>(value);
}

enum class Rounding : uint8_t { Down, HalfUp };

// Nothing when the quotient does not fit.
std::optional<UInt128> quotient_of(const UInt256& dividend, UInt128 divisor, Rounding rounding = Rounding::HalfUp) {
  if (dividend.high >= divisor) return std::nullopt;
  UInt128 quotient = 0;
  UInt128 remainder = dividend.high;
  if (remainder == 0) {
    quotient = dividend.low / divisor;
    remainder = dividend.low % divisor;
  } else {
    for (int bit = 127; bit >= 0; --bit) {
      const bool carries = (remainder >> 127) != 0;
      remainder = remainder << 1 | ((dividend.low >> bit) & 1);
      quotient <<= 1;
      if (!carries && remainder < divisor) continue;
      remainder -= divisor;
      quotient |= 1;
    }
  }
  if (rounding == Rounding::HalfUp && remainder >= divisor - remainder) ++quotient;
  return quotient;
}

std::optional<Int128> signed_result(std::optional<UInt128> value, bool is_negative, uint32_t precision) {
  if (!value || *value >= magnitude(power_of_ten(precision))) return std::nullopt;
  return is_negative ? -static_cast<Int128>(*value) : static_cast<Int128>(*value);
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The power of ten behind `e`, which ends the text.
std::optional<int32_t> read_exponent(std::string_view text) {
  if (text.empty() || (text.front() != 'e' && text.front() != 'E')) return std::nullopt;
  text.remove_prefix(1);
  if (text.starts_with('+')) text.remove_prefix(1);
  int32_t exponent = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), exponent);
  if (error != std::errc() || end != text.data() + text.size() || std::abs(exponent) > 1000) return std::nullopt;
  return exponent;
}

}  // namespace

uint32_t digits_of(Int128 value) {
  uint32_t digits = 1;
  for (UInt128 rest = magnitude(value) / 10; rest != 0; rest /= 10) ++digits;
  return digits;
}

size_t write_decimal(Int128 unscaled, uint32_t scale, char* out) {
  constexpr size_t kPlaces = 48;
  constexpr uint64_t kWord = 10'000'000'000'000'000'000u;  // the largest power of ten of 64 bits
  char text[kPlaces];
  char* const last = text + kPlaces;
  char* at = last;
  // 19 digits at a time: dividing 128 bits is slow.
  UInt128 rest = magnitude(unscaled);
  uint64_t word = static_cast<uint64_t>(rest);
  while ((rest >> 64) != 0) {
    word = static_cast<uint64_t>(rest % kWord);
    rest /= kWord;
    for (int i = 0; i < 19; ++i, word /= 10) *--at = static_cast<char>('0' + word % 10);
    word = static_cast<uint64_t>(rest);
  }
  for (; word != 0; word /= 10) *--at = static_cast<char>('0' + word % 10);
  while (last - at <= static_cast<ptrdiff_t>(scale)) *--at = '0';
  char* to = out;
  if (unscaled < 0) *to++ = '-';
  to = std::copy(at, last - scale, to);
  if (scale != 0) {
    *to++ = '.';
    to = std::copy(last - scale, last, to);
  }
  return static_cast<size_t>(to - out);
}

std::string decimal_text(const Decimal& value) {
  char text[kMaxDecimalText];
  return std::string(text, write_decimal(value.unscaled, value.scale, text));
}

std::optional<Decimal> read_decimal(std::string_view text) {
  const bool is_negative = text.starts_with('-');
  if (is_negative || text.starts_with('+')) text.remove_prefix(1);
  const Int128 limit = power_of_ten(kMaxDecimalDigits - 1);
  Int128 value = 0;
  int32_t scale = 0;
  size_t at = 0;
  size_t digits = 0;
  bool has_point = false;
  for (; at < text.size(); ++at) {
    if (text[at] == '.' && !has_point) {
      has_point = true;
    } else if (is_digit(text[at])) {
      if (value >= limit) return std::nullopt;
      value = value * 10 + (text[at] - '0');
      scale += has_point ? 1 : 0;
      ++digits;
    } else {
      break;
    }
  }
  if (digits == 0 || (has_point && at > 0 && text[at - 1] == '.')) return std::nullopt;
  if (at < text.size()) {
    const auto exponent = read_exponent(text.substr(at));
    if (!exponent) return std::nullopt;
    scale -= *exponent;
  }
  for (; scale > 0 && value % 10 == 0 && scale > static_cast<int32_t>(kMaxDecimalDigits); --scale) value /= 10;
  for (; scale < 0; ++scale) {
    if (value >= limit) return std::nullopt;
    value *= 10;
  }
  if (scale > static_cast<int32_t>(kMaxDecimalDigits)) return std::nullopt;
  return Decimal{is_negative ? -value : value, static_cast<uint8_t>(scale)};
}

std::optional<Int128> rescaled_exactly(const Decimal& value, uint32_t scale, uint32_t precision) {
  if (scale < value.scale && value.unscaled % power_of_ten(value.scale - scale) != 0) return std::nullopt;
  return rescaled(value.unscaled, value.scale, scale, precision);
}

std::optional<Int128> rescaled(Int128 value, uint32_t from, uint32_t to, uint32_t precision) {
  if (to >= from) return multiplied(value, power_of_ten(to - from), 0, precision);
  return signed_result(quotient_of({0, magnitude(value)}, magnitude(power_of_ten(from - to))), value < 0, precision);
}

std::optional<Int128> multiplied(Int128 a, Int128 b, uint32_t dropped_digits, uint32_t precision) {
  const UInt256 product = product_of(magnitude(a), magnitude(b));
  const bool is_negative = (a < 0) != (b < 0);
  if (dropped_digits == 0 && product.high != 0) return std::nullopt;
  // Beyond 38 digits it takes two divisions, of which only the last one rounds.
  const uint32_t last_digits = dropped_digits > kMaxDecimalDigits ? dropped_digits - kMaxDecimalDigits : dropped_digits;
  UInt256 kept = product;
  if (dropped_digits > last_digits) {
    const auto quotient = quotient_of(product, magnitude(power_of_ten(kMaxDecimalDigits)), Rounding::Down);
    if (!quotient) return std::nullopt;
    kept = {0, *quotient};
  }
  return signed_result(quotient_of(kept, magnitude(power_of_ten(last_digits))), is_negative, precision);
}

std::optional<Int128> divided(Int128 a, Int128 b, int32_t shift, uint32_t precision) {
  const bool is_negative = (a < 0) != (b < 0);
  UInt256 dividend{0, magnitude(a)};
  UInt128 divisor = magnitude(b);
  if (shift >= 0) {
    const uint32_t first = std::min(static_cast<uint32_t>(shift), kMaxDecimalDigits);
    dividend = product_of(dividend.low, magnitude(power_of_ten(first)));
    // What does not fit 256 bits then is more than 38 digits for any divisor.
    const UInt128 rest = magnitude(power_of_ten(static_cast<uint32_t>(shift) - first));
    const UInt256 high = product_of(dividend.high, rest);
    const UInt256 low = product_of(dividend.low, rest);
    if (high.high != 0 || __builtin_add_overflow(high.low, low.high, &dividend.high)) return std::nullopt;
    dividend.low = low.low;
  } else {
    const UInt256 wide = product_of(divisor, magnitude(power_of_ten(static_cast<uint32_t>(-shift))));
    if (wide.high != 0) return 0;  // the divisor is far larger than any dividend
    divisor = wide.low;
  }
  return signed_result(quotient_of(dividend, divisor), is_negative, precision);
}

std::optional<Int128> decimal_of(double value, uint32_t scale, uint32_t precision) {
  if (!std::isfinite(value)) return std::nullopt;
  if (value == 0) return 0;
  // A float is a 53-bit integer times a power of two, so scaling and rounding it can be exact.
  constexpr int kMantissaBits = 53;
  int exponent = 0;
  const double fraction = std::frexp(std::fabs(value), &exponent);
  const auto mantissa = static_cast<uint64_t>(std::ldexp(fraction, kMantissaBits));
  exponent -= kMantissaBits;
  if (exponent > 74) return std::nullopt;  // beyond 2^127
  const UInt128 ten = magnitude(power_of_ten(scale));
  if (exponent >= 0) {
    const UInt256 wide = product_of(static_cast<UInt128>(mantissa) << exponent, ten);
    return wide.high != 0 ? std::nullopt : signed_result(wide.low, value < 0, precision);
  }
  // Below a half in every decimal place that there can be: 38 digits are less than 127 bits, the mantissa has 53.
  if (exponent < -184) return 0;
  UInt256 scaled = product_of(mantissa, ten);
  int shift = -exponent;
  if (shift > 128) {
    scaled = {0, scaled.high};
    shift -= 128;
    if (shift > 127) return 0;
  }
  if (shift == 128) return signed_result(scaled.high + (scaled.low >> 127), value < 0, precision);
  const bool rounds_up = ((scaled.low >> (shift - 1)) & 1) != 0;
  if ((scaled.high >> shift) != 0) return std::nullopt;
  const UInt128 whole = scaled.high << (128 - shift) | scaled.low >> shift;
  return signed_result(whole + (rounds_up ? 1 : 0), value < 0, precision);
}

double float_of(Int128 value, uint32_t scale) {
  // Exact up to here: one rounding, by the division.
  constexpr Int128 kExact = Int128{1} << 53;
  static constexpr double kTens[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                     1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  if (value <= kExact && value >= -kExact && scale < std::size(kTens))
    return static_cast<double>(static_cast<int64_t>(value)) / kTens[scale];
  char text[kMaxDecimalText];
  const size_t size = write_decimal(value, scale, text);
  double result = 0;
  std::from_chars(text, text + size, result);
  return result;
}

}  // namespace sluice
