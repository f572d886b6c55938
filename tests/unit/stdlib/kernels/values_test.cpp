#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <optional>
#include <random>
#include <string>
#include <string_view>

#include "lang/support/time_text.h"
#include "runtime/abi/kernel_abi.h"
#include "runtime/abi/runtime_functions.h"
#include "stdlib/kernels/kernels.h"
#include "stdlib/kernels/value_text.h"
#include "tests/unit/stdlib/kernel_context.h"

namespace sluice {
namespace {

template <class T>
using Parser = abi::I8 (*)(abi::Ptr, abi::I64, abi::Ptr) noexcept;

// Copies the text to memory of exactly its size, so that the address sanitizer sees reads beyond it.
template <class T>
std::optional<T> parse(Parser<T> parser, std::string_view text) {
  std::vector<char> bytes(text.begin(), text.end());
  T result{};
  if (parser(bytes.data(), static_cast<int64_t>(bytes.size()), &result) == 0) return std::nullopt;
  return result;
}
std::optional<int64_t> parse_int(std::string_view text) { return parse<int64_t>(abi::rt_parse_int, text); }
std::optional<double> parse_float(std::string_view text) { return parse<double>(abi::rt_parse_float, text); }
std::optional<int64_t> parse_time(std::string_view text) { return parse<int64_t>(abi::rt_parse_timestamp, text); }
std::optional<int64_t> parse_duration(std::string_view text) { return parse<int64_t>(abi::rt_parse_duration, text); }

template <class Write, class T>
std::string written(Write write, T value) {
  char out[kMaxValueText];
  const size_t size = write(value, out);
  EXPECT_LE(size, kMaxValueText);
  return {out, size};
}

TEST(ParseInt, TakesWholeNumbersOnly) {
  EXPECT_EQ(parse_int("0"), 0);
  EXPECT_EQ(parse_int("-0"), 0);
  EXPECT_EQ(parse_int("+7"), 7);
  EXPECT_EQ(parse_int("007"), 7);
  EXPECT_EQ(parse_int("9223372036854775807"), INT64_MAX);
  EXPECT_EQ(parse_int("-9223372036854775808"), INT64_MIN);
  EXPECT_EQ(parse_int("00000000000000000000000000000012"), 12);
  for (const char* text :
       {"", "-", "+", "--1", "1 ", " 1", "1.0", "1e3", "12a", "a12", "9223372036854775808", "-9223372036854775809",
        "99999999999999999999", "0x10", "1,000", "12345678/", "1234567:", "٣"})
    EXPECT_EQ(parse_int(text), std::nullopt) << text;
}

TEST(ParseJsonNumber, TakesWhatJsonWritesOnly) {
  const auto json_int = [](std::string_view text) { return parse<int64_t>(abi::rt_parse_json_int, text); };
  const auto json_float = [](std::string_view text) { return parse<double>(abi::rt_parse_json_float, text); };
  EXPECT_EQ(json_int("0"), 0);
  EXPECT_EQ(json_int("-0"), 0);
  EXPECT_EQ(json_int("-120"), -120);
  for (const char* text : {"", "-", "+7", "007", "-01", "1.0", "\"1\""})
    EXPECT_EQ(json_int(text), std::nullopt) << text;
  EXPECT_EQ(json_float("0.5"), 0.5);
  EXPECT_EQ(json_float("-0"), 0.0);
  EXPECT_EQ(json_float("10e-1"), 1.0);
  EXPECT_EQ(json_float("1.5E+2"), 150.0);
  for (const char* text :
       {"", "-", "+0.5", ".5", "-.5", "1.", "1.e5", "01.5", "00", "nan", "inf", "-inf", "1e", "1.5x"})
    EXPECT_EQ(json_float(text), std::nullopt) << text;
}

TEST(ParseInt, EveryLengthReadsBack) {
  std::mt19937_64 random(3);
  for (int round = 0; round < 20000; ++round) {
    const auto value = static_cast<int64_t>(random()) >> (random() % 64);
    const std::string text = written(write_int, value);
    ASSERT_EQ(text, std::to_string(value));
    ASSERT_EQ(parse_int(text), value) << text;
  }
}

TEST(ParseInt, OneWrongByteIsNoNumber) {
  for (size_t size = 1; size <= 24; ++size)
    for (size_t at = 0; at < size; ++at)
      for (const char wrong : {'/', ':', ' ', 'a', '\0', '\xb0', '-', '.'}) {
        if (at == 0 && wrong == '-') continue;
        std::string text(size, '1');
        text[at] = wrong;
        ASSERT_EQ(parse_int(text), std::nullopt) << text;
      }
}

TEST(ParseFloat, TakesWholeNumbersOnly) {
  EXPECT_EQ(parse_float("1.5"), 1.5);
  EXPECT_EQ(parse_float("-2"), -2.0);
  EXPECT_EQ(parse_float("+2.5e-3"), 0.0025);
  EXPECT_EQ(parse_float("1e-400"), 0.0);
  EXPECT_EQ(parse_float("4.9e-324"), 4.9e-324);
  EXPECT_TRUE(std::isnan(*parse_float("nan")));
  EXPECT_EQ(parse_float("-inf"), -std::numeric_limits<double>::infinity());
  for (const char* text : {"", ".", "-", "+-1", "1.5 ", "1,5", "1e400", "0x1p3", "abc", "1..2"})
    EXPECT_EQ(parse_float(text), std::nullopt) << text;
}

TEST(FloatText, IsShortestAndReadsBack) {
  EXPECT_EQ(written(write_float, 3.0), "3.0");
  EXPECT_EQ(written(write_float, -0.0), "-0.0");
  EXPECT_EQ(written(write_float, 0.1), "0.1");
  EXPECT_EQ(written(write_float, 100000.0), "100000.0");
  EXPECT_EQ(written(write_float, 1e16), "1e+16");
  EXPECT_EQ(written(write_float, 1e-5), "1e-05");
  EXPECT_EQ(written(write_float, std::nan("")), "nan");
  EXPECT_EQ(written(write_float, -std::nan("")), "nan");
  EXPECT_EQ(written(write_float, -INFINITY), "-inf");
  EXPECT_EQ(written(write_float, std::numeric_limits<double>::max()), "1.7976931348623157e+308");
  std::mt19937_64 random(5);
  for (int round = 0; round < 20000; ++round) {
    const double value = std::bit_cast<double>(random());
    if (!std::isfinite(value)) continue;
    ASSERT_EQ(parse_float(written(write_float, value)), value);
  }
}

TEST(ParseBool, KnowsTwoWords) {
  EXPECT_EQ(parse<uint8_t>(abi::rt_parse_bool, "true"), 1);
  EXPECT_EQ(parse<uint8_t>(abi::rt_parse_bool, "false"), 0);
  for (const char* text : {"", "1", "True", "true ", "yes"})
    EXPECT_EQ(parse<uint8_t>(abi::rt_parse_bool, text), std::nullopt) << text;
}

TEST(ParseTimestamp, Iso8601) {
  constexpr int64_t kDay = 1706659200'000000;  // 2024-01-31
  constexpr int64_t kTen = kDay + 36000'000000;
  EXPECT_EQ(parse_time("2024-01-31"), kDay);
  EXPECT_EQ(parse_time("2024-01-31T10:00:00Z"), kTen);
  EXPECT_EQ(parse_time("2024-01-31 10:00"), kTen);
  EXPECT_EQ(parse_time("2024-01-31T10:00:00"), kTen);
  EXPECT_EQ(parse_time("2024-01-31T10:00:00.25Z"), kTen + 250000);
  EXPECT_EQ(parse_time("2024-01-31T10:00:00.123456000Z"), kTen + 123456);
  EXPECT_EQ(parse_time("2024-01-31T12:00:00+02:00"), kTen);
  EXPECT_EQ(parse_time("2024-01-31T12:00:00+0200"), kTen);
  EXPECT_EQ(parse_time("2024-01-31T08:30:00-01:30"), kTen);
  EXPECT_EQ(parse_time("1970-01-01T00:00:00Z"), 0);
  EXPECT_EQ(parse_time("1969-12-31T23:59:59.999999Z"), -1);
  EXPECT_EQ(parse_time("2024-02-29"), kDay + 29 * 86400'000000LL);
  for (const char* text : {"",
                           "2024",
                           "2024-1-31",
                           "2024-02-30",
                           "2023-02-29",
                           "2024-13-01",
                           "2024-00-10",
                           "2024-01-00",
                           "24-01-31",
                           "2024-01-31T",
                           "2024-01-31T10",
                           "2024-01-31T24:00:00",
                           "2024-01-31T10:60:00",
                           "2024-01-31T10:00:60",
                           "2024-01-31T10:00:00.",
                           "2024-01-31T10:00:00.1234560000",
                           "2024-01-31T10:00:00.1234567",
                           "2024-01-31T10:00:00.123456001Z",
                           "2024-01-31T10:00:00Zx",
                           "2024-01-31T10:00:00+24:00",
                           "2024-01-31T10:00:00+1",
                           "2024-01-31Z",
                           "2024-01-31 ",
                           "2024/01/31"})
    EXPECT_EQ(parse_time(text), std::nullopt) << text;
}

TEST(TimestampText, ReadsBackAndAgreesWithTheCompiler) {
  std::mt19937_64 random(9);
  constexpr int64_t kRange = 250'000'000'000'000'000;  // some 7900 years around 1970: four-digit years in most
  for (int round = 0; round < 20000; ++round) {
    int64_t time = static_cast<int64_t>(random() % (2 * kRange)) - kRange;
    if (round % 2 == 0) time -= time % 1'000'000;
    const std::string text = written(write_timestamp, time);
    ASSERT_EQ(text, timestamp_text(time));
    if (time > -62135596800'000000) ASSERT_EQ(parse_time(text), time) << text;
  }
  EXPECT_EQ(written(write_timestamp, INT64_MIN), timestamp_text(INT64_MIN));
  EXPECT_EQ(written(write_timestamp, INT64_MAX), timestamp_text(INT64_MAX));
}

TEST(ParseDuration, AsFlowWritesThem) {
  EXPECT_EQ(parse_duration("0s"), 0);
  EXPECT_EQ(parse_duration("1h30min"), 5400'000000);
  EXPECT_EQ(parse_duration("1w2d3h4min5s6ms7us"), 788645'006007);
  EXPECT_EQ(parse_duration("-250ms"), -250000);
  EXPECT_EQ(parse_duration("90min"), 5400'000000);
  for (const char* text : {"", "-", "5", "s", "5 s", "5m", "1s1h", "1s1s", "1.5s", "5S", "--1s", "1s ",
                           "9223372036854775808us", "300000000w"})
    EXPECT_EQ(parse_duration(text), std::nullopt) << text;
}

TEST(DurationText, ReadsBackAndAgreesWithTheCompiler) {
  std::mt19937_64 random(13);
  for (int round = 0; round < 20000; ++round) {
    const auto value = static_cast<int64_t>(random()) >> (random() % 64);
    const std::string text = written(write_duration, value);
    ASSERT_EQ(text, duration_text(value));
    ASSERT_EQ(parse_duration(text), value) << text;
  }
  EXPECT_EQ(parse_duration(written(write_duration, INT64_MIN)), INT64_MIN);
}

TEST(ValueText, ThroughTheRuntimeFunctions) {
  testing::KernelContext context;
  abi::StringRef text{};
  abi::rt_text_int(context.task(), &text, -12);
  EXPECT_EQ(testing::text_of(text), "-12");
  abi::rt_text_float(context.task(), &text, 2.0);
  EXPECT_EQ(testing::text_of(text), "2.0");
  abi::rt_text_bool(context.task(), &text, 1);
  EXPECT_EQ(testing::text_of(text), "true");
  abi::rt_text_timestamp(context.task(), &text, 0);
  EXPECT_EQ(testing::text_of(text), "1970-01-01T00:00:00Z");
  abi::rt_text_duration(context.task(), &text, 61'000'000);
  EXPECT_EQ(testing::text_of(text), "1min1s");
  abi::rt_text_date(context.task(), &text, 19'753);
  EXPECT_EQ(testing::text_of(text), "2024-01-31");
  abi::rt_text_decimal(context.task(), &text, -1250, -1, 2);
  EXPECT_EQ(testing::text_of(text), "-12.50");
}

TEST(ParseDate, TakesDaysOfTheCalendarOnly) {
  const auto date = [](std::string_view text) { return parse<int64_t>(abi::rt_parse_date, text); };
  EXPECT_EQ(date("1970-01-01"), 0);
  EXPECT_EQ(date("2024-02-29"), 19'782);
  for (const char* text : {"", "2023-02-29", "2024-1-31", "2024-01-31T00:00:00Z", "31.01.2024"})
    EXPECT_EQ(date(text), std::nullopt) << text;
}

TEST(Bytes, CompareAndEqual) {
  const auto compare = [](std::string_view a, std::string_view b) {
    return abi::rt_compare_bytes(const_cast<char*>(a.data()), static_cast<int64_t>(a.size()),
                                 const_cast<char*>(b.data()), static_cast<int64_t>(b.size()));
  };
  EXPECT_EQ(compare("a", "a"), 0);
  EXPECT_EQ(compare("", ""), 0);
  EXPECT_EQ(compare("a", "ab"), -1);
  EXPECT_EQ(compare("b", "ab"), 1);
  EXPECT_EQ(compare("\xc3", "a"), 1);  // as unsigned bytes
  char text[] = "abab";
  EXPECT_EQ(abi::rt_equal_bytes(text, text + 2, 2), 1);
  EXPECT_EQ(abi::rt_equal_bytes(text, text + 1, 2), 0);
  EXPECT_EQ(abi::rt_equal_bytes(text, text + 1, 0), 1);
}

TEST(NumberKernels, Numbers) {
  testing::KernelContext context;
  EXPECT_EQ(abi::flow_abs_int(context.task(), -3), 3);
  EXPECT_EQ(context.has_failed(), false);
  (void)abi::flow_abs_int(context.task(), INT64_MIN);
  EXPECT_EQ(context.has_failed(), true);
  EXPECT_NE(abi::take_raised_text(), "");
  EXPECT_EQ(abi::flow_round(context.task(), -2.5), -3.0);
  EXPECT_EQ(abi::flow_round_digits(context.task(), 1234.567, 1), 1234.6);
  EXPECT_EQ(abi::flow_round_digits(context.task(), 1250.0, -2), 1300.0);
  EXPECT_EQ(abi::flow_round_digits(context.task(), 1e308, 20), 1e308);
  EXPECT_EQ(abi::flow_round_digits(context.task(), 5.0, -400), 0.0);
  EXPECT_EQ(abi::flow_round_digits(context.task(), 5.0, INT64_MIN), 0.0);
  EXPECT_EQ(abi::flow_round_digits(context.task(), 5.25, INT64_MAX), 5.25);
}

TEST(TimeKernels, NowIsTheTimeOfTheUnit) {
  testing::KernelContext context;
  context.task()->wall_time = 42;
  EXPECT_EQ(abi::flow_now(context.task()), 42);
}

TEST(TimeKernels, PartsOfATime) {
  testing::KernelContext context;
  const int64_t time = *parse_time("2024-01-31T10:20:30.5Z");
  EXPECT_EQ(abi::flow_year(context.task(), time), 2024);
  EXPECT_EQ(abi::flow_month(context.task(), time), 1);
  EXPECT_EQ(abi::flow_day(context.task(), time), 31);
  EXPECT_EQ(abi::flow_hour(context.task(), time), 10);
  EXPECT_EQ(abi::flow_minute(context.task(), time), 20);
  EXPECT_EQ(abi::flow_second(context.task(), time), 30);
  EXPECT_EQ(abi::flow_weekday(context.task(), time), 3);
  EXPECT_EQ(abi::flow_weekday(context.task(), -1), 3);  // 1969-12-31 was a Wednesday
  EXPECT_EQ(abi::flow_second(context.task(), -1), 59);
  EXPECT_EQ(abi::flow_floor_to(context.task(), time, 3600'000000), *parse_time("2024-01-31T10:00:00Z"));
  EXPECT_EQ(abi::flow_floor_to(context.task(), -1, 1000), -1000);
  EXPECT_EQ(context.has_failed(), false);
  (void)abi::flow_floor_to(context.task(), time, 0);
  EXPECT_EQ(context.has_failed(), true);
  context.clear();
  (void)abi::flow_floor_to(context.task(), INT64_MIN, INT64_MAX);
  EXPECT_EQ(context.has_failed(), true);
  (void)abi::take_raised_text();
}

}  // namespace
}  // namespace sluice
