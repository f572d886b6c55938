#include "stdlib/connectors/csv_header.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "lang/source/diagnostics.h"
#include "runtime/abi/layout.h"

namespace sluice {
namespace {

// The end of the first line outside of quotes, or npos.
size_t line_end(const CsvDialect& dialect, std::string_view data) {
  bool is_inside = false;
  for (size_t at = 0; at < data.size(); ++at) {
    if (dialect.has_quotes && data[at] == dialect.quote) is_inside = !is_inside;
    if (data[at] == '\n' && !is_inside) return at;
  }
  return std::string_view::npos;
}

std::vector<std::string> fields_of(const CsvDialect& dialect, std::string_view line) {
  std::vector<std::string> fields(1);
  bool is_inside = false;
  for (size_t at = 0; at < line.size(); ++at) {
    const char c = line[at];
    if (dialect.has_quotes && c == dialect.quote) {
      // Inside, two quotes stand for one.
      if (is_inside && at + 1 < line.size() && line[at + 1] == c) {
        fields.back() += c;
        ++at;
      } else {
        is_inside = !is_inside;
      }
    } else if (c == dialect.delimiter && !is_inside) {
      fields.emplace_back();
    } else {
      fields.back() += c;
    }
  }
  return fields;
}

std::string list_of(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ", ") + name;
  constexpr size_t kMaxText = 300;
  return text.size() <= kMaxText ? text : text.substr(0, kMaxText) + "...";
}

std::unexpected<Error> missing_column(const std::string& file, const std::vector<std::string>& names,
                                      const Field& column) {
  const auto close = closest_name(column.name, names);
  return user_error(fmt::format(
      "{} has no column `{}`{}; its header has: {}. Declare the column as `{}?` if it may be missing, or write "
      "`header = false` if the first line is data",
      file, column.name, close ? fmt::format(", did you mean `{}`?", *close) : "", list_of(names),
      column.type.to_string()));
}

void warn_of_near_miss(const std::vector<std::string>& names, const Schema& declared, const std::string& column,
                       FileLayout& layout) {
  std::vector<std::string> unused;
  std::ranges::copy_if(names, std::back_inserter(unused),
                       [&](const std::string& name) { return declared.find(name) == nullptr; });
  if (const auto close = closest_name(column, unused))
    layout.warnings.push_back(
        fmt::format(" has no column `{}`, so it is null in every row; did you mean its column `{}`?", column, *close));
}

}  // namespace

std::optional<CsvHeader> read_csv_header(const CsvDialect& dialect, std::string_view data, bool is_all) {
  size_t begin = 0;
  for (;;) {
    std::string_view line = data.substr(begin);
    const size_t end = line_end(dialect, line);
    if (end == std::string_view::npos && !is_all) return std::nullopt;
    const bool is_last = end == std::string_view::npos;
    line = line.substr(0, end);
    begin = is_last ? data.size() : begin + end + 1;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.empty()) return CsvHeader{fields_of(dialect, line), begin};
    if (is_last) return CsvHeader{};
  }
}

Status map_columns(const std::string& file, const std::vector<std::string>& names, const Schema& declared,
                   FileLayout& layout) {
  for (const auto& column : declared.fields) {
    const auto found = std::ranges::find(names, column.name);
    if (found == names.end()) {
      if (!column.type.nullable) return missing_column(file, names, column);
      warn_of_near_miss(names, declared, column.name, layout);
      layout.field_map.push_back(abi::kNoField);
      continue;
    }
    if (std::find(found + 1, names.end(), column.name) != names.end())
      return user_error(fmt::format("{} has two columns `{}`; rename one of them", file, column.name));
    layout.field_map.push_back(static_cast<uint32_t>(found - names.begin()));
  }
  return {};
}

}  // namespace sluice
