// split and regex_split.
#include <cstring>

#include "runtime/abi/kernel_abi.h"
#include "stdlib/kernels/kernels.h"
#include "stdlib/kernels/pattern_cache.h"
#include "stdlib/kernels/string_list.h"
#include "stdlib/kernels/utf8.h"

namespace sluice::abi {
namespace {

// Where the bytes of `part`, at least one, stand next.
const char* find_bytes(const char* text, const char* end, const char* part, uint64_t part_size) {
  const auto left = static_cast<uint64_t>(end - text);
  if (left < part_size) return nullptr;
  if (part_size == 1) return static_cast<const char*>(std::memchr(text, *part, left));
  return static_cast<const char*>(memmem(text, left, part, part_size));
}

void split_characters(StringList& pieces, const char* text, const char* end) {
  while (text < end) {
    const char* next = text + 1;
    while (next < end && continues_utf8(*next)) ++next;
    pieces.add(text, static_cast<uint64_t>(next - text));
    text = next;
  }
}

}  // namespace

extern "C" {

void flow_split(TaskContext* context, ListRef* result, const char* text, uint64_t size, const char* separator,
                uint64_t separator_size) noexcept {
  const char* end = text + size;
  StringList pieces(context, separator_size == 0 ? size : size / 16 + 8);
  if (separator_size == 0) {
    split_characters(pieces, text, end);
    *result = pieces.list();
    return;
  }
  for (;;) {
    const char* at = find_bytes(text, end, separator, separator_size);
    if (at == nullptr) break;
    pieces.add(text, static_cast<uint64_t>(at - text));
    text = at + separator_size;
  }
  pieces.add(text, static_cast<uint64_t>(end - text));
  *result = pieces.list();
}

void flow_regex_split(TaskContext* context, ListRef* result, const char* text, uint64_t size, const char* pattern,
                      uint64_t pattern_size) noexcept {
  *result = {nullptr, 0};
  const re2::RE2* regex = PatternCache::find(context, pattern, pattern_size);
  if (regex == nullptr) return;
  const re2::StringPiece whole(text, size);
  StringList pieces(context, size / 16 + 8);
  size_t piece = 0;   // where the current piece begins
  size_t search = 0;  // where to look for the next match
  re2::StringPiece match;
  while (search < size && regex->Match(whole, search, size, re2::RE2::UNANCHORED, &match, 1)) {
    const auto begin = static_cast<size_t>(match.data() - text);
    if (match.empty()) {  // separates nothing; look on behind the next character
      search = begin + 1;
      while (search < size && continues_utf8(text[search])) ++search;
      continue;
    }
    pieces.add(text + piece, begin - piece);
    piece = search = begin + match.size();
  }
  pieces.add(text + piece, size - piece);
  *result = pieces.list();
}

uint8_t flow_split_part(TaskContext*, StringRef* result, const char* text, uint64_t size, const char* separator,
                        uint64_t separator_size, int64_t index) noexcept {
  if (index < 0) return 0;
  if (separator_size == 0) {
    if (index > 0) return 0;
    *result = {text, size};
    return 1;
  }
  const char* end = text + size;
  for (;;) {
    const char* next = find_bytes(text, end, separator, separator_size);
    if (index == 0) {
      *result = {text, static_cast<uint64_t>((next == nullptr ? end : next) - text)};
      return 1;
    }
    if (next == nullptr) return 0;
    text = next + separator_size;
    --index;
  }
}

int64_t flow_len(TaskContext*, const void*, uint64_t count) noexcept { return static_cast<int64_t>(count); }

}  // extern "C"

}  // namespace sluice::abi
