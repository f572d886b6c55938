#include "lang/support/time_zone.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "lang/support/civil_time.h"

namespace sluice {
namespace {

constexpr int64_t kHour = 3600 * kMicrosPerSecond;

int64_t at(int64_t year, uint32_t month, uint32_t day, int64_t minutes = 0) {
  return days_of({year, month, day}) * kMicrosPerDay + minutes * 60 * kMicrosPerSecond;
}

TimeZone zone(const std::string& name) {
  auto found = TimeZone::find(name);
  EXPECT_TRUE(found.has_value()) << name;
  return found.value_or(TimeZone());
}

TEST(TimeZone, MidnightsFollowTheClock) {
  TimeZone berlin = zone("Europe/Berlin");
  EXPECT_EQ(berlin.first(at(2024, 1, 10)), at(2024, 1, 9, 23 * 60));
  EXPECT_EQ(berlin.first(at(2024, 7, 10)), at(2024, 7, 9, 22 * 60));
  EXPECT_EQ(berlin.first(at(2024, 4, 1)) - berlin.first(at(2024, 3, 31)), 23 * kHour);
  EXPECT_EQ(berlin.first(at(2024, 10, 28)) - berlin.first(at(2024, 10, 27)), 25 * kHour);
  // Behind what the data lists one by one.
  EXPECT_EQ(berlin.first(at(2090, 4, 1)) - berlin.first(at(2090, 3, 26)), 6 * 24 * kHour - kHour);
  TimeZone kolkata = zone("Asia/Kolkata");
  EXPECT_EQ(kolkata.first(at(2024, 1, 10)), at(2024, 1, 9, 18 * 60 + 30));
}

TEST(TimeZone, TimesThatTheClockSkipsBeginWithTheMove) {
  TimeZone berlin = zone("Europe/Berlin");
  const int64_t move = at(2024, 3, 31, 60);
  EXPECT_EQ(berlin.first(at(2024, 3, 31, 119)), move - 60 * kMicrosPerSecond);
  EXPECT_EQ(berlin.first(at(2024, 3, 31, 120)), move);
  EXPECT_EQ(berlin.first(at(2024, 3, 31, 150)), move);
  EXPECT_EQ(berlin.first(at(2024, 3, 31, 180)), move);
  EXPECT_EQ(berlin.first(at(2024, 3, 31, 181)), move + 60 * kMicrosPerSecond);
  TimeZone apia = zone("Pacific/Apia");  // which had no 30th of December
  EXPECT_EQ(apia.first(at(2011, 12, 30)), apia.first(at(2011, 12, 31)));
}

TEST(TimeZone, TimesThatComeTwiceCountOnce) {
  TimeZone berlin = zone("Europe/Berlin");
  const int64_t move = at(2024, 10, 27, 60);
  EXPECT_EQ(berlin.first(at(2024, 10, 27, 150)), at(2024, 10, 27, 30));
  EXPECT_EQ(berlin.reached(move - 1), at(2024, 10, 27, 180) - 1);
  EXPECT_EQ(berlin.reached(move), at(2024, 10, 27, 180) - 1);
  EXPECT_EQ(berlin.reached(move + kHour - 1), at(2024, 10, 27, 180) - 1);
  EXPECT_EQ(berlin.reached(move + kHour), at(2024, 10, 27, 180));
}

TEST(TimeZone, FirstIsWhatReachedSays) {
  for (const char* name : {"Europe/Berlin", "Australia/Lord_Howe", "Asia/Beirut", "America/New_York", "Pacific/Apia"}) {
    TimeZone clock = zone(name);
    for (const int64_t year : {1900, 2011, 2024, 2050}) {
      for (int64_t local = at(year, 1, 1); local < at(year + 1, 1, 1); local += kHour / 2) {
        const int64_t first = clock.first(local);
        ASSERT_GE(clock.reached(first), local) << name << " " << local;
        ASSERT_LT(clock.reached(first - 1), local) << name << " " << local;
      }
    }
  }
}

TEST(TimeZone, YearlyRules) {
  const auto berlin = parse_yearly_rule("CET-1CEST,M3.5.0,M10.5.0/3");
  ASSERT_TRUE(berlin.has_value());
  EXPECT_EQ(berlin->standard, kHour);
  EXPECT_EQ(berlin->summer, 2 * kHour);
  EXPECT_EQ(berlin->to_standard.time, 3 * kHour);
  EXPECT_EQ(berlin->to_summer.time, 2 * kHour);
  const auto lord_howe = parse_yearly_rule("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0");
  ASSERT_TRUE(lord_howe.has_value());
  EXPECT_EQ(lord_howe->standard, 10 * kHour + kHour / 2);
  EXPECT_EQ(parse_yearly_rule("<-02>2<-01>,M3.5.0/-1,M10.5.0/0")->to_summer.time, -kHour);
  EXPECT_EQ(parse_yearly_rule("WART4WARST,J1/0,J365/25")->to_standard.number, 365);
  EXPECT_EQ(parse_yearly_rule("XXX3YYY,0/0,364")->to_summer.day, YearlyChange::Day::OfYear);
  for (const char* text : {"", "IST-5:30", "CET-1CEST", "CET-1CEST,M3.5.0", "CET-1CEST,M13.5.0,M10.5.0", "1", "<+1",
                           "CET-1CEST,M3.5.0,M10.5.0/3x"})
    EXPECT_FALSE(parse_yearly_rule(text).has_value()) << text;
}

TEST(TimeZone, NamesAreThoseOfFiles) {
  for (const char* name : {"", "Europe", "Europe/Berln", "../zoneinfo/UTC", "/usr/share/zoneinfo/UTC", "tzdata.zi"})
    EXPECT_FALSE(TimeZone::find(name).has_value()) << name;
  const auto names = time_zone_names();
  for (const char* name : {"Europe/Berlin", "UTC", "America/Argentina/Ushuaia"})
    EXPECT_TRUE(std::ranges::binary_search(names, name)) << name;
  EXPECT_FALSE(std::ranges::binary_search(names, std::string("posix/UTC")));
}

TEST(TimeZone, DamagedDataIsNone) {
  EXPECT_FALSE(TimeZone::parse("").has_value());
  EXPECT_FALSE(TimeZone::parse("TZif2").has_value());
  EXPECT_FALSE(TimeZone::parse("TZif2" + std::string(15, '\0') + std::string(24, '\xff')).has_value());
}

}  // namespace
}  // namespace sluice
