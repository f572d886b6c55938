// print on a terminal: rows gather until there are enough to choose widths, or until no more come for a while.
#include <fmt/format.h>
#include <utf8proc.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "stdlib/connectors/sinks.h"
#include "stdlib/kernels/utf8.h"

namespace sluice {
namespace {

constexpr size_t kBlockRows = 2000;
// A column gets no wider for a longer cell; such a cell pushes what follows it to the right.
constexpr size_t kMaxWidth = 60;

// A cell as the terminal shows it: what could move the cursor is spelled out.
std::string shown(std::string_view cell) {
  std::string text;
  while (!cell.empty()) {
    if (cell.starts_with("\\\\")) {
      text += '\\';
      cell.remove_prefix(2);
      continue;
    }
    const CodePoint point = decode_utf8(cell.data(), cell.data() + cell.size());
    const bool is_control = point.value < 0x20 || (point.value >= 0x7f && point.value < 0xa0);
    if (point.value < 0)
      text += fmt::format("\\x{:02x}", static_cast<uint8_t>(cell[0]));  // not UTF-8
    else if (is_control)
      text += fmt::format("\\x{:02x}", point.value);
    else
      text += cell.substr(0, point.size);
    cell.remove_prefix(point.size);
  }
  return text;
}

// Terminal columns.
size_t width_of(std::string_view text) {
  size_t width = 0;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at < end) {
    const CodePoint point = decode_utf8(at, end);
    width += point.value < 0 ? 1 : static_cast<size_t>(std::max(0, utf8proc_charwidth(point.value)));
    at += point.size;
  }
  return width;
}

class TableSink final : public Sink {
 public:
  TableSink(OutputPlace output, const Schema& schema) : output_(std::move(output)) {
    for (const auto& field : schema.fields)
      columns_.push_back(Column{shown(field.name), width_of(shown(field.name)), field.type.is_number()});
  }

  Status write(std::string_view bytes) override {
    while (!bytes.empty()) {
      const size_t end = bytes.find('\n');
      add_row(bytes.substr(0, end));
      bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
      if (cells_.size() >= kBlockRows * columns_.size()) SLUICE_TRY(write_rows());
    }
    return {};
  }

  // Rows that nobody can see yet had better wait for those that follow.
  Status flush() override { return output_.output->is_shown(output_.place) ? write_rows() : Status(); }

  Status commit() override {
    SLUICE_TRY(write_rows());
    if (!std::exchange(has_header_, true)) SLUICE_TRY(output_.write(header(), header()));
    return output_.finish();
  }
  void abort() noexcept override {}

 private:
  struct Column {
    std::string name;
    size_t width;
    bool is_number;
  };

  Status write_rows() {
    if (cells_.empty()) return {};
    std::string text;
    if (!std::exchange(has_header_, true)) text = header();
    for (size_t i = 0; i < cells_.size(); ++i) add_cell(text, i % columns_.size(), cells_[i]);
    cells_.clear();
    return output_.write(text, header());
  }

  void add_row(std::string_view row) {
    for (auto& column : columns_) {
      const size_t tab = row.find('\t');
      cells_.push_back(shown(row.substr(0, tab)));
      row.remove_prefix(tab == std::string_view::npos ? row.size() : tab + 1);
      if (const size_t width = width_of(cells_.back()); width <= kMaxWidth)
        column.width = std::max(column.width, width);
    }
  }

  [[nodiscard]] std::string header() const {
    std::string text;
    for (size_t i = 0; i < columns_.size(); ++i) add_cell(text, i, columns_[i].name);
    for (size_t i = 0; i < columns_.size(); ++i) {
      if (i != 0) text += "┼";
      for (size_t dash = 0; dash < columns_[i].width + 2; ++dash) text += "─";
    }
    text += '\n';
    return text;
  }

  void add_cell(std::string& text, size_t index, std::string_view cell) const {
    const Column& column = columns_[index];
    const size_t width = width_of(cell);
    const std::string padding(width < column.width ? column.width - width : 0, ' ');
    const bool is_last = index + 1 == columns_.size();
    text += index == 0 ? " " : "│ ";
    if (column.is_number) text += padding;
    text += cell;
    if (!column.is_number && !is_last) text += padding;
    text += is_last ? "\n" : " ";
  }

  const OutputPlace output_;
  std::vector<Column> columns_;
  std::vector<std::string> cells_;  // row after row
  bool has_header_ = false;
};

}  // namespace

std::unique_ptr<Sink> make_table_sink(OutputPlace output, const Schema& schema) {
  return std::make_unique<TableSink>(std::move(output), schema);
}

}  // namespace sluice
