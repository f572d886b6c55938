// TimeZone: the clock of a place, as the system's time zone data describes it: the offsets from UTC over time. Windows
// with a `zone` begin and end where such a clock says.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

// When a clock is moved forward or back every year, at a local time of the clock before.
struct YearlyChange {
  enum class Day : uint8_t { OfMonth, OfYear, OfYearWithoutLeapDay } day = Day::OfMonth;
  uint32_t month = 1;    // OfMonth: the
  uint32_t week = 1;     // so-manieth (5: last)
  uint32_t weekday = 0;  // of this kind (0: Sunday) in it
  int64_t number = 0;    // of the day in the year: from 0 OfYear, from 1 OfYearWithoutLeapDay
  int64_t time = 0;      // microseconds since midnight, may be negative or longer than a day
};

// What holds behind the last change that the data lists. Offsets in microseconds, east of Greenwich positive.
struct YearlyRule {
  int64_t standard = 0;
  int64_t summer = 0;
  YearlyChange to_summer;
  YearlyChange to_standard;
};
// "CET-1CEST,M3.5.0,M10.5.0/3" and the like; nothing when it is another text, or says that nothing changes any more.
[[nodiscard]] std::optional<YearlyRule> parse_yearly_rule(std::string_view text);

class TimeZone {
 public:
  // By its name in the system's data: "Europe/Berlin". Nothing when there is none.
  [[nodiscard]] static std::optional<TimeZone> find(const std::string& name);
  // From the bytes of a TZif file (RFC 8536); nothing when they are damaged.
  [[nodiscard]] static std::optional<TimeZone> parse(std::string_view bytes);

  // The latest time that the clock has shown up to `time`. Mostly that is what it shows; when it has been moved back,
  // what it showed before, until it is there again.
  [[nodiscard]] int64_t reached(int64_t time);
  // The first moment at which the clock shows `local` or later.
  [[nodiscard]] int64_t first(int64_t local);

 private:
  struct Segment {
    int64_t begin = 0;
    int64_t offset = 0;
    int64_t reached = 0;  // the latest local time in front of it
  };

  void add(int64_t begin, int64_t offset);
  void cover(int64_t time);

  std::vector<Segment> segments_;  // the first has no begin, the last no end
  std::optional<YearlyRule> rule_;
  int64_t next_year_ = 0;  // of the rule
};

// The names of the zones there are, sorted; empty on a machine without time zone data.
[[nodiscard]] std::vector<std::string> time_zone_names();

}  // namespace sluice
