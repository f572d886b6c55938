#include <fmt/format.h>

#include <numeric>

#include "lang/source/diagnostics.h"
#include "stdlib/connectors/csv_header.h"
#include "stdlib/connectors/record_format.h"

namespace sluice {
namespace {

class CsvFormat final : public RecordFormat {
 public:
  CsvFormat(const CsvDialect& dialect, bool has_header, Schema declared)
      : dialect_(dialect), has_header_(has_header), declared_(std::move(declared)) {}

  Result<std::optional<uint64_t>> begin_file(const std::string& file, std::string_view data, bool is_all,
                                             FileLayout& layout) const override {
    if (!has_header_) {
      layout.field_count = declared_.fields.size();
      layout.field_map.resize(layout.field_count);
      std::iota(layout.field_map.begin(), layout.field_map.end(), 0u);
      return uint64_t{0};
    }
    const auto header = read_csv_header(dialect_, data, is_all);
    if (!header) return std::nullopt;
    if (header->names.empty()) return data.size();  // an empty file
    SLUICE_TRY(map_columns(file, header->names, declared_, layout));
    layout.field_count = header->names.size();
    return header->size;
  }

  uint64_t boundary(std::string_view data) const override { return csv_boundary(dialect_, data.data(), data.size()); }

  // A misplaced quote makes line ends look as if they stood inside of quotes.
  bool is_hopeless(std::string_view data, const FileLayout& layout) const override {
    std::vector<uint32_t> index;
    std::vector<uint32_t> starts;
    const CsvScan scan = scan_csv(dialect_of(layout), data.data(), data.size(), layout.field_count, index, starts);
    return scan.fault != CsvFault::None && scan.fault != CsvFault::NeverClosed;
  }

  void index(ChunkBuffer& chunk, const FileLayout& layout) const override {
    const CsvScan scan =
        scan_csv(dialect_of(layout), chunk.view.data, chunk.view.size, layout.field_count, chunk.index, chunk.starts);
    chunk.field_map = layout.field_map;
    if (chunk.index.empty()) chunk.index.resize(1);
    chunk.view.index = chunk.index.data() + 1;
    chunk.view.index_count = scan.rows * layout.field_count;
    chunk.view.starts = chunk.starts.data();
    chunk.view.row_count = scan.rows;
    chunk.view.field_map = chunk.field_map.data();
    chunk.view.field_count = layout.field_count;
    note_fault(chunk, scan, layout.field_count);
    check_utf8(chunk);
  }

 private:
  // Null is an empty field, and of a record that has no other field nothing is left then: a blank line.
  CsvDialect dialect_of(const FileLayout& layout) const {
    CsvDialect dialect = dialect_;
    for (size_t i = 0; i < layout.field_map.size(); ++i)
      if (layout.field_map[i] == 0 && declared_.fields[i].type.nullable) dialect.blank_is_record = true;
    return dialect;
  }

  void note_fault(ChunkBuffer& chunk, const CsvScan& scan, uint64_t field_count) const {
    const auto quoting = [&](std::string_view what) {
      chunk.error_code = diag::R0203.code;
      chunk.error_message = fmt::format(fmt::runtime(diag::R0203.format), what);
    };
    switch (scan.fault) {
      case CsvFault::None:
        return;
      case CsvFault::FieldCount:
        chunk.error_code = diag::R0202.code;
        chunk.error_message = fmt::format(fmt::runtime(diag::R0202.format), scan.fields, scan.fields == 1 ? "" : "s",
                                          field_count, field_count == 1 ? "is" : "are");
        break;
      case CsvFault::QuoteInside:
        quoting("here is a quote, but the field does not begin with one");
        break;
      case CsvFault::TextAfterQuote:
        quoting("the quotes close before the field ends");
        break;
      case CsvFault::NeverClosed:
        quoting("this quote is never closed");
        break;
    }
    chunk.error_position = scan.fault_position;
  }

  const CsvDialect dialect_;
  const bool has_header_;
  const Schema declared_;
};

}  // namespace

std::unique_ptr<RecordFormat> make_csv_format(const CsvDialect& dialect, bool has_header, Schema declared) {
  return std::make_unique<CsvFormat>(dialect, has_header, std::move(declared));
}

}  // namespace sluice
