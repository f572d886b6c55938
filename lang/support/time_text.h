// Times as Flow writes them. All values are microseconds; timestamps count from 1970 in UTC.
#pragma once

#include <cstdint>
#include <string>

namespace sluice {

[[nodiscard]] std::string duration_text(int64_t microseconds);   // "1h30min", "-5s", "0s"
[[nodiscard]] std::string date_text(int64_t days);               // "2024-01-31", of days since 1970
[[nodiscard]] std::string timestamp_text(int64_t microseconds);  // "2024-01-31T10:00:00Z", fraction only when not zero

}  // namespace sluice
