// rt_decimal_*: decimal arithmetic that is more than a few instructions, and decimals from and to text. A decimal
// comes as the two halves of its unscaled number and goes through a pointer to 16 bytes.
#include <cstring>
#include <optional>
#include <string_view>

#include "lang/support/decimal.h"
#include "runtime/abi/kernel_abi.h"
#include "runtime/abi/runtime_functions.h"
#include "stdlib/kernels/json_number.h"
#include "stdlib/kernels/parse_int.h"

namespace sluice::abi {
namespace {

I8 put(Ptr result, Int128 value) {
  std::memcpy(result, &value, sizeof value);  // generated code aligns to words only
  return 1;
}

I8 put(Ptr result, const std::optional<Int128>& value) { return value ? put(result, *value) : I8{0}; }

uint32_t digits(I32 count) { return static_cast<uint32_t>(count); }

// "1234.56" with no more digits than a word has, none of them lost; everything else takes the general way.
bool parse_short(std::string_view text, uint32_t scale, Int128& value) {
  const bool is_negative = text.starts_with('-');
  if (is_negative) text.remove_prefix(1);
  const size_t point = text.find('.');
  const std::string_view whole = text.substr(0, point);
  const std::string_view fraction = point == std::string_view::npos ? std::string_view() : text.substr(point + 1);
  if (whole.empty() || whole.size() > 16 || fraction.size() > scale || fraction.size() > 16) return false;
  if (point != std::string_view::npos && fraction.empty()) return false;
  uint64_t high = 0;
  uint64_t low = 0;
  if (!parse_digits(whole.data(), whole.size(), high)) return false;
  if (!fraction.empty() && !parse_digits(fraction.data(), fraction.size(), low)) return false;
  const Int128 parts = static_cast<Int128>(high) * power_of_ten(static_cast<uint32_t>(fraction.size())) + low;
  const uint32_t missing = scale - static_cast<uint32_t>(fraction.size());
  if (missing > kMaxDecimalDigits - 32) return false;
  value = parts * power_of_ten(missing);
  if (is_negative) value = -value;
  return true;
}

}  // namespace

extern "C" {

I8 rt_parse_decimal(Ptr data, I64 size, Ptr result, I32 precision, I32 scale) noexcept {
  const std::string_view text(static_cast<const char*>(data), static_cast<size_t>(size));
  Int128 value = 0;
  if (parse_short(text, digits(scale), value)) return has_digits(value, digits(precision)) ? put(result, value) : I8{0};
  const auto decimal = read_decimal(text);
  return decimal ? put(result, rescaled_exactly(*decimal, digits(scale), digits(precision))) : I8{0};
}

I8 rt_parse_json_decimal(Ptr data, I64 size, Ptr result, I32 precision, I32 scale) noexcept {
  const char* text = static_cast<const char*>(data);
  // Many programs write decimals as strings, because others would read a number as a float.
  const bool is_quoted = size >= 2 && text[0] == '"' && text[size - 1] == '"';
  if (!is_quoted && !is_json_number(std::string_view(text, static_cast<size_t>(size)))) return 0;
  return rt_parse_decimal(static_cast<char*>(data) + (is_quoted ? 1 : 0), is_quoted ? size - 2 : size, result,
                          precision, scale);
}

I8 rt_decimal_multiply(I64 a_low, I64 a_high, I64 b_low, I64 b_high, I32 dropped, I32 precision, Ptr result) noexcept {
  return put(result,
             multiplied(make_int128(a_low, a_high), make_int128(b_low, b_high), digits(dropped), digits(precision)));
}

I8 rt_decimal_divide(I64 a_low, I64 a_high, I64 b_low, I64 b_high, I32 shift, I32 precision, Ptr result) noexcept {
  const Int128 divisor = make_int128(b_low, b_high);
  if (divisor == 0) return put(result, Int128{0});  // generated code has tested for it where it counts
  return put(result, divided(make_int128(a_low, a_high), divisor, shift, digits(precision)));
}

void rt_decimal_floor_divide(I64 a_low, I64 a_high, I64 b_low, I64 b_high, I8 wants_remainder, Ptr result) noexcept {
  const Int128 a = make_int128(a_low, a_high);
  const Int128 b = make_int128(b_low, b_high);
  if (b == 0) {
    put(result, Int128{0});
    return;
  }
  Int128 quotient = a / b;
  Int128 remainder = a % b;
  if (remainder != 0 && (remainder < 0) != (b < 0)) {
    --quotient;
    remainder += b;
  }
  put(result, wants_remainder != 0 ? remainder : quotient);
}

I8 rt_decimal_rescale(I64 low, I64 high, I32 from, I32 to, I32 precision, Ptr result) noexcept {
  return put(result, rescaled(make_int128(low, high), digits(from), digits(to), digits(precision)));
}

I8 rt_decimal_of_float(F64 value, I32 scale, I32 precision, Ptr result) noexcept {
  return put(result, decimal_of(value, digits(scale), digits(precision)));
}

F64 rt_float_of_decimal(I64 low, I64 high, I32 scale) noexcept {
  return float_of(make_int128(low, high), digits(scale));
}

I8 rt_int_of_decimal(I64 low, I64 high, I32 scale, Ptr result) noexcept {
  const Int128 whole = make_int128(low, high) / power_of_ten(digits(scale));
  if (whole < INT64_MIN || whole > INT64_MAX) return 0;
  *static_cast<int64_t*>(result) = static_cast<int64_t>(whole);
  return 1;
}

void rt_text_decimal(Ptr context, Ptr result, I64 low, I64 high, I32 scale) noexcept {
  char* out = scratch_alloc(static_cast<TaskContext*>(context), kMaxDecimalText);
  const size_t size = write_decimal(make_int128(low, high), digits(scale), out);
  *static_cast<StringRef*>(result) = {out, size};
}

}  // extern "C"

}  // namespace sluice::abi
