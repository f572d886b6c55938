// Days and dates of the proleptic Gregorian calendar. The formulas count years from March, so that the leap day is the
// last of its year, in eras of 400 years, which all have 146097 days.
#pragma once

#include <cstdint>

namespace sluice {

inline constexpr int64_t kMicrosPerSecond = 1'000'000;
inline constexpr int64_t kMicrosPerDay = 86'400 * kMicrosPerSecond;

struct CivilDate {
  int64_t year;
  uint32_t month;  // 1 to 12
  uint32_t day;    // 1 to 31
};

// Quotient rounded towards minus infinity, for a positive divisor.
[[nodiscard]] constexpr int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

// What is left over, never negative.
[[nodiscard]] constexpr int64_t floor_mod(int64_t a, int64_t b) { return a % b < 0 ? a % b + b : a % b; }

// Days since 1970-01-01.
[[nodiscard]] constexpr int64_t days_of(const CivilDate& date) {
  const int64_t year = date.year - (date.month <= 2 ? 1 : 0);
  const int64_t era = floor_div(year, 400);
  const auto year_of_era = static_cast<uint32_t>(year - era * 400);
  const uint32_t month = (date.month + 9) % 12;  // March is 0
  const uint32_t day_of_year = (153 * month + 2) / 5 + date.day - 1;
  const uint32_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + static_cast<int64_t>(day_of_era) - 719468;
}

[[nodiscard]] constexpr CivilDate date_of(int64_t days) {
  days += 719468;
  const int64_t era = floor_div(days, 146097);
  const auto day_of_era = static_cast<uint32_t>(days - era * 146097);
  const uint32_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const uint32_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const uint32_t month = (5 * day_of_year + 2) / 153;
  const uint32_t calendar_month = month < 10 ? month + 3 : month - 9;
  return {static_cast<int64_t>(year_of_era) + era * 400 + (calendar_month <= 2 ? 1 : 0), calendar_month,
          day_of_year - (153 * month + 2) / 5 + 1};
}

[[nodiscard]] constexpr bool is_leap_year(int64_t year) {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

[[nodiscard]] constexpr uint32_t days_in_month(int64_t year, uint32_t month) {
  if (month == 2) return is_leap_year(year) ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

}  // namespace sluice
