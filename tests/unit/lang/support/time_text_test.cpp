#include "lang/support/time_text.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(TimeText, Durations) {
  EXPECT_EQ(duration_text(0), "0s");
  EXPECT_EQ(duration_text(1'500'000), "1s500ms");
  EXPECT_EQ(duration_text(-90'000'000), "-1min30s");
  EXPECT_EQ(duration_text(26 * 3'600'000'000LL + 7), "1d2h7us");
  EXPECT_EQ(duration_text(INT64_MIN), "-106751991d4h54s775ms808us");
}

TEST(TimeText, Timestamps) {
  EXPECT_EQ(timestamp_text(0), "1970-01-01T00:00:00Z");
  EXPECT_EQ(timestamp_text(1'709'164'800'250'000), "2024-02-29T00:00:00.25Z");
  EXPECT_EQ(timestamp_text(-1), "1969-12-31T23:59:59.999999Z");
  EXPECT_EQ(timestamp_text(951'868'799'000'000), "2000-02-29T23:59:59Z");
}

}  // namespace
}  // namespace sluice
