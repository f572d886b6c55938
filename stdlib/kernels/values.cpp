// Kernels of functions.def that read a value from text, and those on numbers and times.
#include <cmath>

#include "lang/support/civil_time.h"
#include "runtime/abi/kernel_abi.h"
#include "runtime/abi/runtime_functions.h"
#include "stdlib/kernels/kernels.h"
#include "stdlib/kernels/round_to.h"

namespace sluice::abi {
namespace {

// The ABI of generated code has no const pointers.
Ptr bytes_of(const char* text) { return const_cast<char*>(text); }

int64_t second_of_day(int64_t time) { return floor_mod(time, kMicrosPerDay) / kMicrosPerSecond; }
CivilDate date_of_time(int64_t time) { return date_of(floor_div(time, kMicrosPerDay)); }

}  // namespace

extern "C" {

uint8_t flow_parse_int(TaskContext*, int64_t* result, const char* text, uint64_t size) noexcept {
  return rt_parse_int(bytes_of(text), static_cast<I64>(size), result);
}
uint8_t flow_parse_float(TaskContext*, double* result, const char* text, uint64_t size) noexcept {
  return rt_parse_float(bytes_of(text), static_cast<I64>(size), result);
}
uint8_t flow_parse_bool(TaskContext*, uint8_t* result, const char* text, uint64_t size) noexcept {
  return rt_parse_bool(bytes_of(text), static_cast<I64>(size), result);
}
uint8_t flow_parse_timestamp(TaskContext*, int64_t* result, const char* text, uint64_t size) noexcept {
  return rt_parse_timestamp(bytes_of(text), static_cast<I64>(size), result);
}
uint8_t flow_parse_date(TaskContext*, int64_t* result, const char* text, uint64_t size) noexcept {
  return rt_parse_date(bytes_of(text), static_cast<I64>(size), result);
}
uint8_t flow_parse_duration(TaskContext*, int64_t* result, const char* text, uint64_t size) noexcept {
  return rt_parse_duration(bytes_of(text), static_cast<I64>(size), result);
}

int64_t flow_abs_int(TaskContext* context, int64_t x) noexcept {
  if (x == INT64_MIN) {
    raise_text(context, "abs(-9223372036854775808) does not fit an int");
    return 0;
  }
  return x < 0 ? -x : x;
}
double flow_abs_float(TaskContext*, double x) noexcept { return std::fabs(x); }
double flow_round(TaskContext*, double x) noexcept { return std::round(x); }
double flow_round_digits(TaskContext*, double x, int64_t digits) noexcept { return round_to(x, digits); }
double flow_floor(TaskContext*, double x) noexcept { return std::floor(x); }
double flow_ceil(TaskContext*, double x) noexcept { return std::ceil(x); }
double flow_sqrt(TaskContext*, double x) noexcept { return std::sqrt(x); }

// All rows of a unit have one time: a clock is not asked for each.
int64_t flow_now(TaskContext* context) noexcept { return context->wall_time; }
int64_t flow_year(TaskContext*, int64_t time) noexcept { return date_of_time(time).year; }
int64_t flow_month(TaskContext*, int64_t time) noexcept { return date_of_time(time).month; }
int64_t flow_day(TaskContext*, int64_t time) noexcept { return date_of_time(time).day; }
int64_t flow_hour(TaskContext*, int64_t time) noexcept { return second_of_day(time) / 3600; }
int64_t flow_minute(TaskContext*, int64_t time) noexcept { return second_of_day(time) / 60 % 60; }
int64_t flow_second(TaskContext*, int64_t time) noexcept { return second_of_day(time) % 60; }
int64_t flow_weekday(TaskContext*, int64_t time) noexcept {
  return floor_mod(floor_div(time, kMicrosPerDay) + 3, 7) + 1;  // 1970-01-01 was a Thursday
}
int64_t flow_floor_to(TaskContext* context, int64_t time, int64_t step) noexcept {
  int64_t result = 0;
  if (step <= 0) {
    raise_text(context, "the step of floor_to must be more than 0s");
  } else if (__builtin_mul_overflow(floor_div(time, step), step, &result)) {
    raise_text(context, "the begin of this step is too long ago for a timestamp");
  }
  return result;
}

}  // extern "C"

}  // namespace sluice::abi
