// Kernels that count, cut off and fill up: count_of, position, left, right, pad_left, pad_right, repeat, join.
#include <emmintrin.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "runtime/abi/kernel_abi.h"
#include "stdlib/kernels/kernels.h"
#include "stdlib/kernels/utf8.h"

namespace sluice::abi {
namespace {

constexpr uint64_t kLane = 16;
constexpr uint64_t kMaxText = uint64_t{1} << 30;  // what pad and repeat may make

// Occurrences of one byte, 16 at a time. Strings have kStringSlack readable bytes behind them, so the last step may
// read beyond the end; what it finds there is masked out.
uint64_t count_byte(const char* text, uint64_t size, char wanted) {
  static_assert(kStringSlack >= kLane);
  constexpr uint64_t kStepsPerByte = 255;  // until a byte of the sum could overflow
  const __m128i pattern = _mm_set1_epi8(wanted);
  const auto equal = [&](uint64_t at) {
    return _mm_cmpeq_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(text + at)), pattern);
  };
  __m128i total = _mm_setzero_si128();
  uint64_t at = 0;
  while (size - at >= kLane) {
    const uint64_t end = std::min(size - size % kLane, at + kStepsPerByte * kLane);
    __m128i sum = _mm_setzero_si128();
    for (; at < end; at += kLane) sum = _mm_sub_epi8(sum, equal(at));
    total = _mm_add_epi64(total, _mm_sad_epu8(sum, _mm_setzero_si128()));
  }
  auto count = static_cast<uint64_t>(_mm_cvtsi128_si64(total) + _mm_cvtsi128_si64(_mm_unpackhi_epi64(total, total)));
  if (at < size) {
    const auto mask = static_cast<uint32_t>(_mm_movemask_epi8(equal(at))) & ((1u << (size - at)) - 1);
    count += static_cast<uint64_t>(std::popcount(mask));
  }
  return count;
}

uint64_t character_count(TaskContext* context, const char* text, uint64_t size) {
  return static_cast<uint64_t>(flow_length(context, text, size));
}

const char* skip_characters(const char* at, const char* end, uint64_t count) {
  for (; count != 0 && at < end; --count) {
    ++at;
    while (at < end && continues_utf8(*at)) ++at;
  }
  return at;
}

// The filling of `count` characters, repeated and cut as needed, at `out`; returns its bytes. `out` may be null to ask
// only for those.
uint64_t fill(char* out, uint64_t count, const char* text, uint64_t size) {
  uint64_t bytes = 0;
  const char* at = text;
  const char* end = text + size;
  for (; count != 0; --count) {
    if (at == end) at = text;
    const char* next = skip_characters(at, end, 1);
    const auto step = static_cast<uint64_t>(next - at);
    if (out != nullptr) std::memcpy(out + bytes, at, step);
    bytes += step;
    at = next;
  }
  return bytes;
}

void pad(TaskContext* context, StringRef* result, StringRef text, int64_t width, StringRef filling, bool in_front) {
  *result = text;
  const uint64_t length = character_count(context, text.data, text.size);
  if (width <= 0 || static_cast<uint64_t>(width) <= length || filling.size == 0) return;
  const uint64_t missing = static_cast<uint64_t>(width) - length;
  if (missing > kMaxText) return raise_text(context, "the padded text would be longer than 1 GiB");
  const uint64_t added = fill(nullptr, missing, filling.data, filling.size);
  char* out = scratch_alloc(context, text.size + added);
  fill(out + (in_front ? 0 : text.size), missing, filling.data, filling.size);
  if (text.size != 0) std::memcpy(out + (in_front ? added : 0), text.data, text.size);
  *result = {out, text.size + added};
}

}  // namespace

extern "C" {

int64_t flow_count_of(TaskContext*, const char* text, uint64_t size, const char* part, uint64_t part_size) noexcept {
  if (part_size == 0 || size < part_size) return 0;
  if (part_size == 1) return static_cast<int64_t>(count_byte(text, size, *part));
  int64_t count = 0;
  const char* end = text + size;
  while (const void* found = memmem(text, static_cast<uint64_t>(end - text), part, part_size)) {
    ++count;
    text = static_cast<const char*>(found) + part_size;
  }
  return count;
}

uint8_t flow_position(TaskContext* context, int64_t* result, const char* text, uint64_t size, const char* part,
                      uint64_t part_size) noexcept {
  const void* found = part_size == 0 ? text : size < part_size ? nullptr : memmem(text, size, part, part_size);
  if (part_size != 0 && found == nullptr) return 0;
  const auto bytes = static_cast<uint64_t>(static_cast<const char*>(found) - text);
  *result = static_cast<int64_t>(character_count(context, text, bytes));
  return 1;
}

void flow_left(TaskContext*, StringRef* result, const char* text, uint64_t size, int64_t count) noexcept {
  const char* end = count <= 0 ? text : skip_characters(text, text + size, static_cast<uint64_t>(count));
  *result = {text, static_cast<uint64_t>(end - text)};
}

void flow_right(TaskContext*, StringRef* result, const char* text, uint64_t size, int64_t count) noexcept {
  const char* begin = text + size;
  for (; count > 0 && begin > text; --count) {
    --begin;
    while (begin > text && continues_utf8(*begin)) --begin;
  }
  *result = {begin, static_cast<uint64_t>(text + size - begin)};
}

void flow_pad_left(TaskContext* context, StringRef* result, const char* text, uint64_t size, int64_t width,
                   const char* filling, uint64_t filling_size) noexcept {
  pad(context, result, {text, size}, width, {filling, filling_size}, true);
}

void flow_pad_right(TaskContext* context, StringRef* result, const char* text, uint64_t size, int64_t width,
                    const char* filling, uint64_t filling_size) noexcept {
  pad(context, result, {text, size}, width, {filling, filling_size}, false);
}

void flow_repeat(TaskContext* context, StringRef* result, const char* text, uint64_t size, int64_t count) noexcept {
  *result = {text, 0};
  if (size == 0 || count <= 0) return;
  uint64_t total = 0;
  if (__builtin_mul_overflow(size, static_cast<uint64_t>(count), &total) || total > kMaxText)
    return raise_text(context, "the repeated text would be longer than 1 GiB");
  char* out = scratch_alloc(context, total);
  for (uint64_t at = 0; at < total; at += size) std::memcpy(out + at, text, size);
  *result = {out, total};
}

void flow_join(TaskContext* context, StringRef* result, const void* list, uint64_t count, const char* separator,
               uint64_t separator_size) noexcept {
  const auto* texts = static_cast<const StringRef*>(list);
  uint64_t total = count == 0 ? 0 : (count - 1) * separator_size;
  for (uint64_t i = 0; i < count; ++i) total += texts[i].size;
  char* out = scratch_alloc(context, total);
  *result = {out, total};
  const auto put = [&](const char* data, uint64_t size) {
    if (size != 0) std::memcpy(out, data, size);
    out += size;
  };
  for (uint64_t i = 0; i < count; ++i) {
    if (i != 0) put(separator, separator_size);
    put(texts[i].data, texts[i].size);
  }
}

}  // extern "C"

}  // namespace sluice::abi
