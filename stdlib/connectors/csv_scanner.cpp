#include "stdlib/connectors/csv_scanner.h"

#include <cstring>

#include "stdlib/connectors/newlines.h"
#include "stdlib/connectors/simd.h"

namespace sluice {
namespace {

// What the bytes of one block are.
struct Block {
  uint64_t quotes;
  uint64_t ends;      // delimiters and line ends outside of quotes
  uint64_t newlines;  // line ends outside of quotes
};

class Scanner {
 public:
  Scanner(const CsvDialect& dialect, const char* data, uint64_t size, uint64_t field_count,
          std::vector<uint32_t>& index, std::vector<uint32_t>& starts)
      : dialect_(dialect),
        data_(data),
        size_(size),
        field_count_(field_count),
        record_end_(field_count - 1),
        takes_blank_(dialect.blank_is_record && field_count == 1),
        index_(index),
        starts_(starts) {}

  template <class Simd>
  SLUICE_ALWAYS_INLINE CsvScan run() {
    for (uint64_t base = 0; base < size_ && scan_.fault == CsvFault::None; base += 64) {
      const char* bytes = data_ + base;
      const uint64_t valid = size_ - base >= 64 ? ~uint64_t{0} : (uint64_t{1} << (size_ - base)) - 1;
      Block block{};
      block.newlines = Simd::equal(bytes, '\n') & valid;
      block.ends = (Simd::equal(bytes, dialect_.delimiter) & valid) | block.newlines;
      block.quotes = dialect_.has_quotes ? Simd::equal(bytes, dialect_.quote) & valid : 0;
      if ((block.quotes | inside_ | after_close_) != 0) {
        const uint64_t inside = Simd::prefix_xor(block.quotes) ^ inside_;
        block.ends &= ~inside;
        block.newlines &= ~inside;
        check_quotes(base, block, inside);
        // Arithmetic shift: all ones when the block ends inside of quotes.
        inside_ = static_cast<uint64_t>(static_cast<int64_t>(inside) >> 63);
      }
      after_end_ = block.ends >> 63;
      take(base, block);
    }
    if (scan_.fault == CsvFault::None && inside_ != 0) fail_open_quote();
    return scan_;
  }

 private:
  // A quote that opens must follow the end of a field, or a quote that closed (then the two stand for one quote). What
  // follows a closing quote must be an end, or a quote that opens again.
  SLUICE_ALWAYS_INLINE void check_quotes(uint64_t base, Block& block, uint64_t inside) {
    const uint64_t opening = block.quotes & inside;
    const uint64_t closing = block.quotes & ~inside;
    const uint64_t after_close = closing << 1 | after_close_;
    const uint64_t misplaced = opening & ~(block.ends << 1 | after_end_ | after_close);
    const uint64_t trailing = after_close & ~(block.ends | opening);
    after_close_ = closing >> 63;
    if ((misplaced | trailing) != 0) find_fault(base, block, misplaced, trailing);
  }

  // The first byte that is really wrong: a '\r' behind a closing quote is not when it belongs to a line end. Hides what
  // follows a fault, so that only the records before it are taken.
  void find_fault(uint64_t base, Block& block, uint64_t misplaced, uint64_t trailing) {
    for (uint64_t bits = misplaced | trailing; bits != 0; bits &= bits - 1) {
      const auto bit = static_cast<uint64_t>(std::countr_zero(bits));
      const uint64_t position = base + bit;
      if (position >= size_) return;  // the quote closed at the end of the bytes
      const bool is_trailing = (trailing >> bit & 1) != 0;
      if (is_trailing && data_[position] == '\r' && position + 1 < size_ && data_[position + 1] == '\n') continue;
      scan_.fault = is_trailing ? CsvFault::TextAfterQuote : CsvFault::QuoteInside;
      scan_.fault_position = position;
      const uint64_t before = (uint64_t{1} << bit) - 1;
      block.ends &= before;
      block.newlines &= before;
      return;
    }
  }

  // Enters the ends of fields and checks at every line end that the record has as many as it should.
  SLUICE_ALWAYS_INLINE void take(uint64_t base, Block block) {
    ensure_size(index_, count_ + 73);
    uint32_t* const entries = index_.data() + 1;
    ensure_size(starts_, scan_.rows + 64);
    write_positions(block.ends, static_cast<uint32_t>(base), entries + count_);
    while (block.newlines != 0) {
      const uint64_t bit = block.newlines & (0 - block.newlines);
      block.newlines ^= bit;
      const uint64_t end = base + static_cast<uint64_t>(std::countr_zero(bit));
      const uint64_t entry = count_ + static_cast<uint64_t>(std::popcount(block.ends & (bit - 1)));
      const uint64_t text_end = end - (end > start_ && data_[end - 1] == '\r' ? 1 : 0);
      if (entry == record_end_ && (text_end != start_ || takes_blank_)) [[likely]] {
        entries[entry] = static_cast<uint32_t>(text_end);
        starts_[scan_.rows++] = static_cast<uint32_t>(start_);
        start_ = end + 1;
        record_end_ += field_count_;
      } else if (!take_odd_line(block, bit, entry, end, text_end)) {
        return;
      }
    }
    count_ += static_cast<uint64_t>(std::popcount(block.ends));
  }

  // A line that is blank, or a record with the wrong number of fields. False in the second case.
  bool take_odd_line(Block& block, uint64_t bit, uint64_t entry, uint64_t end, uint64_t text_end) {
    const uint64_t first_entry = record_end_ - (field_count_ - 1);
    if (text_end != start_) {
      // This record comes before a misplaced quote, which is hidden behind it.
      scan_.fault = CsvFault::FieldCount;
      scan_.fault_position = start_;
      scan_.fields = entry - first_entry + 1;
      return false;
    }
    // Its end is no end of a field.
    const auto behind = static_cast<uint64_t>(std::popcount(block.ends & ~(bit - 1))) - 1;
    uint32_t* const entries = index_.data() + 1;
    std::memmove(entries + entry, entries + entry + 1, behind * sizeof(uint32_t));
    block.ends ^= bit;
    start_ = end + 1;
    return true;
  }

  void fail_open_quote() {
    scan_.fault = CsvFault::NeverClosed;
    bool is_inside = false;
    for (uint64_t at = start_; at < size_; ++at) {
      if (data_[at] != dialect_.quote) continue;
      if (is_inside && at + 1 < size_ && data_[at + 1] == dialect_.quote) {
        ++at;
        continue;
      }
      is_inside = !is_inside;
      if (is_inside) scan_.fault_position = at;
    }
  }

  const CsvDialect dialect_;
  const char* const data_;
  const uint64_t size_;
  const uint64_t field_count_;
  uint64_t inside_ = 0;       // all ones: the previous block ended inside of quotes
  uint64_t after_close_ = 0;  // 1: its last byte was a closing quote
  uint64_t after_end_ = 1;    // 1: its last byte ended a field
  uint64_t count_ = 0;        // entries of the index
  uint64_t record_end_;       // entry of the last field of the current record
  const bool takes_blank_;    // see CsvDialect::blank_is_record
  uint64_t start_ = 0;        // begin of the current record
  std::vector<uint32_t>& index_;
  std::vector<uint32_t>& starts_;
  CsvScan scan_;
};

SLUICE_TARGET_AVX2 CsvScan scan_avx2(const CsvDialect& dialect, const char* data, uint64_t size, uint64_t field_count,
                                     std::vector<uint32_t>& index, std::vector<uint32_t>& starts) {
  return Scanner(dialect, data, size, field_count, index, starts).run<Avx2>();
}

}  // namespace

CsvScan scan_csv_portable(const CsvDialect& dialect, const char* data, uint64_t size, uint64_t field_count,
                          std::vector<uint32_t>& index, std::vector<uint32_t>& starts) {
  return Scanner(dialect, data, size, field_count, index, starts).run<Sse2>();
}

CsvScan scan_csv(const CsvDialect& dialect, const char* data, uint64_t size, uint64_t field_count,
                 std::vector<uint32_t>& index, std::vector<uint32_t>& starts) {
  if (!has_avx2()) return scan_csv_portable(dialect, data, size, field_count, index, starts);
  return scan_avx2(dialect, data, size, field_count, index, starts);
}

uint64_t csv_boundary(const CsvDialect& dialect, const char* data, uint64_t size) {
  if (!dialect.has_quotes) return behind_last_newline(data, size);
  // Quotes are paired, so a byte is outside when the number of quotes in front of it is even.
  bool is_inside = count_byte(data, size, dialect.quote) % 2 != 0;
  for (;;) {
    const uint64_t behind = behind_last_newline(data, size);
    if (behind == 0) return 0;
    for (uint64_t at = size; at-- > behind;)
      if (data[at] == dialect.quote) is_inside = !is_inside;
    if (!is_inside) return behind;
    size = behind - 1;
  }
}

}  // namespace sluice
