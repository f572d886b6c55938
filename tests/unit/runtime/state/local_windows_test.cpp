#include "runtime/state/local_windows.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "lang/support/civil_time.h"
#include "lang/support/time_text.h"
#include "runtime/abi/runtime_functions.h"

namespace sluice {
namespace {

constexpr int64_t kHour = int64_t{3600} * 1'000'000;

int64_t at(int64_t year, uint32_t month, uint32_t day, int64_t hour, int64_t minute = 0) {
  return days_of({year, month, day}) * kMicrosPerDay + hour * kHour + minute * kHour / 60;
}

class Windows {
 public:
  Windows(WindowKind kind, int64_t size, int64_t step) : windows_({kind, size, step, 0, "Europe/Berlin"}) {}

  // Start and end of each window of a time, and that these are the windows of all times for which they are said to be.
  std::vector<std::string> of(int64_t time) {
    abi::rt_local_windows(static_cast<abi::LocalWindows*>(&windows_), time);
    const auto texts = found();
    const int64_t from = windows_.from;
    const int64_t until = windows_.until;
    EXPECT_LE(from, time);
    EXPECT_GT(until, time);
    for (const int64_t same : {from, until - 1}) {
      windows_.find(same);
      EXPECT_EQ(found(), texts);
    }
    for (const int64_t other : {from - 1, until}) {
      windows_.find(other);
      EXPECT_NE(found(), texts);
    }
    return texts;
  }

 private:
  [[nodiscard]] std::vector<std::string> found() const {
    std::vector<std::string> texts;
    for (int64_t i = 0; i < windows_.count; ++i)
      texts.push_back(timestamp_text(windows_.bounds[2 * i]) + " " + timestamp_text(windows_.bounds[2 * i + 1]));
    return texts;
  }

  LocalWindows windows_;
};

using Texts = std::vector<std::string>;

TEST(LocalWindows, DaysHave23Or25Hours) {
  Windows days(WindowKind::Tumble, 24 * kHour, 24 * kHour);
  EXPECT_EQ(days.of(at(2024, 3, 31, 12)), (Texts{"2024-03-30T23:00:00Z 2024-03-31T22:00:00Z"}));
  EXPECT_EQ(days.of(at(2024, 10, 26, 22)), (Texts{"2024-10-26T22:00:00Z 2024-10-27T23:00:00Z"}));
}

TEST(LocalWindows, OverlappingOnesEndByTheClock) {
  Windows days(WindowKind::Hop, 24 * kHour, 12 * kHour);
  EXPECT_EQ(days.of(at(2024, 3, 31, 12)),
            (Texts{"2024-03-30T23:00:00Z 2024-03-31T22:00:00Z", "2024-03-31T10:00:00Z 2024-04-01T10:00:00Z"}));
  Windows gaps(WindowKind::Hop, kHour, 2 * kHour);
  EXPECT_EQ(gaps.of(at(2024, 7, 1, 11, 30)), Texts());
}

TEST(LocalWindows, HoursThatAreSkippedEndNoWindowOfTheirOwn) {
  Windows hours(WindowKind::Cumulate, 4 * kHour, kHour);
  EXPECT_EQ(hours.of(at(2024, 3, 30, 23, 30)),
            (Texts{"2024-03-30T23:00:00Z 2024-03-31T00:00:00Z", "2024-03-30T23:00:00Z 2024-03-31T01:00:00Z",
                   "2024-03-30T23:00:00Z 2024-03-31T02:00:00Z"}));
}

}  // namespace
}  // namespace sluice
