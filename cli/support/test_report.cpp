#include "cli/support/test_report.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/support/console.h"
#include "cli/support/row_error.h"
#include "lang/syntax/layout.h"

namespace sluice {

namespace {

std::string at_line(const Span& span, const SourceMap& sources) {
  return fmt::format("{}:{}", sources.file(span.file).path(), span.begin.line);
}

std::string_view mode_word(ast::ExpectMode mode) {
  switch (mode) {
    case ast::ExpectMode::AnyOrder:
      return "";
    case ast::ExpectMode::Ordered:
      return " ordered";
    case ast::ExpectMode::Changes:
      return " changes";
    case ast::ExpectMode::None:
      return " none";
    case ast::ExpectMode::NoChanges:
      return " changes none";
  }
  return "";
}

std::string time_text(const TestMismatch& mismatch) {
  if (mismatch.is_end) return "at the end of the input";
  return mismatch.time ? "at " + instant_text(*mismatch.time) : "before any `advance`";
}

std::string painted(const std::string& line, DiffLine::Kind kind, bool use_color) {
  if (!use_color || kind == DiffLine::Kind::Same) return line;
  return (kind == DiffLine::Kind::Missing ? "\x1b[31m" : "\x1b[32m") + line + "\x1b[0m";
}

// Carets below the cells that differ from the row above.
std::string carets(const DiffLine& line, const std::vector<std::string>& cells, const std::vector<size_t>& widths) {
  std::string text;
  size_t column = 2;
  for (size_t i = 0; i < cells.size(); ++i) {
    if (line.differs[i]) {
      text.resize(column, ' ');
      text += std::string(std::max<size_t>(1, syntax::display_width(cells[i])), '^');
    }
    column += widths[i] + 3;
  }
  return text;
}

std::string mismatch_text(const TestMismatch& mismatch, const SourceMap& sources, bool use_color) {
  const auto& expect = *mismatch.expect;
  std::string text = fmt::format("  {}: expect {}{}, {}\n", at_line(expect.statement->span, sources), expect.name,
                                 mode_word(expect.statement->mode), time_text(mismatch));
  std::vector<std::vector<std::string>> rows(1);
  for (const auto& column : mismatch.columns) rows[0].push_back(column.text());
  for (const auto& line : mismatch.diff) {
    auto& row = rows.emplace_back();
    for (size_t i = 0; i < line.row.size(); ++i) row.push_back(flow_text(line.row[i], mismatch.columns[i].type));
  }
  std::vector<size_t> widths(mismatch.columns.size());
  for (const auto& row : rows)
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], syntax::display_width(row[i]));
  const auto lines = table_lines(rows);
  text += "      " + lines[0] + "\n";
  for (size_t i = 0; i < mismatch.diff.size(); ++i) {
    const DiffLine& line = mismatch.diff[i];
    const char mark = line.kind == DiffLine::Kind::Same ? ' ' : line.kind == DiffLine::Kind::Missing ? '-' : '+';
    text += "    " + painted(fmt::format("{} {}", mark, lines[i + 1]), line.kind, use_color) + "\n";
    if (!line.differs.empty()) text += "      " + carets(line, rows[i + 1], widths) + "\n";
  }
  return text;
}

nlohmann::ordered_json mismatch_json(const TestMismatch& mismatch) {
  auto columns = Json::array();
  for (const auto& column : mismatch.columns) columns.push_back(column.text());
  auto rows = Json::array();
  for (const auto& line : mismatch.diff) {
    constexpr std::string_view kKinds[] = {"same", "missing", "unexpected"};
    Json row{{"kind", kKinds[static_cast<size_t>(line.kind)]}, {"values", line.row}};
    if (!line.differs.empty()) {
      auto names = Json::array();
      for (size_t i = 0; i < line.differs.size(); ++i)
        if (line.differs[i]) names.push_back(mismatch.columns[i].text());
      row["differs"] = std::move(names);
    }
    rows.push_back(std::move(row));
  }
  Json object{{"expect", mismatch.expect->name}, {"line", mismatch.expect->statement->span.begin.line}};
  object["time"] = mismatch.time && !mismatch.is_end ? Json(instant_text(*mismatch.time).substr(1)) : Json(nullptr);
  object["columns"] = std::move(columns);
  object["rows"] = std::move(rows);
  return object;
}

}  // namespace

std::vector<std::string> table_lines(const std::vector<std::vector<std::string>>& rows) {
  std::vector<size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], syntax::display_width(row[i]));
  }
  std::vector<std::string> lines;
  for (const auto& row : rows) {
    std::string line = "|";
    for (size_t i = 0; i < row.size(); ++i)
      line += " " + row[i] + std::string(widths[i] - syntax::display_width(row[i]), ' ') + " |";
    lines.push_back(std::move(line));
  }
  return lines;
}

std::string failure_text(const CheckedTest& test, const TestOutcome& outcome, const SourceMap& sources,
                         bool use_color) {
  std::string text = fmt::format("failed: {} ({})\n", test.item->title, at_line(test.item->title_span, sources));
  if (!outcome.variation.empty()) text += fmt::format("  as it stands it passes, but not {}\n", outcome.variation);
  for (const auto& mismatch : outcome.mismatches) text += mismatch_text(mismatch, sources, use_color);
  if (outcome.row_error) text += render(row_diagnostic(*outcome.row_error, false), sources, use_color);
  if (outcome.error) text += "  " + outcome.error->to_string() + "\n";
  return text;
}

nlohmann::ordered_json test_json(const CheckedTest& test, const TestOutcome& outcome, const SourceMap& sources) {
  Json object{{"file", sources.file(test.item->title_span.file).path()},
              {"line", test.item->title_span.begin.line},
              {"name", test.item->title},
              {"passed", outcome.passed()},
              {"ms", std::chrono::duration<double, std::milli>(outcome.elapsed).count()}};
  if (!outcome.variation.empty()) object["variation"] = outcome.variation;
  auto failures = Json::array();
  for (const auto& mismatch : outcome.mismatches) failures.push_back(mismatch_json(mismatch));
  if (!failures.empty()) object["failures"] = std::move(failures);
  if (outcome.row_error) object["error"] = diagnostic_json(row_diagnostic(*outcome.row_error, false), sources);
  if (outcome.error) object["error"] = outcome.error->to_string();
  return object;
}

}  // namespace sluice
