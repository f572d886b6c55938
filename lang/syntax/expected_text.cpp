#include "lang/syntax/expected_text.h"

#include <fmt/format.h>

#include <set>

namespace sluice::syntax {

namespace {

using Symbol = Parser::symbol_kind;

// A thing that is named by one of its symbols, and all symbols that are then said.
struct Group {
  std::string_view text;
  std::vector<int> needs;   // all of these must be possible
  std::vector<int> covers;  // and then none of these is named by itself
};

const std::vector<Group>& groups() {
  static const std::vector<int> kOperators = {
      Symbol::S_COALESCE, Symbol::S_OR,    Symbol::S_AND,      Symbol::S_EQ,     Symbol::S_NE,
      Symbol::S_LT,       Symbol::S_LE,    Symbol::S_GT,       Symbol::S_GE,     Symbol::S_IN,
      Symbol::S_NOT_IN,   Symbol::S_IS,    Symbol::S_IS_NOT,   Symbol::S_RANGE,  Symbol::S_RANGE_BELOW,
      Symbol::S_PLUS,     Symbol::S_MINUS, Symbol::S_STAR,     Symbol::S_SLASH,  Symbol::S_INT_DIV,
      Symbol::S_PERCENT,  Symbol::S_DOT,   Symbol::S_SAFE_DOT, Symbol::S_LPAREN, Symbol::S_LBRACK,
      Symbol::S_FAT_ARROW};
  static const std::vector<int> kValues = {Symbol::S_NAME,   Symbol::S_INT,        Symbol::S_FLOAT,   Symbol::S_DECIMAL,
                                           Symbol::S_STRING, Symbol::S_DURATION,   Symbol::S_INSTANT, Symbol::S_TRUE,
                                           Symbol::S_FALSE,  Symbol::S_NULL_,      Symbol::S_LPAREN,  Symbol::S_LBRACK,
                                           Symbol::S_LBRACE, Symbol::S_FSTR_BEGIN, Symbol::S_MATCH,   Symbol::S_IF,
                                           Symbol::S_NOT,    Symbol::S_MINUS,      Symbol::S_ELSE};
  static const std::vector<int> kClauses = {Symbol::S_PER,    Symbol::S_BY,    Symbol::S_OVER, Symbol::S_ON,
                                            Symbol::S_WITHIN, Symbol::S_KEEP,  Symbol::S_EMIT, Symbol::S_UNTIL,
                                            Symbol::S_MAX,    Symbol::S_AS,    Symbol::S_WITH, Symbol::S_KEY,
                                            Symbol::S_TIME,   Symbol::S_DELAY, Symbol::S_IDLE};
  static const std::vector<int> kSteps = {
      Symbol::S_JOIN_KIND,  Symbol::S_OP_CONDITION, Symbol::S_OP_COLUMNS, Symbol::S_OP_NAMES,  Symbol::S_OP_BINDING,
      Symbol::S_OP_CLAUSES, Symbol::S_OP_VALUE,     Symbol::S_OP_INPUT,   Symbol::S_OP_INPUTS, Symbol::S_OP_PATTERN,
      Symbol::S_OP_PROCESS, Symbol::S_OP_BLOCK,     Symbol::S_OP_USER};
  static const std::vector<int> kItems = {Symbol::S_FROM,   Symbol::S_LET,    Symbol::S_FN,   Symbol::S_USE,
                                          Symbol::S_PARAM,  Symbol::S_CONFIG, Symbol::S_TYPE, Symbol::S_ENUM,
                                          Symbol::S_SOURCE, Symbol::S_SINK,   Symbol::S_AGG,  Symbol::S_PROCESS,
                                          Symbol::S_TEST,   Symbol::S_YYEOF};
  static const std::vector<int> kStatements = {Symbol::S_LET,    Symbol::S_SET,   Symbol::S_EMIT,
                                               Symbol::S_RETURN, Symbol::S_START, Symbol::S_STOP,
                                               Symbol::S_CLEAR,  Symbol::S_FOR,   Symbol::S_IF};
  static const std::vector<int> kMembers = {Symbol::S_STATE,   Symbol::S_TIMER, Symbol::S_ON,    Symbol::S_STEP,
                                            Symbol::S_RETRACT, Symbol::S_MERGE, Symbol::S_FINISH};
  static const std::vector<int> kTestLines = {Symbol::S_GIVEN, Symbol::S_EXPECT, Symbol::S_ADVANCE, Symbol::S_WITH};
  // Most telling first: a symbol that one group covers is not named by the next.
  static const std::vector<Group> table = {
      {"a value", {Symbol::S_INT, Symbol::S_STRING, Symbol::S_NAME}, kValues},
      {"a step such as `where`", {Symbol::S_OP_CONDITION, Symbol::S_OP_USER}, kSteps},
      {"an operator", {Symbol::S_PLUS, Symbol::S_EQ}, kOperators},
      {"an operator", {Symbol::S_PLUS, Symbol::S_STAR}, kOperators},
      {"an item such as `from`, `let` or `source`", {Symbol::S_SOURCE, Symbol::S_FN}, kItems},
      {"a statement such as `let` or `emit`", {Symbol::S_SET, Symbol::S_EMIT, Symbol::S_RETURN}, kStatements},
      {"`state`, `step` or another part", {Symbol::S_STATE, Symbol::S_STEP}, kMembers},
      {"`given`, `expect` or `advance`", {Symbol::S_GIVEN, Symbol::S_EXPECT}, kTestLines},
      {"a clause such as `per` or `by`", {Symbol::S_PER, Symbol::S_BY}, kClauses},
      {"a type",
       {Symbol::S_NAME, Symbol::S_LBRACE, Symbol::S_STREAM},
       {Symbol::S_NAME, Symbol::S_LBRACE, Symbol::S_LBRACK, Symbol::S_STREAM, Symbol::S_TABLE}},
      {"a pattern",
       {Symbol::S_NAME, Symbol::S_NOT, Symbol::S_LPAREN},
       {Symbol::S_NAME, Symbol::S_NOT, Symbol::S_LPAREN}},
      {"an input",
       {Symbol::S_NAME, Symbol::S_LPAREN, Symbol::S_LBRACK},
       {Symbol::S_NAME, Symbol::S_LPAREN, Symbol::S_LBRACK}},
      {"a name", {Symbol::S_NAME}, {Symbol::S_NAME}},
      {"a whole number", {Symbol::S_INT}, {Symbol::S_INT}},
      {"a text", {Symbol::S_STRING}, {Symbol::S_STRING}},
      {"a table row", {Symbol::S_ROW_BEGIN}, {Symbol::S_ROW_BEGIN}},
      {"the row's next `|`", {Symbol::S_ROW_END}, {Symbol::S_ROW_END, Symbol::S_BAR}},
      {"`}`", {Symbol::S_FSTR_CLOSE}, {Symbol::S_FSTR_CLOSE}},
  };
  return table;
}

// What is left out of the list because it may stand nearly everywhere.
bool is_noise(int symbol) {
  switch (symbol) {
    case Symbol::S_YYEMPTY:
    case Symbol::S_YYerror:
    case Symbol::S_YYUNDEF:
    case Symbol::S_SYNC:
    case Symbol::S_ANNOT:
    case Symbol::S_QPLUS:
    case Symbol::S_QSTAR:
    case Symbol::S_QOPT:
    case Symbol::S_YYEOF:
    case Symbol::S_ASC:
    case Symbol::S_DESC:
    case Symbol::S_QUESTION:
    case Symbol::S_FSTR_END:
    case Symbol::S_FSTR_TEXT:
    case Symbol::S_FSTR_OPEN:
      return true;
    default:
      return false;
  }
}

}  // namespace

std::string expected_text(const std::vector<int>& expected) {
  std::set<int> left(expected.begin(), expected.end());
  // Behind something that is whole, what would make it longer is possible, but rarely what is missing.
  const bool is_behind_operand = left.contains(Symbol::S_PLUS);
  if (is_behind_operand || left.contains(Symbol::S_COMMA) || left.contains(Symbol::S_PIPE))
    for (const int symbol : {Symbol::S_DOT, Symbol::S_ASSIGN, Symbol::S_WHERE, Symbol::S_KEEP}) left.erase(symbol);
  if (!is_behind_operand && left.contains(Symbol::S_COMMA) && !left.contains(Symbol::S_INT))
    left.erase(Symbol::S_LPAREN);
  std::vector<std::string> first, last;
  for (const Group& group : groups()) {
    bool is_possible = true;
    for (const int symbol : group.needs) is_possible = is_possible && left.contains(symbol);
    if (!is_possible) continue;
    for (const int symbol : group.covers) left.erase(symbol);
    // At the end of an expression, everything that could go on is less likely meant than what could come next.
    const bool is_general =
        group.text == "an operator" || group.text.starts_with("an item") || group.text.starts_with("a clause");
    (is_general ? last : first).emplace_back(group.text);
  }
  for (const int symbol : left)
    if (!is_noise(symbol))
      first.push_back(fmt::format("`{}`", Parser::symbol_name(static_cast<Parser::symbol_kind_type>(symbol))));
  // The next item is worth naming only when nothing else could stand here.
  if (!first.empty() || last.size() > 1)
    std::erase_if(last, [](const std::string& text) { return text.starts_with("an item"); });
  first.insert(first.end(), last.begin(), last.end());
  constexpr size_t kMost = 5;
  if (first.size() > kMost) {
    first.resize(kMost - 1);
    first.push_back("something else that fits");
  }
  if (first.empty()) return "the end of the file";
  std::string text = first[0];
  for (size_t i = 1; i < first.size(); ++i) text += (i + 1 == first.size() ? " or " : ", ") + first[i];
  return text;
}

std::string found_text(const Token& token) {
  switch (token.kind) {
    case Kind::END:
      return "the end of the file";
    case Kind::ROW_END:
      return "the end of the row";
    case Kind::ROW_BEGIN:
      return "a table row";
    case Kind::FSTR_BEGIN:
      return "an f-string";
    default:
      break;  // every other token is shown as it was written
  }
  constexpr size_t kMost = 40;
  std::string text(token.text.substr(0, token.text.find('\n')));
  if (text.size() > kMost) {
    size_t length = kMost;
    while ((static_cast<unsigned char>(text[length]) & 0xC0) == 0x80) --length;
    text = text.substr(0, length) + "...";
  }
  return token.is_quoted ? text : fmt::format("`{}`", text);
}

}  // namespace sluice::syntax
