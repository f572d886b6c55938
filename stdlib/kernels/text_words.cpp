// words: classifies 64 bytes at a time into one bit each, then reads words off the bits.
#include <emmintrin.h>

#include <algorithm>
#include <bit>
#include <iterator>
#include <vector>

#include "runtime/abi/kernel_abi.h"
#include "stdlib/kernels/kernels.h"
#include "stdlib/kernels/string_list.h"
#include "stdlib/kernels/utf8.h"

namespace sluice::abi {
namespace {

struct Range {
  int32_t first;
  int32_t last;
};
constexpr Range kAlnumRanges[] = {
#include "stdlib/kernels/alnum_ranges.inc"
};

// One bit per code point of the basic plane; others are rare enough for a search in the ranges.
class AlnumTable {
 public:
  AlnumTable() : bits_(0x10000 / 64) {
    for (const Range& range : kAlnumRanges)
      for (int32_t point = range.first; point <= range.last && point < 0x10000; ++point)
        bits_[static_cast<size_t>(point) / 64] |= uint64_t{1} << (point % 64);
  }
  [[nodiscard]] bool contains(int32_t point) const {
    if (point < 0) return false;
    if (point < 0x10000) return (bits_[static_cast<size_t>(point) / 64] >> (point % 64) & 1) != 0;
    const auto* range = std::ranges::lower_bound(kAlnumRanges, point, {}, &Range::last);
    return range != std::end(kAlnumRanges) && range->first <= point;
  }

 private:
  std::vector<uint64_t> bits_;
};

struct BlockMasks {
  uint64_t alnum;  // ASCII letters and digits
  uint64_t not_ascii;
};

// Of the first `size` bytes, at most 64. Reads 16 at a time: strings have as many more readable bytes.
BlockMasks classify(const char* block, uint64_t size) {
  static_assert(kStringSlack >= sizeof(__m128i));
  BlockMasks masks{0, 0};
  for (uint64_t at = 0; at < size; at += sizeof(__m128i)) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(block + at));
    const auto is_below = [](__m128i value, char limit) {  // unsigned value <= limit
      return _mm_cmpeq_epi8(_mm_min_epu8(value, _mm_set1_epi8(limit)), value);
    };
    const __m128i digit = is_below(_mm_sub_epi8(bytes, _mm_set1_epi8('0')), 9);
    const __m128i lower = _mm_or_si128(bytes, _mm_set1_epi8(0x20));
    const __m128i letter = is_below(_mm_sub_epi8(lower, _mm_set1_epi8('a')), 25);
    const auto alnum = static_cast<uint32_t>(_mm_movemask_epi8(_mm_or_si128(digit, letter)));
    const auto high = static_cast<uint32_t>(_mm_movemask_epi8(bytes));
    masks.alnum |= uint64_t{alnum} << at;
    masks.not_ascii |= uint64_t{high} << at;
  }
  const uint64_t is_of_text = ~uint64_t{0} >> (64 - size);
  return {masks.alnum & is_of_text, masks.not_ascii & is_of_text};
}

// Turns characters beyond ASCII into bits, one per byte; a character may reach from one block into the next.
class WideClassifier {
 public:
  WideClassifier(const char* begin, const char* end) : begin_(begin), end_(end) {}

  uint64_t bits(uint64_t base, uint64_t not_ascii) {
    uint64_t result = 0;
    while (not_ascii != 0) {
      const auto position = static_cast<uint64_t>(std::countr_zero(not_ascii));
      not_ascii &= not_ascii - 1;
      const uint64_t at = base + position;
      if (at >= behind_) {
        const CodePoint point = decode_utf8(begin_ + at, end_);
        static const AlnumTable table;
        is_alnum_ = table.contains(point.value);
        behind_ = at + point.size;
      }
      if (is_alnum_) result |= uint64_t{1} << position;
    }
    return result;
  }

 private:
  const char* begin_;
  const char* end_;
  uint64_t behind_ = 0;  // the byte behind the last character decoded
  bool is_alnum_ = false;
};

}  // namespace

extern "C" {

void flow_words(TaskContext* context, ListRef* result, const char* text, uint64_t size) noexcept {
  StringList words(context, size / 8 + 8);
  WideClassifier wide(text, text + size);
  const char* word = nullptr;  // begin of the word that is open
  uint64_t carry = 0;          // was the last byte of the previous block part of a word?
  for (uint64_t base = 0; base < size; base += 64) {
    const BlockMasks masks =
        size - base >= 64 ? classify(text + base, 64) : classify(text + base, size - base);  // the usual one unrolled
    uint64_t bits = masks.alnum;
    if (masks.not_ascii != 0) bits |= wide.bits(base, masks.not_ascii);
    uint64_t edges = bits ^ (bits << 1 | carry);
    carry = bits >> 63;
    words.reserve(33);
    while (edges != 0) {
      const char* edge = text + base + std::countr_zero(edges);
      edges &= edges - 1;
      if (word == nullptr) {
        word = edge;
      } else {
        words.add_unchecked(word, static_cast<uint64_t>(edge - word));
        word = nullptr;
      }
    }
  }
  if (word != nullptr) words.add(word, static_cast<uint64_t>(text + size - word));
  *result = words.list();
}

}  // extern "C"

}  // namespace sluice::abi
