// The kernels of functions.def: C++ bodies of functions that Flow programs call. kernel_registry.cpp checks that each
// has the C signature that its Flow signature calls for (runtime/abi/kernel_abi.h).
#pragma once

#include <cstdint>

#include "runtime/abi/layout.h"

namespace sluice::abi {

extern "C" {
// ---- text.cpp, text_case.cpp, text_split.cpp ----
void flow_lower(TaskContext* context, StringRef* result, const char* text, uint64_t size) noexcept;
void flow_upper(TaskContext* context, StringRef* result, const char* text, uint64_t size) noexcept;
void flow_trim(TaskContext* context, StringRef* result, const char* text, uint64_t size) noexcept;
int64_t flow_length(TaskContext* context, const char* text, uint64_t size) noexcept;
uint8_t flow_contains(TaskContext* context, const char* text, uint64_t size, const char* part,
                      uint64_t part_size) noexcept;
uint8_t flow_starts_with(TaskContext* context, const char* text, uint64_t size, const char* part,
                         uint64_t part_size) noexcept;
uint8_t flow_ends_with(TaskContext* context, const char* text, uint64_t size, const char* part,
                       uint64_t part_size) noexcept;
void flow_replace(TaskContext* context, StringRef* result, const char* text, uint64_t size, const char* old,
                  uint64_t old_size, const char* fresh, uint64_t fresh_size) noexcept;
void flow_substring(TaskContext* context, StringRef* result, const char* text, uint64_t size, int64_t start) noexcept;
void flow_substring_length(TaskContext* context, StringRef* result, const char* text, uint64_t size, int64_t start,
                           int64_t length) noexcept;
void flow_split(TaskContext* context, ListRef* result, const char* text, uint64_t size, const char* separator,
                uint64_t separator_size) noexcept;
void flow_regex_split(TaskContext* context, ListRef* result, const char* text, uint64_t size, const char* pattern,
                      uint64_t pattern_size) noexcept;
void flow_words(TaskContext* context, ListRef* result, const char* text, uint64_t size) noexcept;
uint8_t flow_split_part(TaskContext* context, StringRef* result, const char* text, uint64_t size, const char* separator,
                        uint64_t separator_size, int64_t index) noexcept;
int64_t flow_len(TaskContext* context, const void* list, uint64_t count) noexcept;

// ---- text_parts.cpp ----
int64_t flow_count_of(TaskContext* context, const char* text, uint64_t size, const char* part,
                      uint64_t part_size) noexcept;
uint8_t flow_position(TaskContext* context, int64_t* result, const char* text, uint64_t size, const char* part,
                      uint64_t part_size) noexcept;
void flow_left(TaskContext* context, StringRef* result, const char* text, uint64_t size, int64_t count) noexcept;
void flow_right(TaskContext* context, StringRef* result, const char* text, uint64_t size, int64_t count) noexcept;
void flow_pad_left(TaskContext* context, StringRef* result, const char* text, uint64_t size, int64_t width,
                   const char* filling, uint64_t filling_size) noexcept;
void flow_pad_right(TaskContext* context, StringRef* result, const char* text, uint64_t size, int64_t width,
                    const char* filling, uint64_t filling_size) noexcept;
void flow_repeat(TaskContext* context, StringRef* result, const char* text, uint64_t size, int64_t count) noexcept;
void flow_join(TaskContext* context, StringRef* result, const void* list, uint64_t count, const char* separator,
               uint64_t separator_size) noexcept;

// ---- text_regex.cpp ----
uint8_t flow_matches(TaskContext* context, const char* text, uint64_t size, const char* pattern,
                     uint64_t pattern_size) noexcept;
uint8_t flow_regex_extract(TaskContext* context, StringRef* result, const char* text, uint64_t size,
                           const char* pattern, uint64_t pattern_size) noexcept;
uint8_t flow_regex_extract_group(TaskContext* context, StringRef* result, const char* text, uint64_t size,
                                 const char* pattern, uint64_t pattern_size, int64_t group) noexcept;
void flow_regex_replace(TaskContext* context, StringRef* result, const char* text, uint64_t size, const char* pattern,
                        uint64_t pattern_size, const char* fresh, uint64_t fresh_size) noexcept;

// ---- format_time.cpp ----
void flow_format_time(TaskContext* context, StringRef* result, int64_t time, const char* pattern,
                      uint64_t pattern_size) noexcept;

// ---- values.cpp ----
uint8_t flow_parse_int(TaskContext* context, int64_t* result, const char* text, uint64_t size) noexcept;
uint8_t flow_parse_float(TaskContext* context, double* result, const char* text, uint64_t size) noexcept;
uint8_t flow_parse_bool(TaskContext* context, uint8_t* result, const char* text, uint64_t size) noexcept;
uint8_t flow_parse_timestamp(TaskContext* context, int64_t* result, const char* text, uint64_t size) noexcept;
uint8_t flow_parse_date(TaskContext* context, int64_t* result, const char* text, uint64_t size) noexcept;
uint8_t flow_parse_duration(TaskContext* context, int64_t* result, const char* text, uint64_t size) noexcept;

int64_t flow_abs_int(TaskContext* context, int64_t x) noexcept;
double flow_abs_float(TaskContext* context, double x) noexcept;
double flow_round(TaskContext* context, double x) noexcept;
double flow_round_digits(TaskContext* context, double x, int64_t digits) noexcept;
double flow_floor(TaskContext* context, double x) noexcept;
double flow_ceil(TaskContext* context, double x) noexcept;
double flow_sqrt(TaskContext* context, double x) noexcept;

int64_t flow_now(TaskContext* context) noexcept;
int64_t flow_year(TaskContext* context, int64_t time) noexcept;
int64_t flow_month(TaskContext* context, int64_t time) noexcept;
int64_t flow_day(TaskContext* context, int64_t time) noexcept;
int64_t flow_hour(TaskContext* context, int64_t time) noexcept;
int64_t flow_minute(TaskContext* context, int64_t time) noexcept;
int64_t flow_second(TaskContext* context, int64_t time) noexcept;
int64_t flow_weekday(TaskContext* context, int64_t time) noexcept;
int64_t flow_floor_to(TaskContext* context, int64_t time, int64_t step) noexcept;
}

}  // namespace sluice::abi
