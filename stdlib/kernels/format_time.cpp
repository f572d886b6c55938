// format_time: a timestamp as text by a pattern of letters, as date patterns of other systems have them.
#include <algorithm>
#include <charconv>
#include <cstring>
#include <string>
#include <string_view>

#include "lang/support/civil_time.h"
#include "runtime/abi/kernel_abi.h"
#include "stdlib/kernels/kernels.h"

namespace sluice::abi {
namespace {

constexpr std::string_view kMonths[] = {"January", "February", "March",     "April",   "May",      "June",
                                        "July",    "August",   "September", "October", "November", "December"};
constexpr std::string_view kDays[] = {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};
constexpr size_t kShortName = 3;
constexpr size_t kWidestPart = 24;  // of one run of letters: no year or name is longer

class TimeFormatter {
 public:
  TimeFormatter(int64_t time, char* out)
      : date_(date_of(floor_div(time, kMicrosPerDay))),
        day_(floor_div(time, kMicrosPerDay)),
        clock_(static_cast<uint64_t>(floor_mod(time, kMicrosPerDay))),
        out_(out) {}

  [[nodiscard]] char* end() const { return out_; }

  void text(std::string_view part) {
    std::memcpy(out_, part.data(), part.size());
    out_ += part.size();
  }

  // A run of `count` times the same letter; false when there is no such thing.
  bool part(char letter, size_t count) {
    const uint64_t seconds = clock_ / kMicrosPerSecond;
    const uint64_t hour = seconds / 3600;
    switch (letter) {
      case 'y':
        return year(count);
      case 'M':
        if (count > 2) return name(kMonths[date_.month - 1], count);
        return number(date_.month, count);
      case 'E':
        return name(kDays[static_cast<size_t>(floor_mod(day_ + 3, 7))], count);
      case 'd':
        return number(date_.day, count);
      case 'H':
        return number(hour, count);
      case 'h':
        return number((hour + 11) % 12 + 1, count);
      case 'a':
        text(hour < 12 ? "AM" : "PM");
        return count == 1;
      case 'm':
        return number(seconds / 60 % 60, count);
      case 's':
        return number(seconds % 60, count);
      case 'S':
        return fraction(count);
      default:
        return false;
    }
  }

 private:
  bool digits(uint64_t value, size_t width) {
    char text_of_value[20];
    char* last = std::to_chars(text_of_value, text_of_value + sizeof(text_of_value), value).ptr;
    const auto size = static_cast<size_t>(last - text_of_value);
    for (size_t i = size; i < width; ++i) *out_++ = '0';
    text(std::string_view(text_of_value, size));
    return true;
  }
  bool number(uint64_t value, size_t count) { return count <= 2 && digits(value, count); }
  bool year(size_t count) {
    if (count == 2) return digits(static_cast<uint64_t>(floor_mod(date_.year, 100)), 2);
    if (count != 1 && count != 4) return false;
    if (date_.year < 0) *out_++ = '-';
    return digits(static_cast<uint64_t>(date_.year < 0 ? -date_.year : date_.year), count);
  }
  bool name(std::string_view whole, size_t count) {
    text(count <= kShortName ? whole.substr(0, kShortName) : whole);
    return count <= kShortName + 1;
  }
  bool fraction(size_t count) {
    constexpr size_t kDigits = 6;
    uint64_t value = clock_ % kMicrosPerSecond;
    for (size_t i = count; i < kDigits; ++i) value /= 10;
    return count <= kDigits && digits(value, count);
  }

  CivilDate date_;
  int64_t day_;
  uint64_t clock_;
  char* out_;
};

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// What stands between quotes is text; two quotes are one.
size_t quoted(TimeFormatter& formatter, std::string_view pattern, size_t at) {
  if (at + 1 < pattern.size() && pattern[at + 1] == '\'') {
    formatter.text("'");
    return at + 2;
  }
  const size_t close = std::min(pattern.find('\'', at + 1), pattern.size());
  formatter.text(pattern.substr(at + 1, close - at - 1));
  return std::min(close + 1, pattern.size());
}

}  // namespace

extern "C" {

void flow_format_time(TaskContext* context, StringRef* result, int64_t time, const char* pattern_data,
                      uint64_t pattern_size) noexcept {
  const std::string_view pattern(pattern_data, pattern_size);
  char* out = scratch_alloc(context, pattern.size() * kWidestPart);
  TimeFormatter formatter(time, out);
  *result = {out, 0};
  for (size_t at = 0; at < pattern.size();) {
    const char c = pattern[at];
    if (c == '\'') {
      at = quoted(formatter, pattern, at);
    } else if (!is_letter(c)) {
      formatter.text(pattern.substr(at++, 1));
    } else {
      const size_t begin = at;
      while (at < pattern.size() && pattern[at] == c) ++at;
      if (formatter.part(c, at - begin)) continue;
      raise_text(context, "`" + std::string(pattern.substr(begin, at - begin)) +
                              "` is no part of a time; there are yyyy yy MMMM MMM MM M dd d EEEE EEE HH H hh h a mm m "
                              "ss s SSS, and other text stands between '");
      return;
    }
  }
  result->size = static_cast<uint64_t>(formatter.end() - out);
}

}  // extern "C"

}  // namespace sluice::abi
