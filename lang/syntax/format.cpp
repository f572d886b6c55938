#include "lang/syntax/format.h"

#include <algorithm>
#include <set>
#include <utility>

#include "lang/syntax/format_marks.h"
#include "lang/syntax/layout.h"
#include "lang/syntax/token_gaps.h"
#include "lang/syntax/token_stream.h"

namespace sluice {

using namespace syntax;

namespace {

// A token as it is printed: an f-string is one, since its inside is never changed.
struct FormatToken {
  Token token;
  std::string_view text;
  bool blank_before = false;
  std::vector<const ast::Comment*> own_line_comments = {};  // above it
  const ast::Comment* trailing_comment = nullptr;
  bool has_blank_before(const ast::Comment& comment) const { return blank_comments.contains(&comment); }
  std::set<const ast::Comment*> blank_comments = {};  // of its comments, those with an empty line above them
};

// Prints the tokens of the source with new white space. The AST says only where statements and pipelines are, so what
// the parser sees cannot change.
class Formatter {
 public:
  Formatter(const ast::Program& program, const SourceFile& source) : program_(program), source_(source) {
    read_tokens();
    attach_comments();
    marks_ = collect_format_marks(program);
  }
  std::string run();

 private:
  // What a sequence of tokens is, as far as its lines break differently.
  enum class Style : uint8_t { Plain, Item, List };

  void read_tokens();
  void attach_comments();
  [[nodiscard]] size_t close_of(size_t open) const;
  [[nodiscard]] size_t end_at(Position position, size_t from) const;

  void token(size_t i);
  void comments_above(size_t i);
  void comment_behind(size_t i);
  void sequence(size_t begin, size_t end, Style style = Style::Plain);
  void gap(size_t begin, size_t i, Style style);
  void pipeline(size_t begin, size_t end);
  size_t bracket(size_t open);
  void braces(size_t open, size_t close);
  void list(size_t open, size_t close);
  void block(size_t open, size_t close, bool is_always_broken);
  void tight(size_t open, size_t close);
  void close(size_t i, std::string_view flat);
  void rows(size_t begin, size_t end);
  [[nodiscard]] std::string flat_text(size_t begin, size_t end) const;
  [[nodiscard]] bool is_quantifier(size_t open, size_t close) const;
  [[nodiscard]] bool breaks_after(size_t i) const { return tokens_[i + 1].token.is_first_on_line; }

  const ast::Program& program_;
  const SourceFile& source_;
  std::vector<FormatToken> tokens_;  // ends in END
  FormatMarks marks_;
  Layout out_;
  bool has_clause_ = false;  // of the item that is being printed
};

void Formatter::read_tokens() {
  Diagnostics ignored;  // parsed before, without errors
  const ScanResult scanned = scan(source_, program_.file, ignored);
  TokenStream stream(scanned.tokens);
  size_t fstrings = 0;
  for (bool is_end = false; !is_end;) {
    const Token token = stream.next();
    is_end = token.kind == Kind::END;
    if (token.kind == Kind::FSTR_BEGIN && fstrings++ == 0) tokens_.push_back({token, {}});
    if (fstrings == 0) {
      tokens_.push_back({token, source_.text_of(token.span)});
      // `not in` may stand on two lines.
      if (token.kind == Kind::NOT_IN) tokens_.back().text = "not in";
      if (token.kind == Kind::IS_NOT) tokens_.back().text = "is not";
    }
    if (token.kind == Kind::FSTR_END && --fstrings == 0) {
      FormatToken& whole = tokens_.back();
      whole.token.span.end = token.span.end;
      whole.token.kind = Kind::STRING;
      whole.text = source_.text_of(whole.token.span);
    }
  }
}

// Every comment belongs to the token before it on its line, or else to the next token.
void Formatter::attach_comments() {
  size_t next = 0;
  uint32_t last_line = 0;  // where the token or comment before ended
  const auto is_apart = [&](const Span& span) { return last_line != 0 && span.begin.line > last_line + 1; };
  for (const ast::Comment& comment : program_.comments) {
    while (tokens_[next].token.kind != Kind::END && tokens_[next].token.span.begin < comment.span.begin) {
      tokens_[next].blank_before = is_apart(tokens_[next].token.span);
      last_line = tokens_[next].token.span.end.line;
      ++next;
    }
    if (next > 0 && comment.span.begin < tokens_[next - 1].token.span.end) {
      // Between the words of `not in` it moves above them; inside an f-string it is part of the text.
      if (tokens_[next - 1].token.kind != Kind::STRING) tokens_[next - 1].own_line_comments.push_back(&comment);
      continue;
    }
    if (next > 0 && tokens_[next - 1].token.span.end.line == comment.span.begin.line &&
        !tokens_[next - 1].trailing_comment) {
      tokens_[next - 1].trailing_comment = &comment;
    } else {
      tokens_[next].own_line_comments.push_back(&comment);
      if (is_apart(comment.span)) tokens_[next].blank_comments.insert(&comment);
    }
    last_line = comment.span.begin.line;
  }
  for (; next < tokens_.size(); ++next) {
    tokens_[next].blank_before = is_apart(tokens_[next].token.span);
    last_line = tokens_[next].token.span.end.line;
  }
}

std::string Formatter::run() {
  size_t begin = 0;
  for (const ast::Item& item : program_.items) {
    const size_t end = end_at(item.span.end, begin);
    if (begin != 0) out_.hard_line();
    if (std::holds_alternative<ast::PipelineItem>(item.node)) {
      pipeline(begin, end);
    } else {
      comments_above(begin);
      tokens_[begin].own_line_comments.clear();
      out_.begin_nest(2);
      sequence(begin, end, Style::Item);
      out_.end_nest();
    }
    begin = end;
  }
  if (begin != 0) out_.hard_line();
  comments_above(tokens_.size() - 1);
  return out_.print();
}

size_t Formatter::close_of(size_t open) const {
  const uint32_t depth = tokens_[open].token.depth;
  for (size_t i = open + 1; i < tokens_.size(); ++i) {
    const auto kind = tokens_[i].token.kind;
    if (tokens_[i].token.depth == depth && (kind == Kind::RPAREN || kind == Kind::RBRACK || kind == Kind::RBRACE))
      return i;
  }
  return tokens_.size() - 1;
}

// Index of the first token at or behind a position.
size_t Formatter::end_at(Position position, size_t from) const {
  while (from + 1 < tokens_.size() && tokens_[from].token.span.begin < position) ++from;
  return from;
}

void Formatter::comments_above(size_t i) {
  for (const ast::Comment* comment : tokens_[i].own_line_comments)
    out_.own_line_comment(comment->text, tokens_[i].has_blank_before(*comment));
}

void Formatter::comment_behind(size_t i) {
  if (tokens_[i].trailing_comment) out_.trailing_comment(tokens_[i].trailing_comment->text);
}

void Formatter::token(size_t i) {
  comments_above(i);
  out_.text(tokens_[i].text, tokens_[i].blank_before);
  comment_behind(i);
}

// The tokens of one statement, step or entry. In brackets, commas are where lines break first.
void Formatter::sequence(size_t begin, size_t end, Style style) {
  if (style == Style::Item) has_clause_ = false;
  for (size_t i = begin; i < end;) {
    if (i > begin) gap(begin, i, style);
    const auto kind = tokens_[i].token.kind;
    if (kind == Kind::FROM && marks_.pipelines.contains(tokens_[i].token.span.begin)) {
      const size_t stop = end_at(marks_.pipelines.at(tokens_[i].token.span.begin), i);
      pipeline(i, stop);
      i = stop;
    } else if (kind == Kind::LPAREN || kind == Kind::LBRACK || kind == Kind::LBRACE) {
      i = bracket(i);
    } else if (kind == Kind::ROW_BEGIN) {
      rows(i, end);
      return;
    } else {
      token(i++);
    }
  }
}

void Formatter::gap(size_t begin, size_t i, Style style) {
  const auto kind = tokens_[i].token.kind;
  if (kind == Kind::ROW_BEGIN || (kind == Kind::LBRACE && is_quantifier(i, close_of(i)))) return;
  const auto before = i > begin + 1 ? tokens_[i - 2].token.kind : Kind::END;
  // The value of an item may start a line, but not a pipeline: its steps have lines of their own.
  if (style == Style::Item && tokens_[i - 1].token.kind == Kind::ASSIGN && kind != Kind::FROM)
    return out_.separator(0, " ", true);
  TokenGap gap = gap_between(before, tokens_[i - 1].token, tokens_[i].token);
  if (style == Style::List && gap.level == 1) gap.level = 0;
  // The clauses of a source stay together: a line breaks in front of the first of them.
  if (style == Style::Item && gap.level == 0 && std::exchange(has_clause_, true)) gap.level = 1;
  if (gap.level)
    out_.separator(*gap.level, gap.is_space ? " " : "");
  else if (gap.is_space)
    out_.space();
}

// `from` and its steps: each on a line of its own, unless all were written on one line and fit there.
void Formatter::pipeline(size_t begin, size_t end) {
  std::vector<size_t> pipes;
  bool is_broken = false;
  for (size_t i = begin; i < end; ++i) {
    if (tokens_[i].token.kind != Kind::PIPE || tokens_[i].token.depth != tokens_[begin].token.depth) continue;
    pipes.push_back(i);
    is_broken = is_broken || tokens_[i].token.is_first_on_line;
  }
  comments_above(begin);
  tokens_[begin].own_line_comments.clear();
  out_.begin_group(is_broken);
  const size_t head = pipes.empty() ? end : pipes[0];
  out_.begin_nest(0);
  token(begin);
  out_.space();
  sequence(begin + 1, head);
  out_.end_nest();
  for (size_t p = 0; p < pipes.size(); ++p) {
    out_.line(" ", true);
    token(pipes[p]);
    out_.space();
    out_.begin_nest(3);
    sequence(pipes[p] + 1, p + 1 < pipes.size() ? pipes[p + 1] : end);
    out_.end_nest();
  }
  out_.end_group();
}

// Prints the bracket at `open` with all in it; returns the index behind it.
size_t Formatter::bracket(size_t open) {
  const size_t close = close_of(open);
  if (tokens_[open].token.kind == Kind::LBRACE)
    braces(open, close);
  else
    list(open, close);
  return close + 1;
}

bool Formatter::is_quantifier(size_t open, size_t close) const {
  if (open + 1 == close || tokens_[open + 1].token.kind != Kind::INT) return false;
  return std::all_of(tokens_.begin() + static_cast<ptrdiff_t>(open) + 1,
                     tokens_.begin() + static_cast<ptrdiff_t>(close),
                     [](const FormatToken& t) { return t.token.kind == Kind::INT || t.token.kind == Kind::COMMA; });
}

void Formatter::braces(size_t open, size_t close) {
  const bool is_empty =
      open + 1 == close && tokens_[close].own_line_comments.empty() && !tokens_[open].trailing_comment;
  const Position first = tokens_[open + 1].token.span.begin;
  if (is_empty || is_quantifier(open, close) || (open > 0 && tokens_[open - 1].token.kind == Kind::DOT))
    return tight(open, close);
  if (marks_.members.contains(first)) return block(open, close, true);
  if (marks_.statements.contains(first)) return block(open, close, false);
  // A record, a record type, an enum, the arms of `match`, the body of `iterate`: all entries on one line or one each.
  const bool is_body = tokens_[open + 1].token.kind == Kind::FROM;
  out_.begin_group(breaks_after(open), is_body ? Layout::GroupKind::Block : Layout::GroupKind::Braces);
  out_.begin_nest(0);
  token(open);
  out_.begin_nest(2);
  out_.line(" ", false);
  size_t begin = open + 1;
  for (size_t i = begin; i < close && !is_body; ++i) {
    if (tokens_[i].token.kind != Kind::COMMA || tokens_[i].token.depth != tokens_[open].token.depth + 1) continue;
    out_.begin_nest(0);
    sequence(begin, i);
    out_.end_nest();
    token(i);
    if (i + 1 < close) out_.line(" ", true);
    begin = i + 1;
  }
  out_.begin_nest(0);
  sequence(begin, close);
  out_.end_nest();
  this->close(close, " ");
}

// Ends what begin_group, begin_nest(0), token, begin_nest began.
void Formatter::close(size_t i, std::string_view flat) {
  for (const ast::Comment* comment : tokens_[i].own_line_comments) {
    out_.hard_line();
    out_.own_line_comment(comment->text, tokens_[i].has_blank_before(*comment));
  }
  out_.end_nest();
  out_.line(flat, false);
  out_.text(tokens_[i].text);
  out_.end_nest();
  out_.end_group();
  comment_behind(i);
}

// Arguments, elements: on one line, or filled lines of their own between the brackets.
void Formatter::list(size_t open, size_t close) {
  if (open + 1 == close && tokens_[close].own_line_comments.empty() && !tokens_[open].trailing_comment)
    return tight(open, close);
  out_.begin_group(breaks_after(open));
  out_.begin_nest(0);
  token(open);
  out_.begin_nest(2);
  out_.line("", false);
  sequence(open + 1, close, Style::List);
  this->close(close, "");
}

// Statements: on one line if they were written so and fit, else a line each.
void Formatter::block(size_t open, size_t close, bool is_always_broken) {
  const std::set<Position>& marks = is_always_broken ? marks_.members : marks_.statements;
  const uint32_t depth = tokens_[open].token.depth + 1;
  std::vector<size_t> begins;
  bool is_broken = is_always_broken || tokens_[close].token.is_first_on_line;
  for (size_t i = open + 1; i < close; ++i) {
    if (tokens_[i].token.depth != depth || !marks.contains(tokens_[i].token.span.begin)) continue;
    begins.push_back(i);
    is_broken = is_broken || tokens_[i].token.is_first_on_line;
  }
  out_.begin_group(is_broken, Layout::GroupKind::Block);
  out_.begin_nest(0);
  token(open);
  out_.begin_nest(2);
  for (size_t b = 0; b < begins.size(); ++b) {
    out_.line(b == 0 ? " " : "  ", b != 0);
    comments_above(begins[b]);
    tokens_[begins[b]].own_line_comments.clear();
    out_.begin_nest(2);
    sequence(begins[b], b + 1 < begins.size() ? begins[b + 1] : close);
    out_.end_nest();
  }
  this->close(close, " ");
}

// Brackets without a space inside and without lines of their own.
void Formatter::tight(size_t open, size_t close) {
  token(open);
  if (is_quantifier(open, close))
    for (size_t i = open + 1; i < close; ++i) token(i);
  else
    sequence(open + 1, close);
  token(close);
}

std::string Formatter::flat_text(size_t begin, size_t end) const {
  std::string text;
  for (size_t i = begin; i < end; ++i) {
    const bool has_space = i > begin && gap_between(i > begin + 1 ? tokens_[i - 2].token.kind : Kind::END,
                                                    tokens_[i - 1].token, tokens_[i].token)
                                            .is_space;
    text += (has_space ? " " : "") + std::string(tokens_[i].text);
  }
  return text;
}

// The rows of a test table, their columns aligned.
void Formatter::rows(size_t begin, size_t end) {
  std::vector<std::vector<std::string>> cells;
  std::vector<std::pair<size_t, size_t>> ends;  // first and last token of each row
  std::vector<size_t> widths;
  for (size_t i = begin; i < end; ++i) {
    const size_t first = i;
    std::vector<std::string> row;
    for (size_t cell = ++i; i < end; ++i) {
      const auto kind = tokens_[i].token.kind;
      if (kind != Kind::BAR && kind != Kind::ROW_END) continue;
      row.push_back(flat_text(cell, i));
      if (widths.size() < row.size()) widths.push_back(0);
      widths[row.size() - 1] = std::max(widths[row.size() - 1], display_width(row.back()));
      if (kind == Kind::ROW_END) break;
      cell = i + 1;
    }
    ends.emplace_back(first, std::min(i, end - 1));
    cells.push_back(std::move(row));
  }
  out_.begin_nest(2);
  for (size_t r = 0; r < cells.size(); ++r) {
    std::string text = "|";
    for (size_t c = 0; c < cells[r].size(); ++c) {
      const std::string padding(widths[c] - display_width(cells[r][c]), ' ');
      text += " " + cells[r][c] + padding + " |";
    }
    out_.hard_line();
    comments_above(ends[r].first);
    out_.text(text, tokens_[ends[r].first].blank_before);
    comment_behind(ends[r].second);
  }
  out_.end_nest();
}

}  // namespace

std::string format(const ast::Program& program, const SourceFile& source) { return Formatter(program, source).run(); }

}  // namespace sluice
