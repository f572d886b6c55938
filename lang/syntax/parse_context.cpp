#include "lang/syntax/parse_context.h"

#include <algorithm>

#include "lang/support/invariant.h"
#include "lang/syntax/literals.h"
#include "lang/syntax/syntax_errors.h"

namespace sluice::syntax {

namespace {

bool is_closing(Parser::token_kind_type kind) {
  return kind == Kind::RPAREN || kind == Kind::RBRACK || kind == Kind::RBRACE || kind == Kind::FSTR_CLOSE;
}

// The name that a word, a quoted name or an annotation spells.
ast::Name name_of(const Token& token) {
  std::string_view text = token.text;
  if (token.is_quoted) {
    text.remove_prefix(1);
    if (text.ends_with('`')) text.remove_suffix(1);
  } else if (token.kind == Kind::ANNOT) {
    text.remove_prefix(1);
  }
  return {std::string(text), token.span};
}

}  // namespace

ParseContext::ParseContext(const SourceFile& source, const ScanResult& scanned, ast::Program& program,
                           Diagnostics& diagnostics)
    : AstBuilder(program, diagnostics), source_(source), scanned_(scanned), stream_(scanned.tokens) {}

Parser::symbol_type ParseContext::next_symbol() {
  const Span here = scanned_.tokens[stream_.position()].span;
  switch (resume_) {
    case Resume::No:
      break;
    case Resume::AtStep:
      resume_ = Resume::No;
      return {Kind::SYNC, Span{here.file, here.begin, here.begin}};
    case Resume::AtItem:
      return {Kind::END, Span{here.file, here.begin, here.begin}};
  }
  positions_.push_back(stream_.position());
  history_.push_back(stream_.next());
  return symbol_of(history_.back());
}

Parser::symbol_type ParseContext::symbol_of(const Token& token) {
  switch (token.kind) {
    case Kind::NAME:
    case Kind::ANNOT:
    case Kind::JOIN_KIND:
    case Kind::OP_CONDITION:
    case Kind::OP_COLUMNS:
    case Kind::OP_NAMES:
    case Kind::OP_BINDING:
    case Kind::OP_CLAUSES:
    case Kind::OP_VALUE:
    case Kind::OP_INPUT:
    case Kind::OP_INPUTS:
    case Kind::OP_PATTERN:
    case Kind::OP_PROCESS:
    case Kind::OP_BLOCK:
    case Kind::OP_USER:
      return {token.kind, name_of(token), token.span};
    case Kind::INT:
    case Kind::FLOAT:
    case Kind::DECIMAL:
    case Kind::STRING:
    case Kind::DURATION:
    case Kind::INSTANT:
      return {token.kind, literal_of(token), token.span};
    case Kind::FSTR_TEXT:
      return {token.kind, decode_fstring_text(token, diagnostics()), token.span};
    default:
      return {token.kind, token.span};  // all other kinds carry no value
  }
}

ast::Literal ParseContext::literal_of(const Token& token) {
  const size_t errors = diagnostics().error_count();
  ast::Literal literal = decode_literal(token, stream_.is_negated(), diagnostics());
  literal_errors_ += diagnostics().error_count() - errors;
  return literal;
}

void ParseContext::add_item(ast::Item item) {
  // The parser may have read the first token of the next item already.
  item_begin_ = history_.size();
  while (item_begin_ > 0 && history_[item_begin_ - 1].span.begin >= item.span.end) --item_begin_;
  AstBuilder::add_item(std::move(item));
}

void ParseContext::check_columns(const ast::Step& step) {
  if (step.op.text == "aggregate") return;  // its columns may have filters
  for (const ast::Column& column : step.columns) {
    if (column.where == nullptr) continue;
    const Span& place = column.where_span;
    const std::string_view line = source_.line(place.begin.line);
    if (line.find_first_not_of(" \t") != place.begin.column - 1) continue;
    diagnostics()
        .report(diag::E0102, place, "where")
        .with_label(fmt::format("write `|> {}`", source_.text_of(cover(place, column.where->span))))
        .with_edit({{place.file, place.begin, place.begin}, "|> ", true});
  }
}

const ast::Expr* ParseContext::fstring(const Span& span, std::vector<ast::FStringPart> parts) {
  return expr(span, ast::FString{std::move(parts), std::string(source_.text_of(span))});
}

void ParseContext::internal_error(const Span& span, const std::string& message) {
  SLUICE_INVARIANT(false, fmt::format("parser: {} at line {}", message, span.begin.line));
}

// Whether the scanner already said something about the step that the last token stands in: then that is the cause.
bool ParseContext::has_lexical_error() const {
  size_t begin = history_.size() - 1;
  while (begin > item_begin_ && history_[begin - 1].kind != Kind::PIPE) --begin;
  const Position from = history_[begin].span.begin;
  return std::ranges::any_of(scanned_.errors, [&](const Span& error) {
    return error.begin >= from && error.begin <= history_.back().span.end;
  });
}

void ParseContext::syntax_error(const std::vector<int>& expected) {
  ErrorAdvice advice{positions_.back()};
  const bool is_repeated = advice.position == last_error_;
  last_error_ = advice.position;
  const std::optional<uint32_t> step_depth = enclosing_step();
  if (is_repeated) {
    ++advice.position;
  } else if (!has_lexical_error()) {
    const ErrorPlace place{stream_, scanned_.tokens, history_, item_begin_, advice.position, expected, step_depth};
    advice = explain_syntax_error(place, diagnostics());
  }
  if (advice.lacks_pipe && step_depth) {
    resume_ = Resume::AtStep;
    stream_.go_to(advice.position);
    stream_.insert_pipe();
  } else {
    resume_after(advice.position, step_depth);
  }
}

// The number of brackets around the `from` or `|>` that the last token belongs to; nothing outside of pipelines.
std::optional<uint32_t> ParseContext::enclosing_step() const {
  const Token& last = history_.back();
  uint32_t depth = last.depth + (is_closing(last.kind) ? 1 : 0);
  for (size_t i = history_.size() - 1; i-- > item_begin_;) {
    const Token& token = history_[i];
    if ((token.kind == Kind::PIPE || token.kind == Kind::FROM) && token.depth <= depth) return token.depth;
    depth = std::min(depth, token.depth);
  }
  return std::nullopt;
}

// Finds where parsing goes on: the next `|>` of the pipeline that is open, the bracket that closes it, or an item's
// word at the left margin.
void ParseContext::resume_after(size_t position, const std::optional<uint32_t>& depth) {
  const std::vector<Token>& tokens = scanned_.tokens;
  for (size_t i = position; i < tokens.size(); ++i) {
    const bool is_margin = tokens[i].span.begin.column == 1;
    const bool is_step = depth && ((tokens[i].kind == Kind::PIPE && tokens[i].depth == *depth) ||
                                   (is_closing(tokens[i].kind) && tokens[i].depth < *depth));
    if (!is_step && !(is_margin && stream_.looks_like_item(i))) continue;
    resume_ = is_step ? Resume::AtStep : Resume::AtItem;
    stream_.go_to(i);
    return;
  }
  resume_ = Resume::AtItem;
  stream_.go_to(tokens.size() - 1);
}

bool ParseContext::prepare_next_run() {
  const bool is_stopped = resume_ == Resume::AtItem && scanned_.tokens[stream_.position()].kind != Kind::END;
  resume_ = Resume::No;
  item_begin_ = history_.size();
  return is_stopped;
}

}  // namespace sluice::syntax
