#include "stdlib/kernels/round_to.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace sluice {
namespace {

TEST(RoundTo, RoundsTheFloatItself) {
  EXPECT_EQ(round_to(2.675, 2), 2.67);
  EXPECT_EQ(round_to(1.005, 2), 1.0);
  EXPECT_EQ(round_to(1.015, 2), 1.01);
  EXPECT_EQ(round_to(1.45, 1), 1.4);
  EXPECT_EQ(round_to(-2.675, 2), -2.67);
  EXPECT_EQ(round_to(0.285, 2), 0.28);
  EXPECT_EQ(round_to(0.1 + 0.2, 17), 0.30000000000000004);
  EXPECT_EQ(round_to(5.015, 2), 5.01);
  EXPECT_EQ(round_to(8.345, 2), 8.35);
}

TEST(RoundTo, HalvesGoAwayFromZero) {
  EXPECT_EQ(round_to(0.125, 2), 0.13);
  EXPECT_EQ(round_to(-0.125, 2), -0.13);
  EXPECT_EQ(round_to(0.5, 0), 1.0);
  EXPECT_EQ(round_to(2.5, 0), 3.0);
  EXPECT_EQ(round_to(25.0, -1), 30.0);
  EXPECT_EQ(round_to(-35.0, -1), -40.0);
  EXPECT_EQ(round_to(std::ldexp(1.0, -24), 23), 5.960464477539063e-08);
}

TEST(RoundTo, DigitsInFrontOfThePoint) {
  EXPECT_EQ(round_to(1234.5, -2), 1200.0);
  EXPECT_EQ(round_to(24.999999999999996, -1), 20.0);
  EXPECT_EQ(round_to(95.0, -2), 100.0);
  EXPECT_EQ(round_to(49.0, -2), 0.0);
  EXPECT_EQ(round_to(50.0, -2), 100.0);
  EXPECT_EQ(round_to(4.9, -3), 0.0);
  EXPECT_TRUE(std::signbit(round_to(-4.9, -3)));
  EXPECT_EQ(round_to(1.5e300, -300), 2e300);
  EXPECT_EQ(round_to(1e308, -308), 1e308);
  EXPECT_EQ(round_to(1.7e308, -308), HUGE_VAL);
  EXPECT_EQ(round_to(1.7e308, -400), 0.0);
}

TEST(RoundTo, WhatHasNoMoreDigitsStays) {
  for (const double x : {0.0, 1e17, 4.9e-324, 1.7976931348623157e308, 4503599627370497.5, 1e22}) {
    EXPECT_EQ(round_to(x, 1074), x);
    EXPECT_EQ(round_to(-x, 2000), -x);
  }
  EXPECT_EQ(round_to(1e300, 2), 1e300);
  EXPECT_EQ(round_to(45035996273704.96, 2), 45035996273704.96);
  EXPECT_EQ(round_to(450359962737049.625, 2), 450359962737049.63);
  EXPECT_TRUE(std::isnan(round_to(NAN, 2)));
  EXPECT_EQ(round_to(-INFINITY, 2), -INFINITY);
  EXPECT_TRUE(std::signbit(round_to(-0.0, 2)));
  EXPECT_TRUE(std::signbit(round_to(-0.001, 2)));
}

}  // namespace
}  // namespace sluice
