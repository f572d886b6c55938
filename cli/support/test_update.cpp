#include "cli/support/test_update.h"

#include <algorithm>

#include "cli/support/test_report.h"
#include "lang/syntax/expr_text.h"

namespace sluice {

namespace {

using Cells = std::vector<std::vector<std::string>>;

std::string column_text(const TestColumn& column) {
  std::string text;
  for (const auto& name : column.path) text += (text.empty() ? "" : ".") + name_text({name, {}});
  return text;
}

// The rows that came, as near to the order of the test as can be.
Cells rows_that_came(const TestMismatch& mismatch) {
  Cells rows;
  for (const auto& line : mismatch.diff) {
    if (line.kind == DiffLine::Kind::Missing) continue;
    auto& row = rows.emplace_back();
    for (size_t i = 0; i < line.row.size(); ++i) row.push_back(flow_text(line.row[i], mismatch.columns[i].type));
  }
  return rows;
}

std::string list_text(const TestMismatch& mismatch, const Cells& rows) {
  std::string text;
  for (const auto& row : rows) {
    std::string record;
    for (size_t i = 0; i < row.size(); ++i)
      record += (record.empty() ? "" : ", ") + column_text(mismatch.columns[i]) + " = " + row[i];
    text += (text.empty() ? "" : ", ") + ("{ " + record + " }");
  }
  return "[" + text + "]";
}

std::string table_text(const TestMismatch& mismatch, Cells rows, size_t indent) {
  std::vector<std::string> header;
  for (const auto& column : mismatch.columns) header.push_back(column_text(column));
  rows.insert(rows.begin(), std::move(header));
  std::string text;
  for (const auto& line : table_lines(rows)) text += (text.empty() ? "" : "\n" + std::string(indent, ' ')) + line;
  return text;
}

}  // namespace

TextEdit update_of(const TestMismatch& mismatch) {
  const auto& statement = *mismatch.expect->statement;
  const Cells rows = rows_that_came(mismatch);
  const Span behind_name{statement.span.file, statement.path.span.end, statement.span.end};
  const bool of_changes = statement.mode == ast::ExpectMode::Changes || statement.mode == ast::ExpectMode::NoChanges;
  const std::string what = of_changes ? " changes" : "";
  if (rows.empty()) return {behind_name, what + " none"};
  if (statement.mode == ast::ExpectMode::None || statement.mode == ast::ExpectMode::NoChanges) {
    const size_t indent = statement.span.begin.column + 1;
    return {behind_name, what + "\n" + std::string(indent, ' ') + table_text(mismatch, rows, indent)};
  }
  if (statement.data.list != nullptr) return {statement.data.list->span, list_text(mismatch, rows)};
  const auto& lines = statement.data.rows;
  return {cover(lines.front().span, lines.back().span),
          table_text(mismatch, rows, lines.front().span.begin.column - 1)};
}

std::string edited(const SourceFile& file, std::vector<TextEdit> edits) {
  std::ranges::sort(edits, std::ranges::greater(), [](const TextEdit& edit) { return edit.span.begin; });
  std::string text = file.text();
  for (const auto& edit : edits) {
    const size_t begin = file.offset_of(edit.span.begin);
    text.replace(begin, file.offset_of(edit.span.end) - begin, edit.text);
  }
  return text;
}

}  // namespace sluice
