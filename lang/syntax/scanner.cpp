#include "lang/syntax/scanner.h"

#include <utf8proc.h>

#include "lang/syntax/literals.h"

namespace sluice::syntax {

namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

}  // namespace

ScanResult scan(const SourceFile& source, uint32_t file, Diagnostics& diagnostics) {
  return Scanner(source, file, diagnostics).scan();
}

Scanner::Scanner(const SourceFile& source, uint32_t file, Diagnostics& diagnostics)
    : source_(source), file_(file), diagnostics_(diagnostics) {}

ScanResult Scanner::scan() {
  std::string_view text = source_.text();
  if (check_encoding()) {
    if (text.starts_with(kByteOrderMark)) {
      take(kByteOrderMark.size());
      text.remove_prefix(kByteOrderMark.size());
    }
    run(text);
  }
  begin_ = end_;
  begin_offset_ = end_offset_;
  if (result_.is_too_deep) begin_ = end_ = result_.tokens.back().span.end;
  Token end;
  end.span = span();
  end.depth = depth_;
  end.is_first_on_line = true;
  result_.tokens.push_back(end);
  return std::move(result_);
}

// A file in another encoding would give one error per accented letter: say it once and stop.
bool Scanner::check_encoding() {
  const std::string& text = source_.text();
  Position at{1, 1};
  for (size_t i = 0; i < text.size();) {
    utf8proc_int32_t code_point = 0;
    const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data() + i);
    const auto length = utf8proc_iterate(bytes, static_cast<utf8proc_ssize_t>(text.size() - i), &code_point);
    if (length <= 0 || code_point == 0) {
      const Span place{file_, at, {at.line, at.column + 1}};
      report(diag::E0112, place, "")
          .with_label(length <= 0
                          ? fmt::format("the byte {:#04x} cannot stand here", static_cast<unsigned char>(text[i]))
                          : "a NUL byte cannot be part of a program");
      return false;
    }
    i += static_cast<size_t>(length);
    at = code_point == '\n' ? Position{at.line + 1, 1} : Position{at.line, at.column + static_cast<uint32_t>(length)};
  }
  return true;
}

void Scanner::take(size_t length) {
  begin_ = end_;
  begin_offset_ = end_offset_;
  end_offset_ += length;
  for (size_t i = begin_offset_; i < end_offset_; ++i) {
    if (source_.text()[i] == '\n')
      end_ = {end_.line + 1, 1};
    else
      ++end_.column;
  }
}

std::string_view Scanner::text() const {
  return std::string_view(source_.text()).substr(begin_offset_, end_offset_ - begin_offset_);
}

int Scanner::state() const { return fstrings_.empty() || fstrings_.back().is_in_hole ? 0 : fstrings_.back().state; }

Diagnostic& Scanner::report(const DiagnosticRow& row, const Span& span, std::string_view argument) {
  result_.errors.push_back(span);
  return diagnostics_.report(row, span, argument);
}

void Scanner::add(Parser::token_kind_type kind, const Span& span, std::string_view text) {
  if (result_.is_too_deep) return;
  Token token;
  token.kind = kind;
  token.span = span;
  token.text = text;
  token.depth = depth_;
  token.is_first_on_line = span.begin.line != last_line_;
  last_line_ = span.end.line;
  result_.tokens.push_back(token);
}

void Scanner::emit(Parser::token_kind_type kind) { add(kind, span(), text()); }

void Scanner::number() { emit(number_kind(text())); }

void Scanner::comment() {
  if (result_.is_too_deep) return;
  std::string_view content = text().substr(1);
  if (content.ends_with('\r')) content.remove_suffix(1);
  Span place = span();
  place.end.column = place.begin.column + static_cast<uint32_t>(content.size()) + 1;
  result_.comments.push_back({place, std::string(content)});
}

bool Scanner::newline() {
  // The outermost f-string of one line that is still open ends with its line.
  for (size_t i = 0; i < fstrings_.size(); ++i) {
    if (fstrings_[i].is_long) continue;
    report_open_fstring(fstrings_[i]);
    while (fstrings_.size() > i) close_open_fstring();
    return true;
  }
  return false;
}

void Scanner::report_open_fstring(const OpenFString& open) {
  std::string label = open.is_long ? "its closing `\"\"\"` is missing" : "its closing `\"` is missing on this line";
  if (open.lacks_brace) label = "a `}` is missing in front of its closing `\"`";
  report(diag::E0107, open.begin, "text").with_label(std::move(label));
}

// Makes the tokens that a broken f-string lacks, so that the parser sees a whole one.
void Scanner::close_open_fstring() {
  const Span here{file_, begin_, begin_};
  if (fstrings_.back().is_in_hole) {
    if (depth_ > 0) --depth_;
    add(Kind::FSTR_CLOSE, here, {});
  }
  add(Kind::FSTR_END, here, {});
  fstrings_.pop_back();
}

void Scanner::quoted_name() {
  if (text().size() == 2) {
    report(diag::E0106, span(), "``").with_label("a name in backquotes needs at least one character");
    return;
  }
  emit(Kind::NAME);
  if (!result_.is_too_deep) result_.tokens.back().is_quoted = true;
}

void Scanner::open(Parser::token_kind_type kind) {
  emit(kind);
  if (kind == Kind::LBRACE && !fstrings_.empty() && fstrings_.back().is_in_hole) ++fstrings_.back().braces;
  if (++depth_ > ast::kMaxDepth && !result_.is_too_deep) {
    result_.is_too_deep = true;
    report(diag::E0110, span(), std::to_string(ast::kMaxDepth));
  }
}

void Scanner::close(Parser::token_kind_type kind) {
  if (depth_ > 0) --depth_;
  emit(kind);
}

bool Scanner::close_brace() {
  if (fstrings_.empty() || !fstrings_.back().is_in_hole) {
    close(Kind::RBRACE);
    return false;
  }
  if (fstrings_.back().braces > 0) {
    --fstrings_.back().braces;
    close(Kind::RBRACE);
    return false;
  }
  fstrings_.back().is_in_hole = false;
  close(Kind::FSTR_CLOSE);
  return true;
}

void Scanner::end_long() {
  const std::string_view whole = std::string_view(source_.text()).substr(long_begin_, end_offset_ - long_begin_);
  add(Kind::STRING, {file_, long_position_, end_}, whole);
  long_begin_ = kNoLong;
}

void Scanner::begin_fstring(int state, bool is_long) {
  emit(Kind::FSTR_BEGIN);
  fstrings_.push_back({state, is_long, false, 0, span()});
}

void Scanner::open_hole() {
  fstrings_.back().is_in_hole = true;
  fstrings_.back().braces = 0;
  open(Kind::FSTR_OPEN);
}

void Scanner::end_fstring() {
  emit(Kind::FSTR_END);
  fstrings_.pop_back();
}

void Scanner::finish() {
  if (result_.is_too_deep) return;
  begin_ = end_;
  begin_offset_ = end_offset_;
  if (long_begin_ != kNoLong) {
    const Span quotes{file_, long_position_, {long_position_.line, long_position_.column + 3}};
    report(diag::E0107, quotes, "text").with_label("its closing `\"\"\"` is missing");
    end_long();
  }
  if (!fstrings_.empty()) {
    report_open_fstring(fstrings_.front());
    while (!fstrings_.empty()) close_open_fstring();
  }
}

void Scanner::unterminated_name() {
  report(diag::E0107, span(), "name").with_label("its closing backquote is missing on this line");
  emit(Kind::NAME);
  if (!result_.is_too_deep) result_.tokens.back().is_quoted = true;
}

void Scanner::unterminated_string() {
  // In a hole, `f"{name"`, it is the end of the text around the hole; the line's end reports that.
  if (!fstrings_.empty() && fstrings_.back().is_in_hole && !fstrings_.back().is_long) {
    fstrings_.back().lacks_brace = true;
    return;
  }
  report(diag::E0107, Span{file_, begin_, {begin_.line, begin_.column + 1}}, "text")
      .with_label("its closing `\"` is missing on this line");
  emit(Kind::STRING);
}

void Scanner::stray_brace() {
  report(diag::E0106, span(), "}")
      .with_label("in an f-string, a brace that is text is written `}}`")
      .with_edit({span(), "}}", true});
}

void Scanner::foreign(Parser::token_kind_type kind, std::string_view flow) {
  std::string edit(flow);
  // `!x` becomes `not x`.
  if (kind == Kind::NOT) edit += " ";
  report(diag::E0106, span(), text()).with_label(fmt::format("write `{}`", flow)).with_edit({span(), edit, true});
  emit(kind);
}

void Scanner::semicolon() {
  report(diag::E0106, span(), ";")
      .with_label("nothing in Flow ends with it: leave it out")
      .with_edit({span(), "", true});
}

void Scanner::single_quoted() {
  const std::string inner(text().substr(1, text().size() - 2));
  Diagnostic& diagnostic = report(diag::E0106, span(), "'");
  diagnostic.with_label("texts stand in double quotes");
  if (inner.find('"') == std::string::npos) diagnostic.with_edit({span(), "\"" + inner + "\"", true});
  emit(Kind::STRING);
}

void Scanner::stray_text() {
  if (result_.is_too_deep) return;
  Diagnostic& diagnostic = report(diag::E0106, span(), text());
  if (static_cast<unsigned char>(text()[0]) >= 0x80)
    diagnostic.with_label("a name with such letters stands in backquotes");
  else if (text() == "'")
    diagnostic.with_label("texts stand in double quotes");
  else if (text() == "$")
    diagnostic.with_label("names stand without it: leave it out").with_edit({span(), "", true});
}

}  // namespace sluice::syntax
