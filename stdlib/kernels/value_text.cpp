#include "stdlib/kernels/value_text.h"

#include <fmt/compile.h>
#include <fmt/format.h>

#include <cmath>
#include <cstring>
#include <string_view>

#include "lang/support/civil_time.h"
#include "runtime/abi/kernel_abi.h"
#include "runtime/abi/runtime_functions.h"

namespace sluice {
namespace {

size_t put(std::string_view text, char* out) {
  std::memcpy(out, text.data(), text.size());
  return text.size();
}

// `value` with exactly `count` digits.
char* put_digits(uint64_t value, int count, char* out) {
  for (int i = count - 1; i >= 0; --i) {
    out[i] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
  return out + count;
}

}  // namespace

size_t write_int(int64_t value, char* out) noexcept {
  const fmt::format_int text(value);
  return put(std::string_view(text.data(), text.size()), out);
}

size_t write_float(double value, char* out) noexcept {
  if (std::isnan(value)) return put("nan", out);
  if (std::isinf(value)) return put(value < 0 ? "-inf" : "inf", out);
  char* end = fmt::format_to(out, FMT_COMPILE("{}"), value);
  for (const char* at = out; at != end; ++at)
    if (*at == '.' || *at == 'e') return static_cast<size_t>(end - out);
  *end++ = '.';
  *end++ = '0';
  return static_cast<size_t>(end - out);
}

size_t write_date(int64_t days, char* out) noexcept {
  const CivilDate date = date_of(days);
  char* at = out;
  if (date.year < 0) *at++ = '-';
  const auto year = static_cast<uint64_t>(date.year < 0 ? -date.year : date.year);
  at = put_digits(year, year > 9999 ? (year > 99999 ? 6 : 5) : 4, at);
  *at++ = '-';
  at = put_digits(date.month, 2, at);
  *at++ = '-';
  at = put_digits(date.day, 2, at);
  return static_cast<size_t>(at - out);
}

size_t write_timestamp(int64_t micros, char* out) noexcept {
  const auto clock = static_cast<uint64_t>(floor_mod(micros, kMicrosPerDay));
  char* at = out + write_date(floor_div(micros, kMicrosPerDay), out);
  *at++ = 'T';
  const uint64_t seconds = clock / kMicrosPerSecond;
  at = put_digits(seconds / 3600, 2, at);
  *at++ = ':';
  at = put_digits(seconds / 60 % 60, 2, at);
  *at++ = ':';
  at = put_digits(seconds % 60, 2, at);
  if (const uint64_t fraction = clock % kMicrosPerSecond; fraction != 0) {
    *at++ = '.';
    at = put_digits(fraction, 6, at);
    while (at[-1] == '0') --at;
  }
  *at++ = 'Z';
  return static_cast<size_t>(at - out);
}

size_t write_duration(int64_t micros, char* out) noexcept {
  if (micros == 0) return put("0s", out);
  char* at = out;
  if (micros < 0) *at++ = '-';
  uint64_t left = micros < 0 ? 0 - static_cast<uint64_t>(micros) : static_cast<uint64_t>(micros);
  const auto part = [&](uint64_t unit, std::string_view name) {
    const uint64_t count = left / unit;
    left %= unit;
    if (count == 0) return;
    at += write_int(static_cast<int64_t>(count), at);
    at += put(name, at);
  };
  part(kMicrosPerDay, "d");
  part(3600 * kMicrosPerSecond, "h");
  part(60 * kMicrosPerSecond, "min");
  part(kMicrosPerSecond, "s");
  part(1000, "ms");
  part(1, "us");
  return static_cast<size_t>(at - out);
}

}  // namespace sluice

namespace sluice::abi {
namespace {

template <class Write>
void text_of(Ptr context, Ptr result, const Write& write) {
  char* out = scratch_alloc(static_cast<TaskContext*>(context), kMaxValueText);
  const size_t size = write(out);
  *static_cast<StringRef*>(result) = {out, size};
}

}  // namespace

extern "C" {

void rt_text_int(Ptr context, Ptr result, I64 value) noexcept {
  text_of(context, result, [&](char* out) { return write_int(value, out); });
}

void rt_text_float(Ptr context, Ptr result, F64 value) noexcept {
  text_of(context, result, [&](char* out) { return write_float(value, out); });
}

void rt_text_bool(Ptr, Ptr result, I8 value) noexcept {
  *static_cast<StringRef*>(result) = value != 0 ? StringRef{"true", 4} : StringRef{"false", 5};
}

void rt_text_timestamp(Ptr context, Ptr result, I64 value) noexcept {
  text_of(context, result, [&](char* out) { return write_timestamp(value, out); });
}

void rt_text_date(Ptr context, Ptr result, I64 value) noexcept {
  text_of(context, result, [&](char* out) { return write_date(value, out); });
}

void rt_text_duration(Ptr context, Ptr result, I64 value) noexcept {
  text_of(context, result, [&](char* out) { return write_duration(value, out); });
}

I32 rt_compare_bytes(Ptr a, I64 a_size, Ptr b, I64 b_size) noexcept {
  const I64 common = a_size < b_size ? a_size : b_size;
  if (const int order = common == 0 ? 0 : std::memcmp(a, b, static_cast<size_t>(common)); order != 0)
    return order < 0 ? -1 : 1;
  return a_size == b_size ? 0 : a_size < b_size ? -1 : 1;
}

I8 rt_equal_bytes(Ptr a, Ptr b, I64 size) noexcept {
  return size == 0 || std::memcmp(a, b, static_cast<size_t>(size)) == 0 ? 1 : 0;
}

}  // extern "C"

}  // namespace sluice::abi
