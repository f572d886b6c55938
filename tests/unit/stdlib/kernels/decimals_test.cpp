#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>

#include "lang/support/decimal.h"
#include "runtime/abi/runtime_functions.h"

namespace sluice {
namespace {

struct Halves {
  int64_t low;
  int64_t high;
};
Halves halves(Int128 value) { return {low_half(value), high_half(value)}; }

// What a kernel has written through its pointer, with `scale` digits behind the point, or nothing when it refused.
template <class Call>
std::string result_of(uint32_t scale, const Call& call) {
  Int128 result = 0;
  if (call(&result) == 0) return "none";
  char text[kMaxDecimalText];
  return {text, write_decimal(result, scale, text)};
}

std::string parsed(std::string_view text, int32_t precision, int32_t scale, bool is_json = false) {
  std::string bytes(text);
  return result_of(static_cast<uint32_t>(scale), [&](Int128* result) {
    return (is_json ? abi::rt_parse_json_decimal : abi::rt_parse_decimal)(
        bytes.data(), static_cast<int64_t>(bytes.size()), result, precision, scale);
  });
}

TEST(Decimals, AreReadExactly) {
  EXPECT_EQ(parsed("12.5", 6, 2), "12.50");
  EXPECT_EQ(parsed("-0.01", 6, 2), "-0.01");
  EXPECT_EQ(parsed("1234.56", 6, 2), "1234.56");
  EXPECT_EQ(parsed("12345.6", 6, 2), "none");
  EXPECT_EQ(parsed("1.230", 6, 2), "1.23");
  EXPECT_EQ(parsed("1.234", 6, 2), "none");
  EXPECT_EQ(parsed("x", 6, 2), "none");
}

TEST(Decimals, OfJsonAreNumbersOrStrings) {
  EXPECT_EQ(parsed("12.5", 6, 2, true), "12.50");
  EXPECT_EQ(parsed("\"12.5\"", 6, 2, true), "12.50");
  EXPECT_EQ(parsed("012.5", 6, 2, true), "none");
  EXPECT_EQ(parsed(".5", 6, 2, true), "none");
  EXPECT_EQ(parsed("\"\"", 6, 2, true), "none");
}

TEST(Decimals, MultiplyAndDivideRoundHalvesAway) {
  const auto multiplied = [](Int128 a, Int128 b, int32_t dropped, int32_t precision) {
    const auto [x, y] = std::pair(halves(a), halves(b));
    return result_of(2, [&](Int128* result) {
      return abi::rt_decimal_multiply(x.low, x.high, y.low, y.high, dropped, precision, result);
    });
  };
  EXPECT_EQ(multiplied(150, 2, 0, 38), "3.00");
  EXPECT_EQ(multiplied(-150, 3, 1, 38), "-0.45");
  EXPECT_EQ(multiplied(5, 5, 1, 38), "0.03");
  EXPECT_EQ(multiplied(-5, 5, 1, 38), "-0.03");
  EXPECT_EQ(multiplied(power_of_ten(30), power_of_ten(30), 0, 38), "none");
  EXPECT_EQ(multiplied(100, 10, 0, 3), "none");
  const auto divided = [](Int128 a, Int128 b, int32_t shift) {
    const auto [x, y] = std::pair(halves(a), halves(b));
    return result_of(
        2, [&](Int128* result) { return abi::rt_decimal_divide(x.low, x.high, y.low, y.high, shift, 38, result); });
  };
  EXPECT_EQ(divided(100, 3, 0), "0.33");
  EXPECT_EQ(divided(100, 8, 0), "0.13");
  EXPECT_EQ(divided(-100, 8, 0), "-0.13");
  EXPECT_EQ(divided(1, 4, 2), "0.25");
}

TEST(Decimals, FloorDivisionGoesWithItsRemainder) {
  const auto floored = [](Int128 a, Int128 b, bool wants_remainder) {
    const auto [x, y] = std::pair(halves(a), halves(b));
    Int128 result = 0;
    abi::rt_decimal_floor_divide(x.low, x.high, y.low, y.high, wants_remainder ? 1 : 0, &result);
    return static_cast<int64_t>(result);
  };
  EXPECT_EQ(floored(7, 2, false), 3);
  EXPECT_EQ(floored(7, 2, true), 1);
  EXPECT_EQ(floored(-7, 2, false), -4);
  EXPECT_EQ(floored(-7, 2, true), 1);
  EXPECT_EQ(floored(7, -2, true), -1);
}

TEST(Decimals, ConvertToOtherScalesAndNumbers) {
  const auto rescaled = [](Int128 value, int32_t from, int32_t to, int32_t precision) {
    const auto [low, high] = halves(value);
    return result_of(static_cast<uint32_t>(to),
                     [&](Int128* result) { return abi::rt_decimal_rescale(low, high, from, to, precision, result); });
  };
  EXPECT_EQ(rescaled(125, 2, 1, 38), "1.3");
  EXPECT_EQ(rescaled(125, 2, 4, 38), "1.2500");
  EXPECT_EQ(rescaled(125, 2, 4, 4), "none");
  const auto of_float = [](double value, int32_t precision) {
    return result_of(2, [&](Int128* result) { return abi::rt_decimal_of_float(value, 2, precision, result); });
  };
  EXPECT_EQ(of_float(1.25, 38), "1.25");
  EXPECT_EQ(of_float(-0.5, 38), "-0.50");
  EXPECT_EQ(of_float(1e5, 6), "none");
  EXPECT_EQ(of_float(1e300, 38), "none");
  const auto [low, high] = halves(-125);
  EXPECT_EQ(abi::rt_float_of_decimal(low, high, 2), -1.25);
  int64_t whole = 0;
  EXPECT_EQ(abi::rt_int_of_decimal(low, high, 2, &whole), 1);
  EXPECT_EQ(whole, -1);
  const auto huge = halves(power_of_ten(30));
  EXPECT_EQ(abi::rt_int_of_decimal(huge.low, huge.high, 2, &whole), 0);
}

}  // namespace
}  // namespace sluice
