#include "stdlib/connectors/record_format.h"

#include <simdjson.h>

#include <algorithm>

#include "lang/source/diagnostics.h"
#include "stdlib/kernels/utf8.h"

namespace sluice {

uint64_t invalid_utf8_at(const char* data, const char* end) {
  const char* at = data;
  while (at < end) {
    const CodePoint point = decode_utf8(at, end);
    if (point.value < 0) break;
    at += point.size;
  }
  return static_cast<uint64_t>(at - data);
}

void check_utf8(ChunkBuffer& chunk) {
  const char* data = chunk.view.data;
  if (simdjson::validate_utf8(data, chunk.view.size)) return;
  const uint64_t position = invalid_utf8_at(data, data + chunk.view.size);
  if (!chunk.error_code.empty() && chunk.error_position < position) return;  // another error comes first
  const uint32_t* starts = chunk.view.starts;
  const auto* behind = std::upper_bound(starts, starts + chunk.view.row_count, position);
  if (behind != starts) chunk.view.row_count = static_cast<uint64_t>(behind - starts) - 1;
  chunk.error_code = diag::R0204.code;
  chunk.error_message = diag::R0204.format;
  chunk.error_position = position;
}

}  // namespace sluice
