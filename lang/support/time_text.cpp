#include "lang/support/time_text.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "lang/support/civil_time.h"

namespace sluice {

std::string duration_text(int64_t microseconds) {
  if (microseconds == 0) return "0s";
  // Units are taken off the absolute value, which always fits an unsigned number.
  uint64_t rest = microseconds < 0 ? 0 - static_cast<uint64_t>(microseconds) : static_cast<uint64_t>(microseconds);
  std::string text = microseconds < 0 ? "-" : "";
  static constexpr auto kUnits = std::to_array<std::pair<uint64_t, const char*>>({{kMicrosPerDay, "d"},
                                                                                  {3600 * kMicrosPerSecond, "h"},
                                                                                  {60 * kMicrosPerSecond, "min"},
                                                                                  {kMicrosPerSecond, "s"},
                                                                                  {1000, "ms"},
                                                                                  {1, "us"}});
  for (const auto& [size, name] : kUnits) {
    if (rest >= size) text += fmt::format("{}{}", rest / size, name);
    rest %= size;
  }
  return text;
}

std::string date_text(int64_t days) {
  const CivilDate date = date_of(days);
  return fmt::format("{}{:04}-{:02}-{:02}", date.year < 0 ? "-" : "", date.year < 0 ? -date.year : date.year,
                     date.month, date.day);
}

std::string timestamp_text(int64_t microseconds) {
  const int64_t rest = floor_mod(microseconds, kMicrosPerDay);
  const int64_t seconds = rest / kMicrosPerSecond;
  std::string text = fmt::format("{}T{:02}:{:02}:{:02}", date_text(floor_div(microseconds, kMicrosPerDay)),
                                 seconds / 3600, seconds / 60 % 60, seconds % 60);
  if (const int64_t fraction = rest % kMicrosPerSecond; fraction != 0) {
    std::string digits = fmt::format("{:06}", fraction);
    digits.erase(digits.find_last_not_of('0') + 1);
    text += "." + digits;
  }
  return text + "Z";
}

}  // namespace sluice
