#include "lang/support/time_text.h"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace sluice {

namespace {

constexpr int64_t kSecond = 1'000'000;
constexpr int64_t kDay = 86'400 * kSecond;

struct Date {
  int64_t year;
  int64_t month;
  int64_t day;
};

// Civil date of a day counted from 1970-01-01, in the proleptic Gregorian calendar. Counts in eras of 400 years whose
// years begin in March, so that the leap day is the last of its year.
Date date_of(int64_t days) {
  days += 719'468;
  const int64_t era = (days >= 0 ? days : days - 146'096) / 146'097;
  const int64_t day_of_era = days - era * 146'097;
  const int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t shifted_month = (5 * day_of_year + 2) / 153;
  const int64_t month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
  return {year_of_era + era * 400 + (month <= 2 ? 1 : 0), month, day_of_year - (153 * shifted_month + 2) / 5 + 1};
}

}  // namespace

std::string duration_text(int64_t microseconds) {
  if (microseconds == 0) return "0s";
  // Units are taken off the absolute value, which always fits an unsigned number.
  uint64_t rest = microseconds < 0 ? 0 - static_cast<uint64_t>(microseconds) : static_cast<uint64_t>(microseconds);
  std::string text = microseconds < 0 ? "-" : "";
  static constexpr auto kUnits = std::to_array<std::pair<uint64_t, const char*>>(
      {{kDay, "d"}, {3600 * kSecond, "h"}, {60 * kSecond, "min"}, {kSecond, "s"}, {1000, "ms"}, {1, "us"}});
  for (const auto& [size, name] : kUnits) {
    if (rest >= size) text += fmt::format("{}{}", rest / size, name);
    rest %= size;
  }
  return text;
}

std::string timestamp_text(int64_t microseconds) {
  int64_t days = microseconds / kDay;
  int64_t rest = microseconds % kDay;
  if (rest < 0) {
    rest += kDay;
    --days;
  }
  const Date date = date_of(days);
  const int64_t seconds = rest / kSecond;
  std::string text = fmt::format("{}{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", date.year < 0 ? "-" : "",
                                 date.year < 0 ? -date.year : date.year, date.month, date.day, seconds / 3600,
                                 seconds / 60 % 60, seconds % 60);
  if (const int64_t fraction = rest % kSecond; fraction != 0) {
    std::string digits = fmt::format("{:06}", fraction);
    digits.erase(digits.find_last_not_of('0') + 1);
    text += "." + digits;
  }
  return text + "Z";
}

}  // namespace sluice
