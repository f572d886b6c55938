#include "lang/syntax/token_stream.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "lang/syntax/parse.h"

namespace sluice::syntax {
namespace {

// The kinds of a text's tokens, in one line.
std::string kinds(const std::string& text) {
  SourceMap sources;
  Diagnostics diagnostics;
  std::string result;
  for (const TokenText& token : tokenize(sources, sources.add("t.flow", text), diagnostics))
    result += (result.empty() ? "" : " ") + token.kind;
  return diagnostics.has_errors() ? "error: " + diagnostics.sorted()[0].message : result;
}

TEST(TokenStream, SoftWordsAreNamesWhereAnOperandStands) {
  EXPECT_EQ(kinds("type T = { type: int, state: string, key: int }"),
            "type NAME = { NAME : NAME , NAME : NAME , NAME : NAME }");
  EXPECT_EQ(kinds("from a |> select type, time, on = key |> sort by time desc"),
            "from NAME |> OP_COLUMNS NAME , NAME , NAME = NAME |> OP_CLAUSES by NAME desc");
  EXPECT_EQ(kinds("from a |> aggregate count() per time over x"),
            "from NAME |> OP_COLUMNS NAME ( ) per NAME over NAME");
  EXPECT_EQ(kinds("from a |> where max(time) > set.source"), "from NAME |> OP_CONDITION NAME ( NAME ) > NAME . NAME");
}

TEST(TokenStream, SoftWordsAreKeywordsBehindAnOperand) {
  EXPECT_EQ(kinds("source s: T = csv(\"x\") key id time ts delay 1s"),
            "source NAME : NAME = NAME ( STRING ) key NAME time NAME delay DURATION");
  EXPECT_EQ(kinds("from a |> distinct\nsource s: T = x"), "from NAME |> OP_CLAUSES source NAME : NAME = NAME");
  EXPECT_EQ(kinds("from a |> to x @broadcast\ntype T = int?\nparam p: int"),
            "from NAME |> OP_VALUE NAME ANNOT type NAME = NAME ? param NAME : NAME");
}

TEST(TokenStream, SoftWordsStartItemsAndStatements) {
  EXPECT_EQ(kinds("type X = int"), "type NAME = NAME");
  EXPECT_EQ(kinds("agg a() { state s: int = 0 step { set s = 1 } finish { return s } }"),
            "agg NAME ( ) { state NAME : NAME = INT step { set NAME = INT } finish { return NAME } }");
  EXPECT_EQ(kinds("process P() { on r { start t at r.ts emit { key, kind = time } } }"),
            "process NAME ( ) { on NAME { start NAME at NAME . NAME emit { NAME , NAME = NAME } } }");
  EXPECT_EQ(kinds("let r = { state, start = 1, emit }"), "let NAME = { NAME , NAME = INT , NAME }");
  EXPECT_EQ(kinds("let m = match x { state -> 1, else -> 2 }"), "let NAME = match NAME { NAME -> INT , else -> INT }");
}

TEST(TokenStream, AnEllipsisBelongsToWhatTouchesIt) {
  EXPECT_EQ(kinds("from a |> select ...time, ... keep 1d"), "from NAME |> OP_COLUMNS ... NAME , ... keep DURATION");
  EXPECT_EQ(kinds("from a |> select ...\nsource s: T = x"), "from NAME |> OP_COLUMNS ... source NAME : NAME = NAME");
}

TEST(TokenStream, OperatorsAreLookedUpBehindThePipe) {
  EXPECT_EQ(kinds("from a |> left join b |> anti join c |> left |> process P |> where x |> top_pages(1)"),
            "from NAME |> JOIN_KIND OP_INPUT NAME |> JOIN_KIND OP_INPUT NAME |> OP_USER |> OP_PROCESS NAME |> "
            "OP_CONDITION NAME |> OP_USER ( INT )");
  EXPECT_EQ(kinds("from a |> `where`"), "from NAME |> OP_USER");
}

TEST(TokenStream, QuantifiersOnlyInPatterns) {
  EXPECT_EQ(kinds("from a |> match x(p + 1 > 2)+ then (y or z)* next w? within 1h + 2h"),
            "from NAME |> OP_PATTERN NAME ( NAME + INT > INT ) QPLUS then ( NAME or NAME ) QSTAR next NAME QOPT within "
            "DURATION + DURATION");
  EXPECT_EQ(
      kinds("from a |> match (x+ or y(p * 2)*)+ per k |> where a + b"),
      "from NAME |> OP_PATTERN ( NAME QPLUS or NAME ( NAME * INT ) QSTAR ) QPLUS per NAME |> OP_CONDITION NAME + NAME");
}

TEST(TokenStream, RowsBeginAtTheStartOfALine) {
  EXPECT_EQ(kinds("test \"t\" { given a\n| x | |\n | -1 | # c\n}"),
            "test STRING { given NAME ROW_BEGIN NAME | ROW_END ROW_BEGIN - INT ROW_END }");
  EXPECT_EQ(kinds("let a = b | c"), "let NAME = NAME | NAME");
}

TEST(TokenStream, WordPairsAreOneToken) {
  EXPECT_EQ(kinds("let a = b not in c and not d is not null"), "let NAME = NAME not in NAME and not NAME is not null");
  EXPECT_EQ(kinds("let a = not in_x"), "let NAME = not NAME");
}

TEST(TokenStream, StreamAndTableAreKeywordsInTypesOnly) {
  EXPECT_EQ(kinds("fn f(a: stream { x: int }, b: table T) = table[0]"),
            "fn NAME ( NAME : stream { NAME : NAME } , NAME : table NAME ) = NAME [ INT ]");
  EXPECT_EQ(kinds("from a |> select stream, t = table per x"), "from NAME |> OP_COLUMNS NAME , NAME = NAME per NAME");
}

TEST(TokenStream, FStringsNest) {
  EXPECT_EQ(
      kinds("let a = f\"x{ f(\"}\") }{{y}} {f\"{b}\"}\""),
      "let NAME = FSTR_BEGIN FSTR_TEXT FSTR_OPEN NAME ( STRING ) FSTR_CLOSE FSTR_TEXT FSTR_OPEN FSTR_BEGIN FSTR_OPEN "
      "NAME FSTR_CLOSE FSTR_END FSTR_CLOSE FSTR_END");
  EXPECT_EQ(kinds("let a = f\"\"\"one \"quoted\"\n{ {a = 1}.a }\"\"\""),
            "let NAME = FSTR_BEGIN FSTR_TEXT FSTR_TEXT FSTR_TEXT FSTR_TEXT FSTR_TEXT FSTR_OPEN { NAME = INT } . NAME "
            "FSTR_CLOSE FSTR_END");
}

TEST(TokenStream, QuotedNamesAreNeverKeywords) {
  EXPECT_EQ(kinds("let `from` = `a b`.`type`"), "let NAME = NAME . NAME");
}

}  // namespace
}  // namespace sluice::syntax
