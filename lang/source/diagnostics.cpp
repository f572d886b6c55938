#include "lang/source/diagnostics.h"

#include <utf8proc.h>

#include <algorithm>
#include <numeric>
#include <set>
#include <tuple>

namespace sluice {

namespace {

// Terminal colours; empty strings when colour is off.
struct Palette {
  std::string_view severity, place, bold, off;
};

Palette palette_for(Severity severity, bool use_color) {
  if (!use_color) return {};
  return {severity == Severity::Error ? "\x1b[1;31m" : "\x1b[1;33m", "\x1b[34m", "\x1b[1m", "\x1b[0m"};
}

// One character of a source line: how it is printed, and the blank of the same width for the caret line.
struct Glyph {
  std::string text;
  std::string blank;
  size_t width = 1;
};

// Reads the character at `offset` and moves past it. Bytes that are not UTF-8 and control characters (which could
// move the terminal's cursor) are shown as U+FFFD; tabs stay tabs in both lines so that they cancel out.
Glyph next_glyph(std::string_view line, size_t& offset) {
  if (line[offset] == '\t') {
    ++offset;
    return {"\t", "\t", 1};
  }
  utf8proc_int32_t code_point = -1;
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(line.data() + offset);
  const auto length = utf8proc_iterate(bytes, static_cast<utf8proc_ssize_t>(line.size() - offset), &code_point);
  if (length <= 0 || utf8proc_category(code_point) == UTF8PROC_CATEGORY_CC) {
    ++offset;
    return {"\xEF\xBF\xBD", " ", 1};
  }
  const auto width = static_cast<size_t>(std::max(0, utf8proc_charwidth(code_point)));
  Glyph glyph{std::string(line.substr(offset, static_cast<size_t>(length))), std::string(width, ' '), width};
  offset += static_cast<size_t>(length);
  return glyph;
}

constexpr size_t kMaxShownWidth = 160;  // of a source line; longer lines are cut around the carets

// The source line and the caret line below it. `begin` and `end` are byte offsets into `line`.
struct Excerpt {
  std::string source;
  std::string padding;
  size_t caret_count = 0;
};

Excerpt make_excerpt(std::string_view line, size_t begin, size_t end) {
  // A long line is shown from a little before the carets on.
  size_t first = 0;
  if (line.size() > kMaxShownWidth && begin > kMaxShownWidth / 2) {
    first = begin - kMaxShownWidth / 2;
    while (first < line.size() && (static_cast<unsigned char>(line[first]) & 0xC0) == 0x80) ++first;
  }
  Excerpt excerpt;
  if (first != 0) {
    excerpt.source = "...";
    excerpt.padding = "   ";
  }
  size_t shown = 0;
  for (size_t offset = first; offset < line.size();) {
    if (shown >= kMaxShownWidth) {
      excerpt.source += "...";
      break;
    }
    const size_t at = offset;
    const Glyph glyph = next_glyph(line, offset);
    excerpt.source += glyph.text;
    shown += glyph.width;
    if (at < begin)
      excerpt.padding += glyph.blank;
    else if (at < end)
      excerpt.caret_count += glyph.width;
  }
  // A span behind the last character (a missing token) points just after it.
  excerpt.caret_count = std::max<size_t>(excerpt.caret_count, 1);
  return excerpt;
}

std::string excerpt_text(const Diagnostic& diagnostic, const SourceFile& file, const Palette& colors) {
  const Span& span = diagnostic.span;
  const std::string_view line = file.line(span.begin.line);
  const size_t begin = std::min<size_t>(line.size(), span.begin.column - 1);
  const size_t end =
      span.end.line == span.begin.line ? std::min<size_t>(line.size(), span.end.column - 1) : line.size();
  const Excerpt excerpt = make_excerpt(line, begin, end);
  const std::string number = fmt::format("{:>3}", span.begin.line);
  const std::string gutter(number.size() + 1, ' ');
  std::string text = fmt::format("{}{} |{} {}\n", colors.place, number, colors.off, excerpt.source);
  text += fmt::format("{}{}|{} {}{}{}", colors.place, gutter, colors.off, excerpt.padding, colors.severity,
                      std::string(excerpt.caret_count, '^'));
  if (!diagnostic.label.empty()) text += " " + diagnostic.label;
  return text + std::string(colors.off) + "\n";
}

// Optimal string alignment distance (edits and swaps of neighbours), or `limit + 1` when it is larger.
size_t edit_distance(std::string_view a, std::string_view b, size_t limit) {
  if (std::max(a.size(), b.size()) - std::min(a.size(), b.size()) > limit) return limit + 1;
  std::vector<size_t> before_last(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  std::iota(last.begin(), last.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
    before_last.swap(last);
    last.swap(row);
  }
  return std::min(last[b.size()], limit + 1);
}

std::string ascii_lower(std::string_view text) {
  std::string result(text);
  for (char& c : result)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return result;
}

}  // namespace

const std::vector<const DiagnosticRow*>& diagnostic_rows() {
  static const std::vector<const DiagnosticRow*> rows = {
#define DIAGNOSTIC(code, severity, format, explanation) &diag::code,
#include "lang/source/diagnostics.def"
#undef DIAGNOSTIC
  };
  return rows;
}

const DiagnosticRow* find_diagnostic(std::string_view code) {
  for (const DiagnosticRow* row : diagnostic_rows())
    if (row->code == code) return row;
  return nullptr;
}

Diagnostic& Diagnostics::add(Diagnostic diagnostic) {
  if (diagnostic.row->severity == Severity::Error) ++error_count_;
  return items_.emplace_back(std::move(diagnostic));
}

std::vector<Diagnostic> Diagnostics::sorted() const {
  // Not by the end of the span: two findings at one place keep the order in which they were made.
  std::vector<size_t> order(items_.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::sort(order, {}, [&](size_t i) { return std::tuple(items_[i].span.file, items_[i].span.begin, i); });
  std::vector<Diagnostic> unique;
  std::set<std::pair<const DiagnosticRow*, Span>> seen;
  for (const size_t i : order)
    if (seen.emplace(items_[i].row, items_[i].span).second) unique.push_back(items_[i]);
  return unique;
}

std::string location_text(const Span& span, const SourceMap& sources) {
  if (span.file >= sources.size()) return {};
  const SourceFile& file = sources.file(span.file);
  if (!span.is_valid()) return file.path();
  const std::string_view line = file.line(span.begin.line);
  const size_t bytes = std::min<size_t>(line.size(), span.begin.column - 1);
  size_t column = 1;
  for (size_t offset = 0; offset < bytes; ++column) (void)next_glyph(line, offset);
  // Behind the last character (a missing token at the line's end) bytes and characters are the same again.
  column += span.begin.column - 1 - bytes;
  return fmt::format("{}:{}:{}", file.path(), span.begin.line, column);
}

std::string render(const Diagnostic& diagnostic, const SourceMap& sources, bool use_color) {
  const Palette colors = palette_for(diagnostic.row->severity, use_color);
  std::string_view kind = diagnostic.row->severity == Severity::Error ? "error" : "warning";
  if (diagnostic.row->code.starts_with('R')) kind = "row error";
  std::string text = fmt::format("{}{}[{}]{} ", colors.severity, kind, diagnostic.row->code, colors.off);
  const bool has_place = diagnostic.span.is_valid() && diagnostic.span.file < sources.size();
  if (has_place) text += location_text(diagnostic.span, sources) + ": ";
  text += fmt::format("{}{}{}\n", colors.bold, diagnostic.message, colors.off);
  if (has_place) text += excerpt_text(diagnostic, sources.file(diagnostic.span.file), colors);
  for (const std::string& note : diagnostic.notes)
    text += fmt::format("    {}= note:{} {}\n", colors.place, colors.off, note);
  for (const std::string& help : diagnostic.helps)
    text += fmt::format("    {}= help:{} {}\n", colors.place, colors.off, help);
  return text;
}

std::optional<std::string> closest_name(std::string_view word, const std::vector<std::string>& candidates) {
  // One edit is always allowed, except in a single letter, where it would match anything.
  size_t limit = word.size() < 2 ? 0 : std::max<size_t>(1, word.size() / 3);
  std::optional<std::string> best;
  for (const std::string& candidate : candidates) {
    if (candidate == word) continue;
    // A difference in case alone is the likeliest slip of all.
    if (ascii_lower(candidate) == ascii_lower(word)) return candidate;
    const size_t distance = edit_distance(word, candidate, limit);
    if (distance > limit) continue;
    best = candidate;
    if (distance == 0) break;
    limit = distance - 1;
  }
  return best;
}

}  // namespace sluice
