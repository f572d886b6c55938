// Kernels on texts that look for and cut out parts.
#include <emmintrin.h>

#include <algorithm>
#include <cstring>

#include "runtime/abi/kernel_abi.h"
#include "stdlib/kernels/kernels.h"
#include "stdlib/kernels/utf8.h"

namespace sluice::abi {
namespace {

// memmem wants no null pointers, and an empty part is found at once.
const char* find_part(const char* text, uint64_t size, const char* part, uint64_t part_size) {
  if (part_size == 0) return text;
  if (size < part_size) return nullptr;
  if (part_size == 1) return static_cast<const char*>(std::memchr(text, *part, size));
  return static_cast<const char*>(memmem(text, size, part, part_size));
}

bool is_space(int32_t point) {
  if (point <= 0x20) return point == 0x20 || (point >= 0x09 && point <= 0x0d);
  switch (point) {
    case 0x85:
    case 0xa0:
    case 0x1680:
    case 0x2028:
    case 0x2029:
    case 0x202f:
    case 0x205f:
    case 0x3000:
      return true;
    default:
      return point >= 0x2000 && point <= 0x200a;
  }
}

// `count` characters behind `at`, or `end`.
const char* skip_characters(const char* at, const char* end, uint64_t count) {
  while (count != 0 && at < end) {
    ++at;
    while (at < end && continues_utf8(*at)) ++at;
    --count;
  }
  return at;
}

constexpr uint64_t kLane = 16;

// 0xff in every byte of `text` that begins a character: as signed numbers, those that continue one are below -64.
__m128i character_begins(const char* text) {
  return _mm_cmpgt_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(text)), _mm_set1_epi8(-65));
}

// Counts the characters of a text of at least 16 bytes, 16 bytes at a time; the last step overlaps the one before.
uint64_t count_characters(const char* text, uint64_t size) {
  constexpr uint64_t kStepsPerByte = 255;  // until a byte of the sum could overflow
  __m128i total = _mm_setzero_si128();
  uint64_t at = 0;
  while (size - at >= kLane) {
    const uint64_t end = std::min(size - size % kLane, at + kStepsPerByte * kLane);
    __m128i sum = _mm_setzero_si128();
    for (; at < end; at += kLane) sum = _mm_sub_epi8(sum, character_begins(text + at));
    total = _mm_add_epi64(total, _mm_sad_epu8(sum, _mm_setzero_si128()));
  }
  if (at < size) {
    const __m128i position = _mm_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    const __m128i is_new = _mm_cmpgt_epi8(position, _mm_set1_epi8(static_cast<char>(kLane - (size - at) - 1)));
    const __m128i begins = _mm_and_si128(character_begins(text + size - kLane), is_new);
    total = _mm_add_epi64(total, _mm_sad_epu8(_mm_sub_epi8(_mm_setzero_si128(), begins), _mm_setzero_si128()));
  }
  return static_cast<uint64_t>(_mm_cvtsi128_si64(total) + _mm_cvtsi128_si64(_mm_unpackhi_epi64(total, total)));
}

}  // namespace

extern "C" {

void flow_trim(TaskContext*, StringRef* result, const char* text, uint64_t size) noexcept {
  const char* end = text + size;
  while (text < end) {
    const CodePoint point = decode_utf8(text, end);
    if (!is_space(point.value)) break;
    text += point.size;
  }
  while (text < end) {
    const char* last = end - 1;
    while (last > text && end - last < 4 && continues_utf8(*last)) --last;
    const CodePoint point = decode_utf8(last, end);
    if (last + point.size != end || !is_space(point.value)) break;
    end = last;
  }
  *result = {text, static_cast<uint64_t>(end - text)};
}

int64_t flow_length(TaskContext*, const char* text, uint64_t size) noexcept {
  if (size >= kLane) return static_cast<int64_t>(count_characters(text, size));
  int64_t count = 0;
  for (uint64_t i = 0; i < size; ++i) count += continues_utf8(text[i]) ? 0 : 1;
  return count;
}

uint8_t flow_contains(TaskContext*, const char* text, uint64_t size, const char* part, uint64_t part_size) noexcept {
  return part_size == 0 || find_part(text, size, part, part_size) != nullptr ? 1 : 0;
}

uint8_t flow_starts_with(TaskContext*, const char* text, uint64_t size, const char* part, uint64_t part_size) noexcept {
  return part_size == 0 || (size >= part_size && std::memcmp(text, part, part_size) == 0) ? 1 : 0;
}

uint8_t flow_ends_with(TaskContext*, const char* text, uint64_t size, const char* part, uint64_t part_size) noexcept {
  return part_size == 0 || (size >= part_size && std::memcmp(text + size - part_size, part, part_size) == 0) ? 1 : 0;
}

void flow_replace(TaskContext* context, StringRef* result, const char* text, uint64_t size, const char* old,
                  uint64_t old_size, const char* fresh, uint64_t fresh_size) noexcept {
  *result = {text, size};
  if (old_size == 0) return;
  const char* end = text + size;
  uint64_t found = 0;
  for (const char* at = text; (at = find_part(at, static_cast<uint64_t>(end - at), old, old_size)); at += old_size)
    ++found;
  if (found == 0) return;
  const uint64_t new_size = size - found * old_size + found * fresh_size;
  char* out = scratch_alloc(context, new_size);
  *result = {out, new_size};
  const auto put = [&](const char* data, uint64_t count) {
    if (count == 0) return;
    std::memcpy(out, data, count);
    out += count;
  };
  const char* at = text;
  for (; found != 0; --found) {
    const char* next = find_part(at, static_cast<uint64_t>(end - at), old, old_size);
    put(at, static_cast<uint64_t>(next - at));
    put(fresh, fresh_size);
    at = next + old_size;
  }
  put(at, static_cast<uint64_t>(end - at));
}

void flow_substring(TaskContext*, StringRef* result, const char* text, uint64_t size, int64_t start) noexcept {
  const char* end = text + size;
  const char* begin = start <= 0 ? text : skip_characters(text, end, static_cast<uint64_t>(start));
  *result = {begin, static_cast<uint64_t>(end - begin)};
}

void flow_substring_length(TaskContext*, StringRef* result, const char* text, uint64_t size, int64_t start,
                           int64_t length) noexcept {
  // The range of positions is cut to the text: substring("abc", -1, 2) has position 0 only.
  int64_t stop = 0;
  if (__builtin_add_overflow(start, length, &stop)) stop = length < 0 ? INT64_MIN : INT64_MAX;
  if (start < 0) start = 0;
  const char* end = text + size;
  const char* begin = skip_characters(text, end, static_cast<uint64_t>(start));
  const char* last = stop <= start ? begin : skip_characters(begin, end, static_cast<uint64_t>(stop - start));
  *result = {begin, static_cast<uint64_t>(last - begin)};
}

}  // extern "C"

}  // namespace sluice::abi
