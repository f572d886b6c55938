#include "lang/support/quantity_text.h"

#include <fmt/format.h>

#include <array>
#include <string_view>

namespace sluice {
namespace {

std::string scaled(double value, const std::array<std::string_view, 5>& units, double step) {
  size_t unit = 0;
  for (; value >= step && unit + 1 < units.size(); ++unit) value /= step;
  const int digits = unit == 0 || value >= 100 ? 0 : 1;
  return fmt::format("{:.{}f}{}", value, digits, units[unit]);
}

}  // namespace

std::string bytes_text(uint64_t bytes) {
  return scaled(static_cast<double>(bytes), {" B", " KB", " MB", " GB", " TB"}, 1000);
}

std::string count_text(double count) { return scaled(count, {"", "K", "M", "G", "T"}, 1000); }

std::string time_text(std::chrono::nanoseconds time) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time).count();
  if (seconds >= 3600) return fmt::format("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
  return fmt::format("{:02}:{:02}", seconds / 60, seconds % 60);
}

}  // namespace sluice
