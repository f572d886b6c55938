#include "lang/support/decimal.h"

#include <gtest/gtest.h>

#include <cmath>

namespace sluice {
namespace {

std::string text_of(std::optional<Int128> value, uint32_t scale) {
  return value ? decimal_text({*value, static_cast<uint8_t>(scale)}) : "none";
}

std::string read_and_written(std::string_view text) {
  const auto value = read_decimal(text);
  return value ? decimal_text(*value) : "none";
}

TEST(Decimal, WritesItsDigits) {
  EXPECT_EQ(decimal_text({0, 0}), "0");
  EXPECT_EQ(decimal_text({0, 2}), "0.00");
  EXPECT_EQ(decimal_text({-5, 2}), "-0.05");
  EXPECT_EQ(decimal_text({123456, 3}), "123.456");
  EXPECT_EQ(decimal_text({power_of_ten(38) - 1, 0}), std::string(38, '9'));
  EXPECT_EQ(decimal_text({-(power_of_ten(38) - 1), 38}), "-0." + std::string(38, '9'));
  EXPECT_EQ(decimal_text({power_of_ten(37), 1}), "1" + std::string(36, '0') + ".0");
}

TEST(Decimal, ReadsWhatItWrites) {
  for (const char* text : {"0", "0.00", "-0.05", "123.456", "99999999999999999999999999999999999999", "0.1"})
    EXPECT_EQ(read_and_written(text), text);
  EXPECT_EQ(read_and_written("+.5"), "0.5");
  EXPECT_EQ(read_and_written("1.5e3"), "1500");
  EXPECT_EQ(read_and_written("15e-3"), "0.015");
  EXPECT_EQ(read_and_written("1.50E+1"), "15.0");
}

TEST(Decimal, RefusesWhatIsNoNumber) {
  for (const char* text : {"", "-", ".", "5.", "1e", "1x", "1.2.3", " 1", "1 ", "1e99", "--1", "1e-99", "nan",
                           "100000000000000000000000000000000000000"})
    EXPECT_EQ(read_and_written(text), "none") << text;
}

TEST(Decimal, RescalesWithHalvesAwayFromZero) {
  EXPECT_EQ(text_of(rescaled(1250, 3, 2, 38), 2), "1.25");
  EXPECT_EQ(text_of(rescaled(1245, 3, 2, 38), 2), "1.25");
  EXPECT_EQ(text_of(rescaled(-1245, 3, 2, 38), 2), "-1.25");
  EXPECT_EQ(text_of(rescaled(-1244, 3, 2, 38), 2), "-1.24");
  EXPECT_EQ(text_of(rescaled(9999, 3, 2, 3), 2), "none");
  EXPECT_EQ(text_of(rescaled(1, 0, 37, 38), 37), "1." + std::string(37, '0'));
  EXPECT_EQ(text_of(rescaled(10, 0, 37, 38), 37), "none");
  EXPECT_FALSE(rescaled_exactly({125, 2}, 1, 38));
  EXPECT_EQ(text_of(rescaled_exactly({120, 2}, 1, 38), 1), "1.2");
}

TEST(Decimal, MultipliesBeyond128Bits) {
  const Int128 large = power_of_ten(38) - 1;
  EXPECT_EQ(text_of(multiplied(large, large, 38, 38), 0), std::string(37, '9') + "8");
  EXPECT_EQ(text_of(multiplied(large, -large, 70, 38), 6), "-1.000000");
  EXPECT_EQ(text_of(multiplied(large, 2, 0, 38), 0), "none");
  EXPECT_EQ(text_of(multiplied(-15, 3, 1, 38), 0), "-5");
}

TEST(Decimal, DividesBeyond128Bits) {
  EXPECT_EQ(text_of(divided(1, 3, 6, 38), 6), "0.333333");
  EXPECT_EQ(text_of(divided(2, 3, 6, 38), 6), "0.666667");
  EXPECT_EQ(text_of(divided(-1, 2, 0, 38), 0), "-1");
  EXPECT_EQ(text_of(divided(1, 200, -1, 38), 0), "0");
  const Int128 large = power_of_ten(38) - 1;
  EXPECT_EQ(text_of(divided(large, large, 37, 38), 37), "1." + std::string(37, '0'));
  EXPECT_EQ(text_of(divided(power_of_ten(10), power_of_ten(37), 44, 38), 6), "100000000000.000000");
  EXPECT_EQ(text_of(divided(large, 1, 44, 38), 6), "none");
}

TEST(Decimal, TakesFloatsExactly) {
  EXPECT_EQ(text_of(decimal_of(0.125, 2, 38), 2), "0.13");
  EXPECT_EQ(text_of(decimal_of(-2.5, 0, 38), 0), "-3");
  EXPECT_EQ(text_of(decimal_of(2.675, 2, 38), 2), "2.67");
  EXPECT_EQ(text_of(decimal_of(0.1, 30, 38), 30), "0.100000000000000005551115123126");
  EXPECT_EQ(text_of(decimal_of(1e37, 0, 38), 0), "9999999999999999538762658202121142272");
  EXPECT_EQ(text_of(decimal_of(1.1e38, 0, 38), 0), "none");
  EXPECT_EQ(text_of(decimal_of(1e-300, 38, 38), 0), "0");
  EXPECT_EQ(text_of(decimal_of(5.1e-39, 38, 38), 0), "1");
  EXPECT_EQ(text_of(decimal_of(4e-39, 38, 38), 0), "0");
  EXPECT_EQ(text_of(decimal_of(std::nan(""), 2, 38), 2), "none");
  EXPECT_EQ(text_of(decimal_of(INFINITY, 2, 38), 2), "none");
}

TEST(Decimal, BecomesTheNearestFloat) {
  EXPECT_EQ(float_of(12345, 2), 123.45);
  EXPECT_EQ(float_of(-1, 1), -0.1);
  EXPECT_EQ(float_of(power_of_ten(38) - 1, 0), 1e38);
  EXPECT_EQ(float_of(power_of_ten(38) - 1, 38), 1.0);
}

}  // namespace
}  // namespace sluice
