// lower and upper: ASCII in vectors, other letters by utf8proc.
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

struct Survey {
  bool is_ascii;
  bool has_change;  // some ASCII letter changes
};

template <char First>
Survey survey(const char* text, uint64_t size) {
  uint8_t all = 0;
  uint8_t any = 0;
  for (uint64_t i = 0; i < size; ++i) {
    const auto byte = static_cast<uint8_t>(text[i]);
    all |= byte;
    any |= static_cast<uint8_t>(changes<First>(byte) ? 1 : 0);
  }
  return {all < 0x80, any != 0};
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
  const Survey found = survey<First>(text, size);
  if (!found.is_ascii) {
    // A two-byte letter may become one of three bytes (U+023A); no letter grows more than that.
    char* out = scratch_alloc(context, 2 * size);
    *result = {out, convert_unicode<First, Convert>(text, size, out)};
    return;
  }
  if (!found.has_change) {
    *result = {text, size};
    return;
  }
  char* out = scratch_alloc(context, size);
  for (uint64_t i = 0; i < size; ++i) {
    const auto byte = static_cast<uint8_t>(text[i]);
    out[i] = static_cast<char>(byte ^ (changes<First>(byte) ? 0x20 : 0));
  }
  *result = {out, size};
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
