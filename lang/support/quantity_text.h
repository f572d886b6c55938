// Quantities as people read them: "1.2 GB", "4.3M", "00:42".
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace sluice {

[[nodiscard]] std::string bytes_text(uint64_t bytes);
[[nodiscard]] std::string count_text(double count);
[[nodiscard]] std::string time_text(std::chrono::nanoseconds time);

}  // namespace sluice
