// The header of a csv file and how its fields become the columns that a program declares.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lang/support/result.h"
#include "lang/types/type.h"
#include "stdlib/connectors/csv_scanner.h"
#include "stdlib/connectors/record_format.h"

namespace sluice {

struct CsvHeader {
  std::vector<std::string> names;
  uint64_t size = 0;  // bytes up to the first record; 0 when the file holds nothing but blank lines
};

// The first record of `data`; nothing when `data` ends before it does and more may come.
[[nodiscard]] std::optional<CsvHeader> read_csv_header(const CsvDialect& dialect, std::string_view data, bool is_all);

// Fills the layout's field_map: the field of each declared column, kNoField for a nullable column that the file has
// not. Warns of such a column when a field that the program does not use has nearly its name.
[[nodiscard]] Status map_columns(const std::string& file, const std::vector<std::string>& names, const Schema& declared,
                                 FileLayout& layout);

}  // namespace sluice
