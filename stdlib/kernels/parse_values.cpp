// rt_parse_*: text of a field to a value. Exact: the whole text is one value of the type, or there is none.
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <string>
#include <string_view>

#include "lang/support/civil_time.h"
#include "runtime/abi/runtime_functions.h"
#include "stdlib/kernels/json_number.h"
#include "stdlib/kernels/parse_int.h"

namespace sluice::abi {
namespace {

// 17 digits and more: rare, so one after the other.
bool parse_long_digits(const char* data, uint64_t size, uint64_t& result) {
  uint64_t value = 0;
  for (uint64_t i = 0; i < size; ++i) {
    const auto digit = static_cast<uint8_t>(data[i] - '0');
    if (digit > 9 || __builtin_mul_overflow(value, uint64_t{10}, &value) ||
        __builtin_add_overflow(value, uint64_t{digit}, &value))
      return false;
  }
  result = value;
  return true;
}

// std::from_chars says "out of range" both for too large and for too close to zero; only the first is an error.
bool parse_extreme(std::string_view text, double& result) {
  const std::string copy(text);
  result = std::strtod(copy.c_str(), nullptr);
  return std::isfinite(result);
}

// Reads the parts of a timestamp from left to right.
class TimeReader {
 public:
  explicit TimeReader(std::string_view text) : rest_(text) {}
  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  bool accept(char byte) {
    if (rest_.empty() || rest_.front() != byte) return false;
    rest_.remove_prefix(1);
    return true;
  }
  // Exactly `count` digits.
  bool number(size_t count, uint32_t& value) {
    if (rest_.size() < count) return false;
    value = 0;
    for (size_t i = 0; i < count; ++i) {
      const auto digit = static_cast<uint8_t>(rest_[i] - '0');
      if (digit > 9) return false;
      value = value * 10 + digit;
    }
    rest_.remove_prefix(count);
    return true;
  }
  // One to nine digits behind the point, as microseconds. Finer ones must be zeros: they would be lost.
  bool fraction(uint32_t& micros) {
    uint32_t digits = 0;
    micros = 0;
    while (!rest_.empty() && static_cast<uint8_t>(rest_.front() - '0') <= 9) {
      if (digits < 6)
        micros = micros * 10 + static_cast<uint32_t>(rest_.front() - '0');
      else if (rest_.front() != '0')
        return false;
      digits += 1;
      rest_.remove_prefix(1);
    }
    for (uint32_t i = digits; i < 6; ++i) micros *= 10;
    return digits >= 1 && digits <= 9;
  }

 private:
  std::string_view rest_;
};

bool read_date(TimeReader& reader, int64_t& days) {
  uint32_t year = 0;
  uint32_t month = 0;
  uint32_t day = 0;
  if (!reader.number(4, year) || !reader.accept('-') || !reader.number(2, month) || !reader.accept('-') ||
      !reader.number(2, day))
    return false;
  if (month < 1 || month > 12 || day < 1 || day > days_in_month(year, month)) return false;
  days = days_of({year, month, day});
  return true;
}

// "10:00", "10:00:05", "10:00:05.25": microseconds since midnight.
bool read_clock(TimeReader& reader, int64_t& micros) {
  uint32_t hour = 0;
  uint32_t minute = 0;
  uint32_t second = 0;
  uint32_t fraction = 0;
  if (!reader.number(2, hour) || !reader.accept(':') || !reader.number(2, minute)) return false;
  if (reader.accept(':')) {
    if (!reader.number(2, second)) return false;
    if (reader.accept('.') && !reader.fraction(fraction)) return false;
  }
  if (hour > 23 || minute > 59 || second > 59) return false;
  micros = (int64_t{hour} * 3600 + int64_t{minute} * 60 + second) * kMicrosPerSecond + fraction;
  return true;
}

// Nothing, "Z", "+02", "+0200", "+02:00": how far the clock is ahead of UTC.
bool read_offset(TimeReader& reader, int64_t& micros) {
  micros = 0;
  if (reader.at_end() || reader.accept('Z') || reader.accept('z')) return true;
  const bool is_behind = reader.accept('-');
  if (!is_behind && !reader.accept('+')) return false;
  uint32_t hours = 0;
  uint32_t minutes = 0;
  if (!reader.number(2, hours)) return false;
  if (!reader.at_end()) {
    reader.accept(':');
    if (!reader.number(2, minutes)) return false;
  }
  if (hours > 23 || minutes > 59) return false;
  micros = static_cast<int64_t>(hours * 60 + minutes) * 60 * kMicrosPerSecond;
  if (is_behind) micros = -micros;
  return true;
}

// The value of two digits at `at`; `wrong` gets bits when there are none.
uint32_t two_digits(const char* at, uint32_t& wrong) {
  const uint32_t tens = static_cast<uint8_t>(at[0] - '0');
  const uint32_t ones = static_cast<uint8_t>(at[1] - '0');
  wrong |= (tens > 9 ? 1u : 0u) | (ones > 9 ? 1u : 0u);
  return tens * 10 + ones;
}

// The first 19 characters of nearly all timestamps, 2024-01-31T10:00:00, without a branch per character. What this does
// not take, the general way looks at.
bool read_to_seconds(const char* text, int64_t& micros) {
  uint32_t wrong = (text[4] ^ '-') | (text[7] ^ '-') | (text[13] ^ ':') | (text[16] ^ ':');
  wrong |= text[10] == 'T' || text[10] == ' ' ? 0u : 1u;
  const uint32_t year = two_digits(text, wrong) * 100 + two_digits(text + 2, wrong);
  const uint32_t month = two_digits(text + 5, wrong);
  const uint32_t day = two_digits(text + 8, wrong);
  const uint32_t hour = two_digits(text + 11, wrong);
  const uint32_t minute = two_digits(text + 14, wrong);
  const uint32_t second = two_digits(text + 17, wrong);
  wrong |= (month - 1 > 11 ? 1u : 0u) | (hour > 23 ? 1u : 0u) | (minute > 59 ? 1u : 0u) | (second > 59 ? 1u : 0u);
  if (wrong != 0 || day < 1 || day > days_in_month(year, month)) return false;
  micros =
      (days_of({year, month, day}) * 86'400 + int64_t{hour} * 3600 + int64_t{minute} * 60 + second) * kMicrosPerSecond;
  return true;
}

bool read_timestamp(std::string_view text, int64_t& micros) {
  constexpr size_t kToSeconds = 19;
  int64_t offset = 0;
  if (text.size() >= kToSeconds && read_to_seconds(text.data(), micros)) {
    if (text.size() == kToSeconds + 1 && text.back() == 'Z') return true;
    TimeReader rest(text.substr(kToSeconds));
    uint32_t fraction = 0;
    if (rest.accept('.') && !rest.fraction(fraction)) return false;
    if (!read_offset(rest, offset) || !rest.at_end()) return false;
    micros += fraction - offset;
    return true;
  }
  TimeReader reader(text);
  int64_t days = 0;
  int64_t clock = 0;
  if (!read_date(reader, days)) return false;
  if (!reader.at_end()) {
    if (!reader.accept('T') && !reader.accept(' ') && !reader.accept('t')) return false;
    if (!read_clock(reader, clock) || !read_offset(reader, offset) || !reader.at_end()) return false;
  }
  micros = days * kMicrosPerDay + clock - offset;
  return true;
}

struct DurationUnit {
  std::string_view name;
  int64_t micros;
};
// Largest first: the parts of a duration come in this order, each unit at most once.
constexpr DurationUnit kDurationUnits[] = {
    {"w", 7 * kMicrosPerDay},
    {"d", kMicrosPerDay},
    {"h", 3600 * kMicrosPerSecond},
    {"min", 60 * kMicrosPerSecond},
    {"s", kMicrosPerSecond},
    {"ms", 1000},
    {"us", 1},
};

// "1h30min" without a sign; `negative` because the most negative duration has no positive counterpart.
bool read_duration(std::string_view text, bool negative, int64_t& micros) {
  micros = 0;
  size_t next_unit = 0;
  while (!text.empty()) {
    size_t digits = 0;
    while (digits < text.size() && static_cast<uint8_t>(text[digits] - '0') <= 9) ++digits;
    int64_t count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + digits, count);
    if (error != std::errc() || digits == 0) return false;
    text.remove_prefix(digits);
    size_t letters = 0;
    while (letters < text.size() && text[letters] >= 'a' && text[letters] <= 'z') ++letters;
    while (next_unit < std::size(kDurationUnits) && kDurationUnits[next_unit].name != text.substr(0, letters))
      ++next_unit;
    if (next_unit == std::size(kDurationUnits)) return false;
    text.remove_prefix(letters);
    int64_t part = 0;
    if (__builtin_mul_overflow(count, kDurationUnits[next_unit].micros, &part) ||
        __builtin_add_overflow(micros, negative ? -part : part, &micros))
      return false;
    next_unit += 1;
  }
  return next_unit != 0;
}

}  // namespace

extern "C" {

I8 rt_parse_int(Ptr data, I64 size, Ptr result) noexcept {
  const char* text = static_cast<const char*>(data);
  auto left = static_cast<uint64_t>(size);
  const bool negative = left != 0 && *text == '-';
  if (negative || (left != 0 && *text == '+')) {
    ++text;
    --left;
  }
  uint64_t value = 0;
  if (!(left <= 16 ? parse_digits(text, left, value) : parse_long_digits(text, left, value))) return 0;
  constexpr auto kMax = static_cast<uint64_t>(INT64_MAX);
  if (value > kMax + (negative ? 1 : 0)) return 0;
  *static_cast<int64_t*>(result) = static_cast<int64_t>(negative ? 0 - value : value);
  return 1;
}

I8 rt_parse_float(Ptr data, I64 size, Ptr result) noexcept {
  const char* text = static_cast<const char*>(data);
  const char* end = text + size;
  if (size > 1 && text[0] == '+' && text[1] != '-') ++text;
  double value = 0;
  const auto [stop, error] = std::from_chars(text, end, value);
  if (stop != end) return 0;
  if (error == std::errc::result_out_of_range) {
    if (!parse_extreme(std::string_view(text, static_cast<size_t>(end - text)), value)) return 0;
  } else if (error != std::errc()) {
    return 0;
  }
  *static_cast<double*>(result) = value;
  return 1;
}

I8 rt_parse_json_int(Ptr data, I64 size, Ptr result) noexcept {
  const std::string_view text(static_cast<const char*>(data), static_cast<size_t>(size));
  return begins_as_json_number(text) ? rt_parse_int(data, size, result) : I8{0};
}

I8 rt_parse_json_float(Ptr data, I64 size, Ptr result) noexcept {
  const std::string_view text(static_cast<const char*>(data), static_cast<size_t>(size));
  if (!text.starts_with('"')) return is_json_number(text) ? rt_parse_float(data, size, result) : I8{0};
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  double value = std::numeric_limits<double>::quiet_NaN();
  if (text == "\"Infinity\"") {
    value = kInfinity;
  } else if (text == "\"-Infinity\"") {
    value = -kInfinity;
  } else if (text != "\"NaN\"") {
    return 0;
  }
  *static_cast<double*>(result) = value;
  return 1;
}

I8 rt_parse_bool(Ptr data, I64 size, Ptr result) noexcept {
  const std::string_view text(static_cast<const char*>(data), static_cast<size_t>(size));
  const bool is_true = text == "true";
  if (!is_true && text != "false") return 0;
  *static_cast<uint8_t*>(result) = is_true ? 1 : 0;
  return 1;
}

I8 rt_parse_timestamp(Ptr data, I64 size, Ptr result) noexcept {
  int64_t micros = 0;
  if (!read_timestamp(std::string_view(static_cast<const char*>(data), static_cast<size_t>(size)), micros)) return 0;
  *static_cast<int64_t*>(result) = micros;
  return 1;
}

I8 rt_parse_date(Ptr data, I64 size, Ptr result) noexcept {
  TimeReader reader(std::string_view(static_cast<const char*>(data), static_cast<size_t>(size)));
  int64_t days = 0;
  if (!read_date(reader, days) || !reader.at_end()) return 0;
  *static_cast<int64_t*>(result) = days;
  return 1;
}

I8 rt_parse_duration(Ptr data, I64 size, Ptr result) noexcept {
  std::string_view text(static_cast<const char*>(data), static_cast<size_t>(size));
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  int64_t micros = 0;
  if (!read_duration(text, negative, micros)) return 0;
  *static_cast<int64_t*>(result) = micros;
  return 1;
}

}  // extern "C"

}  // namespace sluice::abi
