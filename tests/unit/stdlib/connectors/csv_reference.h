// A csv reader of a few lines, one byte at a time, to compare the real one with.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "stdlib/connectors/csv_scanner.h"

namespace sluice::testing {

struct CsvReference {
  std::vector<std::vector<std::string>> records;  // fields as they stand, quotes included
  CsvFault fault = CsvFault::None;
  uint64_t fault_position = 0;
};

// `text` ends with '\n' outside of quotes, unless a quote is never closed.
inline CsvReference read_csv(std::string_view text, size_t field_count, const CsvDialect& dialect = {}) {
  CsvReference result;
  const auto fail = [&](CsvFault fault, size_t position) {
    result.fault = fault;
    result.fault_position = position;
    return result;
  };
  size_t at = 0;
  while (at < text.size()) {
    const size_t begin = at;
    const bool is_blank = text[at] == '\n' || text.substr(at).starts_with("\r\n");
    if (is_blank && !(dialect.blank_is_record && field_count == 1)) {
      at = text.find('\n', at) + 1;
      continue;
    }
    std::vector<std::string> fields;
    for (bool is_done = false; !is_done; ++at) {
      const size_t field = at;
      if (dialect.has_quotes && at < text.size() && text[at] == dialect.quote) {
        for (++at;; ++at) {
          if (at >= text.size()) return fail(CsvFault::NeverClosed, field);
          if (text[at] != dialect.quote) continue;
          if (at + 1 >= text.size() || text[at + 1] != dialect.quote) break;
          ++at;
        }
        ++at;
        const size_t end = at;
        if (text.substr(at).starts_with("\r\n")) ++at;
        if (at >= text.size() || (text[at] != dialect.delimiter && text[at] != '\n'))
          return fail(CsvFault::TextAfterQuote, end);
        fields.emplace_back(text.substr(field, end - field));
      } else {
        while (text[at] != dialect.delimiter && text[at] != '\n') {
          if (dialect.has_quotes && text[at] == dialect.quote) return fail(CsvFault::QuoteInside, at);
          ++at;
        }
        std::string_view value = text.substr(field, at - field);
        if (text[at] == '\n' && value.ends_with('\r')) value.remove_suffix(1);
        fields.emplace_back(value);
      }
      is_done = text[at] == '\n';
    }
    if (fields.size() != field_count) return fail(CsvFault::FieldCount, begin);
    result.records.push_back(std::move(fields));
  }
  return result;
}

}  // namespace sluice::testing
