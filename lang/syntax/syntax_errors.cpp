#include "lang/syntax/syntax_errors.h"

#include <algorithm>

#include "lang/syntax/expected_text.h"
#include "lang/syntax/operator_words.h"

namespace sluice::syntax {

namespace {

using Symbol = Parser::symbol_kind;

bool is_opening(Parser::token_kind_type kind) {
  return kind == Kind::LPAREN || kind == Kind::LBRACK || kind == Kind::LBRACE || kind == Kind::FSTR_OPEN;
}

bool starts_clause(Parser::token_kind_type kind) {
  switch (kind) {
    case Kind::PER:
    case Kind::BY:
    case Kind::OVER:
    case Kind::ON:
    case Kind::WITHIN:
    case Kind::KEEP:
    case Kind::EMIT:
      return true;
    default:
      return false;
  }
}

bool is_closing(Parser::token_kind_type kind) {
  return kind == Kind::RPAREN || kind == Kind::RBRACK || kind == Kind::RBRACE || kind == Kind::FSTR_CLOSE;
}

std::string_view closing_of(Parser::token_kind_type kind) {
  return kind == Kind::LPAREN ? ")" : kind == Kind::LBRACK ? "]" : "}";
}

bool starts_operand(Parser::token_kind_type kind) {
  switch (kind) {
    case Kind::NAME:
    case Kind::INT:
    case Kind::FLOAT:
    case Kind::DECIMAL:
    case Kind::STRING:
    case Kind::DURATION:
    case Kind::INSTANT:
    case Kind::TRUE:
    case Kind::FALSE:
    case Kind::NULL_:
    case Kind::FSTR_BEGIN:
    case Kind::LPAREN:
    case Kind::LBRACE:
    case Kind::LBRACK:
    case Kind::NOT:
    case Kind::MINUS:
    case Kind::IF:
    case Kind::MATCH:
      return true;
    default:
      return false;
  }
}

bool is_comparison(Parser::token_kind_type kind) {
  switch (kind) {
    case Kind::EQ:
    case Kind::NE:
    case Kind::LT:
    case Kind::LE:
    case Kind::GT:
    case Kind::GE:
    case Kind::IN:
    case Kind::NOT_IN:
    case Kind::IS:
    case Kind::IS_NOT:
      return true;
    default:
      return false;
  }
}

bool is_reserved(Parser::token_kind_type kind) {
  switch (kind) {
    case Kind::FROM:
    case Kind::LET:
    case Kind::FN:
    case Kind::IF:
    case Kind::MATCH:
    case Kind::NOT:
    case Kind::TRUE:
    case Kind::FALSE:
    case Kind::NULL_:
      return true;
    default:
      return false;
  }
}

class Explainer {
 public:
  Explainer(const ErrorPlace& place, Diagnostics& diagnostics)
      : place_(place), diagnostics_(diagnostics), token_(place.history.back()) {}

  ErrorAdvice run();

 private:
  using Advice = std::optional<ErrorAdvice>;

  [[nodiscard]] bool expects(int symbol) const {
    return std::ranges::find(place_.expected, symbol) != place_.expected.end();
  }
  // The token `distance` before the one that does not fit; END before the item's first.
  [[nodiscard]] Token before(size_t distance) const {
    const size_t index = place_.history.size() - 1;
    return distance <= index - std::min(index, place_.item_begin) ? place_.history[index - distance] : Token{};
  }
  [[nodiscard]] const Token& after() const {
    return place_.tokens[std::min(place_.position + 1, place_.tokens.size() - 1)];
  }
  [[nodiscard]] bool starts_item(size_t position) const {
    return place_.tokens[position].span.begin.column == 1 && place_.stream.looks_like_item(position);
  }
  [[nodiscard]] ErrorAdvice here() const { return {place_.position}; }
  [[nodiscard]] std::vector<Token> open_brackets() const;
  [[nodiscard]] std::string_view item_word() const;
  [[nodiscard]] const Token* column_list() const;

  Advice swallowed_item();
  Advice unclosed_bracket();
  Advice unopened_bracket();
  Advice single_equals();
  Advice missing_pipe();
  Advice bar_for_pipe();
  Advice unknown_operator();
  Advice reserved_name();
  Advice no_item();
  ErrorAdvice general();
  [[nodiscard]] std::string general_label() const;
  [[nodiscard]] std::string foreign_label() const;
  [[nodiscard]] bool stands_behind_hint() const;
  [[nodiscard]] std::vector<std::string> expected_words() const;

  const ErrorPlace& place_;
  Diagnostics& diagnostics_;
  const Token& token_;
};

ErrorAdvice Explainer::run() {
  for (Advice (Explainer::*explain)() :
       {&Explainer::swallowed_item, &Explainer::unclosed_bracket, &Explainer::unopened_bracket,
        &Explainer::single_equals, &Explainer::missing_pipe, &Explainer::bar_for_pipe, &Explainer::unknown_operator,
        &Explainer::reserved_name, &Explainer::no_item})
    if (const Advice advice = (this->*explain)()) return *advice;
  return general();
}

// The brackets of this item that are open before the token, outermost first.
std::vector<Token> Explainer::open_brackets() const {
  std::vector<Token> open;
  for (size_t i = place_.item_begin; i + 1 < place_.history.size(); ++i) {
    if (is_opening(place_.history[i].kind))
      open.push_back(place_.history[i]);
    else if (is_closing(place_.history[i].kind) && !open.empty())
      open.pop_back();
  }
  return open;
}

// What the item is called that the token stands in.
std::string_view Explainer::item_word() const {
  if (place_.item_begin + 1 >= place_.history.size()) return "item";
  switch (place_.history[place_.item_begin].kind) {
    case Kind::TEST:
      return "test";
    case Kind::FN:
      return "function";
    case Kind::AGG:
      return "aggregate";
    case Kind::PROCESS:
      return "process";
    case Kind::TYPE:
      return "type";
    case Kind::ENUM:
      return "enum";
    case Kind::FROM:
      return "pipeline";
    default:
      return "item";
  }
}

// `where a ==` and then an item on the next line: its word was read as a name. Point at the item instead.
Explainer::Advice Explainer::swallowed_item() {
  const Token word = before(1);
  if (place_.position == 0 || word.kind != Kind::NAME || !starts_item(place_.position - 1)) return {};
  const Token last = before(2);
  if (last.kind == Kind::END) return {};
  const std::vector<Token> open = open_brackets();
  if (open.empty()) {
    const Span behind{last.span.file, last.span.end, last.span.end};
    diagnostics_.report(diag::E0105, behind, "a value", fmt::format("the next item, `{}`", word.text))
        .with_label(fmt::format("something is missing behind `{}`", last.text));
  } else {
    diagnostics_.report(diag::E0103, open.back().span, open.back().text)
        .with_label(
            fmt::format("opened here; line {} starts a new `{}` at the left margin, so the {} should end before it",
                        word.span.begin.line, word.text, item_word()));
  }
  return ErrorAdvice{place_.position - 1};
}

Explainer::Advice Explainer::unclosed_bracket() {
  const std::vector<Token> open = open_brackets();
  if (open.empty()) return {};
  const Token& bracket = open.back();
  const auto report = [&] -> Diagnostic& { return diagnostics_.report(diag::E0103, bracket.span, bracket.text); };
  if (token_.kind == Kind::END) {
    report().with_label(fmt::format("opened here; the file ends before its `{}`", closing_of(bracket.kind)));
    return here();
  }
  if (starts_item(place_.position)) {
    report().with_label(
        fmt::format("opened here; line {} starts a new `{}` at the left margin, so the {} should end before it",
                    token_.span.begin.line, token_.text, item_word()));
    return here();
  }
  // A `|>` cannot belong to the pipeline around the bracket before the bracket is closed.
  const bool is_outer_step = token_.kind == Kind::PIPE && place_.step_depth && bracket.depth >= *place_.step_depth;
  if (is_outer_step || (is_closing(token_.kind) && closing_of(bracket.kind) != token_.text)) {
    report().with_label(
        token_.span.begin.line == bracket.span.begin.line
            ? fmt::format("opened here; `{}` comes before its `{}`", token_.text, closing_of(bracket.kind))
            : fmt::format("opened here; the `{}` on line {} comes before its `{}`", token_.text, token_.span.begin.line,
                          closing_of(bracket.kind)));
    return here();
  }
  return {};
}

Explainer::Advice Explainer::unopened_bracket() {
  if (!is_closing(token_.kind) || !open_brackets().empty()) return {};
  diagnostics_.report(diag::E0105, token_.span, expected_text(place_.expected), found_text(token_))
      .with_label("nothing is open that it could close");
  return here();
}

// The operator whose list of columns the token stands in directly, if it does.
const Token* Explainer::column_list() const {
  for (size_t i = place_.history.size() - 1; i-- > place_.item_begin;) {
    const Token& token = place_.history[i];
    if (token.depth > token_.depth) continue;
    if (token.kind == Kind::OP_COLUMNS) return &token;
    if (is_opening(token.kind) || token.kind == Kind::PIPE) return nullptr;
    switch (token.kind) {
      case Kind::WHERE:
      case Kind::PER:
      case Kind::BY:
      case Kind::OVER:
      case Kind::ON:
      case Kind::WITHIN:
      case Kind::KEEP:
      case Kind::EMIT:
      case Kind::UNTIL:
      case Kind::IF:
      case Kind::THEN:
      case Kind::ELSE:
        return nullptr;
      default:
        break;
    }
  }
  return nullptr;
}

Explainer::Advice Explainer::single_equals() {
  if (token_.kind != Kind::ASSIGN || !expects(Symbol::S_EQ)) return {};
  if (const Token* op = column_list()) {
    diagnostics_.report(diag::E0105, token_.span, expected_text(place_.expected), "`=`")
        .with_label(fmt::format("the name of a column in `{}` is one word: name = value", op->text));
    return here();
  }
  diagnostics_.report(diag::E0101, token_.span).with_label("write `==`").with_edit({token_.span, "==", true});
  return here();
}

// `where` and the like in a pipeline without `|>` in front.
Explainer::Advice Explainer::missing_pipe() {
  const Token last = before(1);
  if (!place_.step_depth || token_.depth != *place_.step_depth || last.kind == Kind::PIPE || token_.is_quoted)
    return {};
  const bool is_join = is_join_kind(token_.text) && after().text == "join";
  if (!is_join && !operator_shape(token_.text)) return {};
  if (!token_.is_first_on_line && !ends_operand(last.kind)) return {};
  const Span insertion{token_.span.file, token_.span.begin, token_.span.begin};
  // The rest of the line, so that the label shows the step as it should be.
  std::string step = "|>";
  for (size_t i = place_.position; i < place_.tokens.size() && step.size() < 40; ++i) {
    const Token& part = place_.tokens[i];
    if (part.kind == Kind::END || part.span.begin.line != token_.span.begin.line || part.kind == Kind::PIPE) break;
    const bool is_apart = i == place_.position || place_.tokens[i - 1].span.end != part.span.begin;
    step += (is_apart ? " " : "") + std::string(part.text);
  }
  diagnostics_.report(diag::E0102, token_.span, token_.text)
      .with_label(fmt::format("write `{}`", step))
      .with_edit({insertion, "|> ", true});
  return ErrorAdvice{place_.position, true};
}

// `| where`, the pipe of other languages, and `a || b`.
Explainer::Advice Explainer::bar_for_pipe() {
  if (token_.kind != Kind::BAR && token_.kind != Kind::ROW_BEGIN) return {};
  if (place_.step_depth && (operator_shape(after().text) || operator_alias(after().text))) {
    diagnostics_.report(diag::E0102, token_.span, after().text)
        .with_label("steps are joined by `|>`, not by `|`")
        .with_edit({token_.span, "|>", true});
    return ErrorAdvice{place_.position + 1, true};
  }
  if (token_.kind != Kind::BAR) return {};
  const bool is_or = after().kind == Kind::BAR && after().span.begin == token_.span.end;
  diagnostics_.report(diag::E0106, is_or ? cover(token_.span, after().span) : token_.span, is_or ? "||" : "|")
      .with_label(is_or ? "write `or`" : "steps are joined by `|>`; a test's table row starts a line of its own");
  return here();
}

// `|> filter status >= 500`: the grammar takes an unknown word for a function, which has no operand.
Explainer::Advice Explainer::unknown_operator() {
  if (before(1).kind == Kind::PIPE && is_reserved(token_.kind) && operator_alias(token_.text)) {
    report_unknown_operator({std::string(token_.text), token_.span}, {}, diagnostics_);
    return here();
  }
  const Token word = before(1);
  if (word.kind != Kind::OP_USER || word.is_quoted) return {};
  const bool is_operand = starts_operand(token_.kind) || token_.kind == Kind::STAR || token_.kind == Kind::ASSIGN;
  if (!is_operand) return {};
  std::vector<std::string> functions;
  for (size_t i = 0; i + 1 < place_.tokens.size(); ++i)
    if (place_.tokens[i].text == "fn") functions.emplace_back(place_.tokens[i + 1].text);
  if (std::ranges::find(functions, word.text) != functions.end()) {
    diagnostics_.report(diag::E0105, token_.span, "`(`, a clause or the next `|>`", found_text(token_))
        .with_label(fmt::format("a function takes its arguments in parentheses: {}(...)", word.text));
    return here();
  }
  report_unknown_operator({std::string(word.text), word.span}, functions, diagnostics_);
  return here();
}

Explainer::Advice Explainer::reserved_name() {
  const bool is_name_place = expects(Symbol::S_NAME) && !expects(Symbol::S_INT);
  if (!is_reserved(token_.kind) || !is_name_place || starts_item(place_.position)) return {};
  diagnostics_.report(diag::E0113, token_.span, token_.text)
      .with_label(fmt::format("choose another name, or write it in backquotes: `{}`", token_.text))
      .with_edit({token_.span, fmt::format("`{}`", token_.text), false});
  return here();
}

// Something at the start of an item that starts none.
Explainer::Advice Explainer::no_item() {
  if (!expects(Symbol::S_SOURCE) || !expects(Symbol::S_FN) || token_.kind != Kind::NAME) return {};
  if (!token_.is_first_on_line && before(1).kind != Kind::END) return {};
  static const std::vector<std::string> kItemWords = {"from", "let",    "fn",   "use", "param",   "config", "type",
                                                      "enum", "source", "sink", "agg", "process", "test"};
  std::string label = "each item starts with a word such as `from`, `let`, `fn`, `type` or `source`";
  const std::string_view word = token_.text;
  if (operator_shape(word) || operator_alias(word))
    label = "a pipeline starts with its input: from hits |> where ...";
  else if (const auto close = closest_name(word, kItemWords))
    label = fmt::format("did you mean `{}`?", *close);
  else if (word == "def" || word == "function" || word == "func" || word == "fun")
    label = "functions start with `fn`";
  else if (word == "import" || word == "include")
    label = "modules are taken in with `use`";
  else if (word == "struct" || word == "record")
    label = "record types are named with `type`";
  else if (word == "var" || word == "const" || word == "val" || word == "with")
    label = "names are given with `let`";
  diagnostics_.report(diag::E0105, token_.span, expected_text(place_.expected), found_text(token_)).with_label(label);
  return here();
}

// `... @parallel(2) per user`
bool Explainer::stands_behind_hint() const {
  if (before(1).kind == Kind::ANNOT) return true;
  if (before(1).kind != Kind::RPAREN) return false;
  int depth = 0;
  for (size_t back = 1; before(back).kind != Kind::END; ++back) {
    if (is_closing(before(back).kind)) ++depth;
    if (is_opening(before(back).kind) && --depth == 0) return before(back + 1).kind == Kind::ANNOT;
  }
  return false;
}

// What other languages write so.
std::string Explainer::foreign_label() const {
  const Token last = before(1);
  if (token_.kind == Kind::STAR && last.kind == Kind::OP_COLUMNS) return "all columns are written `...`";
  if (token_.kind == Kind::STAR && last.kind == Kind::STAR) return "Flow has no `**`: a square is written x * x";
  if (token_.kind == Kind::STAR && last.text == "(" && before(2).text == "count")
    return "`count()` counts rows and takes nothing";
  if (token_.text == "group" && after().text == "by" && expects(Symbol::S_PER)) return "keys are given with `per`";
  if (token_.kind == Kind::NAME && last.kind == Kind::INT && before(2).text == "top")
    return fmt::format("write `top {} by {}`", last.text, token_.text);
  if (token_.text == "?" && expects(Symbol::S_PLUS)) return "a choice is written: if a then b else c";
  if (token_.kind == Kind::PIPE && last.kind == Kind::PIPE) return "leave out one `|>`";
  if (starts_clause(token_.kind) && stands_behind_hint())
    return "hints are the last of a step: write this in front of them";
  if (last.kind == Kind::OP_CLAUSES && token_.kind == Kind::NAME) {
    if (last.text == "distinct")
      return fmt::format("`distinct` compares whole rows: write `select {} |> distinct`", token_.text);
    if (last.text == "sort") return fmt::format("write `sort by {}`", token_.text);
  }
  return {};
}

std::string Explainer::general_label() const {
  if (std::string label = foreign_label(); !label.empty()) return label;
  const Token last = before(1);
  if (last.kind == Kind::COMMA && !starts_operand(token_.kind)) return "leave out the last `,`";
  if (last.kind == Kind::PIPE && token_.kind == Kind::END) return "the last step is missing";
  if (is_comparison(token_.kind) && expects(Symbol::S_PLUS)) return "comparisons do not chain: write a < b and b < c";
  if (token_.kind == Kind::COLON && expects(Symbol::S_ASSIGN)) return "values are given with `=`: name = value";
  if (token_.kind == Kind::ASSIGN && expects(Symbol::S_COLON)) return "its type comes first: name: type = value";
  if (token_.kind == Kind::ARROW && expects(Symbol::S_FAT_ARROW))
    return "functions without a name are written x => x + 1";
  if (place_.expected.size() == 1 && expects(Symbol::S_FAT_ARROW))
    return "a list is written [a, b], a record { x = a, y = b }";
  if (place_.expected.size() == 1 && expects(Symbol::S_COLON) && last.kind == Kind::NAME)
    return fmt::format("give `{}` a type: {}: int", last.text, last.text);
  if (token_.kind == Kind::NAME) {
    if (const auto word = closest_name(token_.text, expected_words())) return fmt::format("did you mean `{}`?", *word);
  }
  if (!starts_operand(token_.kind) || !ends_operand(last.kind)) return {};
  if (expects(Symbol::S_COMMA)) return "is a `,` missing in front of it?";
  return expects(Symbol::S_PLUS) ? fmt::format("what joins it with `{}`?", last.text) : "";
}

// The keywords that could stand here.
std::vector<std::string> Explainer::expected_words() const {
  std::vector<std::string> words;
  for (const int symbol : place_.expected) {
    const std::string_view name = Parser::symbol_name(static_cast<Parser::symbol_kind_type>(symbol));
    if (name.size() > 2 && name[0] >= 'a' && name[0] <= 'z') words.emplace_back(name);
  }
  return words;
}

ErrorAdvice Explainer::general() {
  const Token last = before(1);
  const Span behind{last.span.file, last.span.end, last.span.end};
  const std::string expected = expected_text(place_.expected);
  if (token_.is_first_on_line && expects(Symbol::S_ROW_END)) {
    diagnostics_.report(diag::E0105, behind, expected, "the end of the line").with_label("a row ends with `|`");
    return here();
  }
  // What is missing at the end of a step or an item is missing behind its last token.
  const bool is_next_item = starts_item(place_.position);
  const bool is_next_step = token_.kind == Kind::PIPE && token_.is_first_on_line;
  const bool is_behind = last.kind != Kind::END && (token_.kind == Kind::END || is_next_item || is_next_step);
  std::string found = found_text(token_);
  if (is_behind && is_next_item) found = "the next item, " + found;
  if (is_behind && is_next_step) found = "the next step";
  std::string label = general_label();
  if (label.empty() && is_behind && expects(Symbol::S_INT))
    label = fmt::format("something is missing behind `{}`", last.text);
  diagnostics_.report(diag::E0105, is_behind ? behind : token_.span, expected, found).with_label(std::move(label));
  return here();
}

}  // namespace

ErrorAdvice explain_syntax_error(const ErrorPlace& place, Diagnostics& diagnostics) {
  return Explainer(place, diagnostics).run();
}

}  // namespace sluice::syntax
