// rt_sink_*: values of a row as text into the buffer of a sink. Which of them a row is made of follows from the sink's
// encoding (json, csv, cells) and was decided when the code was generated.
#include <emmintrin.h>

#include <bit>
#include <cmath>
#include <string>
#include <string_view>

#include "lang/support/decimal.h"
#include "runtime/abi/runtime_functions.h"
#include "runtime/io/sink_buffer.h"
#include "stdlib/kernels/value_text.h"

namespace sluice::abi {
namespace {

SinkBuffer& buffer_of(Ptr context, I32 sink) {
  return sink_buffer(static_cast<TaskContext*>(context), static_cast<uint32_t>(sink));
}

template <class Write>
void put_value(Ptr context, I32 sink, const Write& write) {
  SinkBuffer& buffer = buffer_of(context, sink);
  buffer.advance(write(buffer.reserve(kMaxValueText)));
}

// How the bytes of one encoding are found and replaced: `special` marks the bytes of a vector that cannot stand as
// they are, `escape` writes what stands for one.
struct JsonText {
  static constexpr size_t kMaxEscape = 6;
  static __m128i special(__m128i bytes) {
    const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes);
    const __m128i quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
    const __m128i backslash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
    return _mm_or_si128(control, _mm_or_si128(quote, backslash));
  }
  static bool is_special(uint8_t byte) { return byte < 0x20 || byte == '"' || byte == '\\'; }
  static size_t escape(uint8_t byte, char* out) {
    static constexpr char kHex[] = "0123456789abcdef";
    static constexpr char kShort[] = "uuuuuuuubtnufruu";  // of the bytes 0 to 15; u: none
    out[0] = '\\';
    if (byte == '"' || byte == '\\') return out[1] = static_cast<char>(byte), 2;
    if (byte < 16 && kShort[byte] != 'u') return out[1] = kShort[byte], 2;
    out[1] = 'u';
    out[2] = '0';
    out[3] = '0';
    out[4] = kHex[byte >> 4];
    out[5] = kHex[byte & 15];
    return 6;
  }
};

// Cells are separated by tabs and rows by line ends; a backslash introduces what stands for these.
struct CellText {
  static constexpr size_t kMaxEscape = 2;
  static __m128i special(__m128i bytes) {
    const __m128i tab = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\t'));
    const __m128i line_end = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\n'));
    const __m128i backslash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
    return _mm_or_si128(tab, _mm_or_si128(line_end, backslash));
  }
  static bool is_special(uint8_t byte) { return byte == '\t' || byte == '\n' || byte == '\\'; }
  static size_t escape(uint8_t byte, char* out) {
    out[0] = '\\';
    out[1] = byte == '\t' ? 't' : byte == '\n' ? 'n' : '\\';
    return 2;
  }
};

// Bytes for which a csv field must stand in quotes.
struct CsvText {
  static __m128i special(__m128i bytes) {
    const __m128i comma = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(','));
    const __m128i quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
    const __m128i line_feed = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\n'));
    const __m128i carriage_return = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\r'));
    return _mm_or_si128(_mm_or_si128(comma, quote), _mm_or_si128(line_feed, carriage_return));
  }
  static bool is_special(uint8_t byte) { return byte == ',' || byte == '"' || byte == '\n' || byte == '\r'; }
};

// Position of the first special byte at or behind `at`, or `size`.
template <class Text>
size_t find_special(const char* data, size_t at, size_t size) {
  for (; at + 16 <= size; at += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(data + at));
    if (const int mask = _mm_movemask_epi8(Text::special(bytes)); mask != 0)
      return at + static_cast<size_t>(std::countr_zero(static_cast<uint32_t>(mask)));
  }
  while (at < size && !Text::is_special(static_cast<uint8_t>(data[at]))) ++at;
  return at;
}

template <class Text>
void put_escaped(SinkBuffer& buffer, const char* data, size_t size) {
  size_t done = 0;
  for (;;) {
    const size_t next = find_special<Text>(data, done, size);
    buffer.append(std::string_view(data + done, next - done));
    if (next == size) return;
    buffer.advance(Text::escape(static_cast<uint8_t>(data[next]), buffer.reserve(Text::kMaxEscape)));
    done = next + 1;
  }
}

// A field that a reader could not tell from its surroundings stands in quotes; an empty text too, so that it differs
// from null.
bool wants_quotes(std::string_view text) {
  return text.empty() || find_special<CsvText>(text.data(), 0, text.size()) != text.size();
}

}  // namespace

extern "C" {

void rt_sink_int(Ptr context, I32 sink, I64 value) noexcept {
  put_value(context, sink, [&](char* out) { return write_int(value, out); });
}

void rt_sink_float(Ptr context, I32 sink, F64 value) noexcept {
  put_value(context, sink, [&](char* out) { return write_float(value, out); });
}

void rt_sink_json_float(Ptr context, I32 sink, F64 value) noexcept {
  // JSON has no such numbers; rt_parse_json_float reads these words back.
  if (!std::isfinite(value)) {
    buffer_of(context, sink)
        .append(std::string_view(std::isnan(value) ? "\"NaN\""
                                 : value > 0       ? "\"Infinity\""
                                                   : "\"-Infinity\""));
    return;
  }
  rt_sink_float(context, sink, value);
}

void rt_sink_bool(Ptr context, I32 sink, I8 value) noexcept {
  buffer_of(context, sink).append(std::string_view(value != 0 ? "true" : "false"));
}

void rt_sink_timestamp(Ptr context, I32 sink, I64 value) noexcept {
  put_value(context, sink, [&](char* out) { return write_timestamp(value, out); });
}

void rt_sink_duration(Ptr context, I32 sink, I64 value) noexcept {
  put_value(context, sink, [&](char* out) { return write_duration(value, out); });
}

void rt_sink_date(Ptr context, I32 sink, I64 value) noexcept {
  put_value(context, sink, [&](char* out) { return write_date(value, out); });
}

void rt_sink_decimal(Ptr context, I32 sink, I64 low, I64 high, I32 scale) noexcept {
  static_assert(kMaxDecimalText <= kMaxValueText);
  put_value(context, sink,
            [&](char* out) { return write_decimal(make_int128(low, high), static_cast<uint32_t>(scale), out); });
}

void rt_sink_json_string(Ptr context, I32 sink, Ptr data, I64 size) noexcept {
  SinkBuffer& buffer = buffer_of(context, sink);
  buffer.append('"');
  put_escaped<JsonText>(buffer, static_cast<const char*>(data), static_cast<size_t>(size));
  buffer.append('"');
}

void rt_sink_csv_string(Ptr context, I32 sink, Ptr data, I64 size) noexcept {
  SinkBuffer& buffer = buffer_of(context, sink);
  std::string_view text(static_cast<const char*>(data), static_cast<size_t>(size));
  if (!wants_quotes(text)) return buffer.append(text);
  buffer.append('"');
  for (size_t quote = text.find('"'); quote != std::string_view::npos; quote = text.find('"')) {
    buffer.append(text.substr(0, quote + 1));
    buffer.append('"');
    text.remove_prefix(quote + 1);
  }
  buffer.append(text);
  buffer.append('"');
}

I64 rt_sink_mark(Ptr context, I32 sink) noexcept { return static_cast<I64>(buffer_of(context, sink).size()); }

void rt_sink_csv_field(Ptr context, I32 sink, I64 mark) noexcept {
  std::string text = buffer_of(context, sink).take_behind(static_cast<size_t>(mark));
  rt_sink_csv_string(context, sink, text.data(), static_cast<I64>(text.size()));
}

void rt_sink_cell_string(Ptr context, I32 sink, Ptr data, I64 size) noexcept {
  put_escaped<CellText>(buffer_of(context, sink), static_cast<const char*>(data), static_cast<size_t>(size));
}

}  // extern "C"

}  // namespace sluice::abi
