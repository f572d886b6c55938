// lower and upper: ASCII in vectors, other letters by utf8proc.
#include <emmintrin.h>
#include <utf8proc.h>

#include <cstring>

#include "runtime/abi/kernel_abi.h"
#include "stdlib/kernels/kernels.h"
#include "stdlib/kernels/utf8.h"

namespace sluice::abi {
namespace {

// `First` is 'A' or 'a': the letters that change.
template <char First>
bool changes(uint8_t byte) {
  return static_cast<uint8_t>(byte - First) < 26;
}

struct Conversion {
  bool is_ascii;    // all of it: else the result is of no use
  bool has_change;  // some letter changed
};

// Text to `out`, 16 bytes at a time: both have as many more bytes behind their end.
template <char First>
Conversion convert_ascii(const char* text, uint64_t size, char* out) {
  static_assert(kStringSlack >= sizeof(__m128i));
  const auto is_below = [](__m128i value, char limit) {  // unsigned value <= limit
    return _mm_cmpeq_epi8(_mm_min_epu8(value, _mm_set1_epi8(limit)), value);
  };
  __m128i bytes;
  __m128i letters;
  const auto convert = [&](uint64_t at) {
    bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text + at));
    letters = is_below(_mm_sub_epi8(bytes, _mm_set1_epi8(First)), 25);
    const __m128i changed = _mm_xor_si128(bytes, _mm_and_si128(letters, _mm_set1_epi8(0x20)));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out + at), changed);
  };
  __m128i all_bytes = _mm_setzero_si128();
  __m128i all_letters = _mm_setzero_si128();
  uint64_t at = 0;
  for (; at + sizeof(__m128i) <= size; at += sizeof(__m128i)) {
    convert(at);
    all_bytes = _mm_or_si128(all_bytes, bytes);
    all_letters = _mm_or_si128(all_letters, letters);
  }
  int not_ascii = _mm_movemask_epi8(all_bytes);
  int changed = _mm_movemask_epi8(all_letters);
  if (at < size) {
    const int is_of_text = (1 << (size - at)) - 1;
    convert(at);
    not_ascii |= _mm_movemask_epi8(bytes) & is_of_text;
    changed |= _mm_movemask_epi8(letters) & is_of_text;
  }
  return {not_ascii == 0, changed != 0};
}

template <char First, utf8proc_int32_t (*Convert)(utf8proc_int32_t)>
uint64_t convert_unicode(const char* text, uint64_t size, char* out) {
  const char* end = text + size;
  char* begin = out;
  while (text < end) {
    const auto byte = static_cast<uint8_t>(*text);
    if (byte < 0x80) {
      *out++ = static_cast<char>(changes<First>(byte) ? byte ^ 0x20 : byte);
      text += 1;
      continue;
    }
    const CodePoint point = decode_utf8(text, end);
    if (point.value < 0) {
      *out++ = *text;
    } else {
      out += encode_utf8(static_cast<uint32_t>(Convert(point.value)), out);
    }
    text += point.size;
  }
  return static_cast<uint64_t>(out - begin);
}

template <char First, utf8proc_int32_t (*Convert)(utf8proc_int32_t)>
void change_case(TaskContext* context, StringRef* result, const char* text, uint64_t size) {
  char* out = scratch_alloc(context, size + kStringSlack);
  const Conversion conversion = convert_ascii<First>(text, size, out);
  if (conversion.is_ascii) {
    *result = {conversion.has_change ? out : text, size};
    return;
  }
  // A two-byte letter may become one of three bytes (U+023A); no letter grows more than that.
  out = scratch_alloc(context, 2 * size);
  *result = {out, convert_unicode<First, Convert>(text, size, out)};
}

// Unicode's mapping of one character to one knows no upper case of ß; utf8proc would make it the rare ẞ.
utf8proc_int32_t to_upper(utf8proc_int32_t point) { return point == 0xdf ? point : utf8proc_toupper(point); }

}  // namespace

extern "C" {

void flow_lower(TaskContext* context, StringRef* result, const char* text, uint64_t size) noexcept {
  change_case<'A', utf8proc_tolower>(context, result, text, size);
}

void flow_upper(TaskContext* context, StringRef* result, const char* text, uint64_t size) noexcept {
  change_case<'a', to_upper>(context, result, text, size);
}

}  // extern "C"

}  // namespace sluice::abi
