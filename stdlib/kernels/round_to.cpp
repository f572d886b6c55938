#include "stdlib/kernels/round_to.h"

#include <array>
#include <charconv>
#include <cmath>
#include <string>

namespace sluice {
namespace {

// The powers of ten that a float holds exactly.
constexpr std::array<double, 23> kPowers = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                            1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
constexpr double kExactIntegers = 4503599627370496.0;  // 2^52: below it a float has room for a half

// Any x and digits, on all the decimal digits that x has: exact, and slow.
double round_text(double x, int64_t digits) {
  // 309 digits in front of the point and 1074 behind it; a zero in front takes a carry.
  std::array<char, 1500> buffer;
  buffer[0] = '0';
  const auto [end, error] =
      std::to_chars(buffer.data() + 1, buffer.data() + buffer.size(), std::fabs(x), std::chars_format::fixed, 1074);
  std::string text(buffer.data(), error == std::errc() ? end : buffer.data() + 1);
  size_t point = text.find('.');
  if (point == std::string::npos) point = text.size();
  const int64_t kept = static_cast<int64_t>(point) + digits + (digits > 0 ? 1 : 0);  // characters
  if (kept >= static_cast<int64_t>(text.size())) return x;
  if (kept <= 0) return std::copysign(0.0, x);
  auto next = static_cast<size_t>(kept);
  if (next == point) ++next;
  const bool goes_up = next < text.size() && text[next] >= '5';
  for (auto i = static_cast<size_t>(kept); i < text.size(); ++i)
    if (i != point) text[i] = '0';
  for (auto i = static_cast<size_t>(kept); goes_up && i-- > 0;) {
    if (i == point) continue;
    if (text[i] != '9') {
      ++text[i];
      break;
    }
    text[i] = '0';
  }
  double result = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), result);
  return std::copysign(parsed.ec == std::errc() ? result : HUGE_VAL, x);
}

// `digits` of 0 to 22, |x| times their power below 2^52.
double round_behind_point(double x, double scaled, double power) {
  const double lost = std::fma(x, power, -scaled);  // scaled + lost is the product
  const double whole = std::floor(scaled);
  const double part = scaled - whole;
  // The sign of `lost` matters at the half only: from there the next floats are further away than it is large.
  const bool goes_up = part > 0.5 || (part == 0.5 && lost >= 0);
  return (whole + (goes_up ? 1.0 : 0.0)) / power;
}

}  // namespace

double round_to(double x, int64_t digits) noexcept {
  if (!std::isfinite(x) || x == 0 || digits > 1074) return x;
  if (digits < -308) return std::copysign(0.0, x);
  const double size = std::fabs(x);
  if (digits >= 0 && digits < static_cast<int64_t>(kPowers.size())) {
    const double power = kPowers[static_cast<size_t>(digits)];
    const double scaled = size * power;
    if (scaled < kExactIntegers) return std::copysign(round_behind_point(size, scaled, power), x);
    if (scaled >= 1e17) return x;  // keeps 17 digits, which tell it from every other float
  }
  return round_text(x, digits);
}

}  // namespace sluice
