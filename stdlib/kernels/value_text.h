// Text of values, as print, f-strings and sinks show them. Each writes to `out` and returns the number of bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace sluice {

inline constexpr size_t kMaxValueText = 64;  // no int, float, timestamp or duration needs more

size_t write_int(int64_t value, char* out) noexcept;
// The shortest text that reads back as the same float, and always looks like one: 3.0, 1e+20, nan, -inf.
size_t write_float(double value, char* out) noexcept;
// 2024-01-31, of days since 1970.
size_t write_date(int64_t days, char* out) noexcept;
// ISO 8601 in UTC: 2024-01-31T10:00:00Z, with a fraction only when it is not zero.
size_t write_timestamp(int64_t micros, char* out) noexcept;
// As Flow writes durations: 1h30min, -250ms, 0s.
size_t write_duration(int64_t micros, char* out) noexcept;

}  // namespace sluice
