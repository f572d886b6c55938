// Finds the fields and records of csv bytes (strict RFC 4180) in one pass over 64 bytes at a time.
#pragma once

#include <cstdint>
#include <vector>

namespace sluice {

struct CsvDialect {
  char delimiter = ',';
  char quote = '"';
  bool has_quotes = true;
  bool blank_is_record = false;  // where records have one field: a blank line is a record whose field is empty
};

// What makes a record malformed.
enum class CsvFault : uint8_t {
  None,
  FieldCount,      // not as many fields as expected
  QuoteInside,     // a quote in a field that does not begin with one
  TextAfterQuote,  // something between a closing quote and the end of the field
  NeverClosed,     // the bytes end inside of quotes
};

struct CsvScan {
  uint64_t rows = 0;
  CsvFault fault = CsvFault::None;  // of the record behind the last row
  uint64_t fault_position = 0;
  uint64_t fields = 0;  // FieldCount: how many the record has
};

// Fills `index`, from its second element on (rows * field_count ends of fields), and `starts` (begins of records) as
// abi::Chunk describes them; the vectors may become longer than that. `data` ends with '\n' and is readable up to 64
// bytes behind its end. Stops in front of the first malformed record.
[[nodiscard]] CsvScan scan_csv(const CsvDialect& dialect, const char* data, uint64_t size, uint64_t field_count,
                               std::vector<uint32_t>& index, std::vector<uint32_t>& starts);
// The same without AVX2, for machines that lack it and for tests.
[[nodiscard]] CsvScan scan_csv_portable(const CsvDialect& dialect, const char* data, uint64_t size,
                                        uint64_t field_count, std::vector<uint32_t>& index,
                                        std::vector<uint32_t>& starts);

// Behind the last line end outside of quotes, 0 when there is none. `data` begins with a record.
[[nodiscard]] uint64_t csv_boundary(const CsvDialect& dialect, const char* data, uint64_t size);

}  // namespace sluice
