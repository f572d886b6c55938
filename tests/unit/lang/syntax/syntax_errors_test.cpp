#include "lang/syntax/syntax_errors.h"

#include <gtest/gtest.h>

#include "lang/syntax/parse.h"

namespace sluice {
namespace {

// All that is said about a program.
std::string errors(const std::string& text) {
  SourceMap sources;
  Diagnostics diagnostics;
  (void)parse(sources, sources.add("t.flow", text), diagnostics);
  std::string result;
  for (const Diagnostic& diagnostic : diagnostics.sorted()) result += render(diagnostic, sources, false);
  return result;
}

// Only the codes and lines: "E0101:3 E0105:7".
std::string places(const std::string& text) {
  SourceMap sources;
  Diagnostics diagnostics;
  (void)parse(sources, sources.add("t.flow", text), diagnostics);
  std::string result;
  for (const Diagnostic& diagnostic : diagnostics.sorted())
    result += fmt::format("{}{}:{}", result.empty() ? "" : " ", diagnostic.row->code, diagnostic.span.begin.line);
  return result;
}

// The label of the only error.
std::string label(const std::string& text) {
  SourceMap sources;
  Diagnostics diagnostics;
  (void)parse(sources, sources.add("t.flow", text), diagnostics);
  return diagnostics.error_count() == 1 ? diagnostics.sorted()[0].label : errors(text);
}

TEST(SyntaxErrors, SingleEquals) {
  EXPECT_EQ(errors("from hits\n|> where a > 1\n|> where status = 404\n"),
            "error[E0101] t.flow:3:17: `=` gives something a name; to compare, use `==`\n"
            "  3 | |> where status = 404\n"
            "    |                 ^ write `==`\n");
  EXPECT_EQ(label("let a = if b = 3 then 1 else 2"), "write `==`");
  EXPECT_EQ(label("from a |> join b as c on c.id = id"), "write `==`");
  EXPECT_EQ(label("from a |> select p.name = x"), "the name of a column in `select` is one word: name = value");
}

TEST(SyntaxErrors, MissingPipe) {
  EXPECT_EQ(errors("\nfrom bid\n  where price > 10\n"),
            "error[E0102] t.flow:3:3: `where` is a pipeline step, so it needs `|>` in front\n"
            "  3 |   where price > 10\n"
            "    |   ^^^^^ write `|> where price > 10`\n");
  // The step is read as if the `|>` stood there, so what is wrong in it is found too.
  EXPECT_EQ(places("from bid\nwhere price = 10\n|> select a, b = = 2\n|> take 3"), "E0102:2 E0101:2 E0105:3");
  EXPECT_EQ(label("from bid\nleft join x as y on z"), "write `|> left join x as y on z`");
  EXPECT_EQ(label("from bid | where x"), "steps are joined by `|>`, not by `|`");
  EXPECT_EQ(label("from bid\n| where x"), "steps are joined by `|>`, not by `|`");
}

TEST(SyntaxErrors, UnclosedBrackets) {
  EXPECT_EQ(
      errors("test \"late rows\" {\n  given a\n    | x |\n\ntype T = int\n"),
      "error[E0103] t.flow:1:18: this `{` is never closed\n"
      "  1 | test \"late rows\" {\n"
      "    |                  ^ opened here; line 5 starts a new `type` at the left margin, so the test should end "
      "before it\n");
  EXPECT_EQ(label("let a = f(1, 2"), "opened here; the file ends before its `)`");
  EXPECT_EQ(label("let a = f(1, [2)"), "opened here; `)` comes before its `]`");
  EXPECT_EQ(label("from a |> where x in [1, 2\n|> take 4"), "opened here; the `|>` on line 2 comes before its `]`");
  EXPECT_EQ(label("let a = 1)\nlet b = 2"), "nothing is open that it could close");
}

TEST(SyntaxErrors, UnknownOperators) {
  EXPECT_EQ(errors("from hits\n|> where a > 1\n|> take 4\n|> filter status >= 500\n"),
            "error[E0104] t.flow:4:4: there is no operator called `filter`\n"
            "  4 | |> filter status >= 500\n"
            "    |    ^^^^^^ Flow calls this `where`\n");
  EXPECT_EQ(label("from a |> wehre x > 1"), "did you mean `where`?");
  EXPECT_EQ(label("from a |> SELECT x"), "Flow calls this `select`");
  EXPECT_EQ(label("from a |> let x = 1"), "Flow calls this `extend`");
  EXPECT_EQ(label("from a |> frobnicate 10"), "a function of yours takes its arguments in parentheses");
  EXPECT_EQ(label("fn top_pages(v: stream T) = from v\nfrom a |> top_pages 10"),
            "a function takes its arguments in parentheses: top_pages(...)");
}

TEST(SyntaxErrors, WhatCouldStandHere) {
  EXPECT_EQ(errors("let a = 1 +\nlet b = 2"),
            "error[E0105] t.flow:1:12: expected a value, found the next item, `let`\n  1 | let a = 1 +\n"
            "    |            ^ something is missing behind `+`\n");
  EXPECT_EQ(errors("from a |>"),
            "error[E0105] t.flow:1:10: expected a step such as `where`, found the end of the file\n"
            "  1 | from a |>\n    |          ^ the last step is missing\n");
  EXPECT_EQ(errors("let x 3"),
            "error[E0105] t.flow:1:7: expected `:` or `=`, found `3`\n  1 | let x 3\n    |       ^\n");
  EXPECT_EQ(label("from a |> select a b"), "is a `,` missing in front of it?");
  EXPECT_EQ(label("from a |> select a,\nlet b = 1"), "leave out the last `,`");
  EXPECT_EQ(label("let x = a < b < c"), "comparisons do not chain: write a < b and b < c");
  EXPECT_EQ(label("let x = { a: 1 }"), "values are given with `=`: name = value");
  EXPECT_EQ(label("source x = csv(\"a\")"), "its type comes first: name: type = value");
  EXPECT_EQ(label("let f = x -> x + 1"), "functions without a name are written x => x + 1");
  EXPECT_EQ(label("let x = (a, b)"), "a list is written [a, b], a record { x = a, y = b }");
  EXPECT_EQ(label("fn f(x) = x"), "give `x` a type: x: int");
  EXPECT_EQ(label("select a from b"), "a pipeline starts with its input: from hits |> where ...");
  EXPECT_EQ(label("soruce x: T = y"), "did you mean `source`?");
  EXPECT_EQ(label("def f(x: int) = x"), "functions start with `fn`");
  EXPECT_EQ(label("agg a() { state s: int = 0 setp { } }"), "did you mean `step`?");
  EXPECT_EQ(label("test \"t\" { given a\n | 1 | 2\n}"), "a row ends with `|`");
}

TEST(SyntaxErrors, ReservedWords) {
  EXPECT_EQ(places("let from = 1"), "E0113:1");
  EXPECT_EQ(label("let from = 1"), "choose another name, or write it in backquotes: `from`");
  EXPECT_EQ(label("type T = { match: int }"), "choose another name, or write it in backquotes: `match`");
}

TEST(SyntaxErrors, CharactersAndTexts) {
  EXPECT_EQ(places("let a = b && c\nlet d = e <> f ;\nlet g = 'h'\nlet i = $\nlet j = é\nlet k = l || m"),
            "E0106:1 E0106:2 E0106:2 E0106:3 E0106:4 E0106:5 E0106:6");
  EXPECT_EQ(places("let a = \"abc\nlet b = f\"x {y\nlet c = `d\nlet e = \"\"\"f\n\n"),
            "E0107:1 E0107:2 E0107:3 E0107:4");
  EXPECT_EQ(places("let a = \"\\q\""), "E0108:1");
  EXPECT_EQ(places("let a = 99999999999999999999"), "E0109:1");
  EXPECT_EQ(places("let a = @2024-99-99"), "E0111:1");
  EXPECT_EQ(places("let a = 0xzz"), "E0114:1");
  EXPECT_EQ(places("let a = 5m"), "E0305:1");
}

TEST(SyntaxErrors, NotUtf8) {
  EXPECT_EQ(errors("# caf\xe9\nlet a = \"\xe9\""),
            "error[E0112] t.flow:1:6: this file is not UTF-8 text\n  1 | # caf\xEF\xBF\xBD\n    |      ^ the byte 0xe9 "
            "cannot stand "
            "here\n");
  EXPECT_EQ(places(std::string("let a = 1\n\0", 11)), "E0112:2");
  EXPECT_EQ(places("\xEF\xBB\xBFlet a = 1"), "");
}

std::string repeated(const std::string& text, size_t count) {
  std::string result;
  for (size_t i = 0; i < count; ++i) result += text;
  return result;
}

TEST(SyntaxErrors, DeepNestingIsRefused) {
  for (const char* open : {"(", "[", "f(", "{a = ", "f\"{", "a + (b)["})
    EXPECT_EQ(places("let a = " + repeated(open, 5000) + "c"), "E0110:1") << open;
  for (const char* open : {"-", "not ", "if a then b else ", "x => ", "a ?? "})
    EXPECT_EQ(places("let a = " + repeated(open, 20000) + "c"), "E0110:1") << open;
  EXPECT_EQ(places("let a = b" + repeated(" + b", 20000)), "E0110:1");
  EXPECT_EQ(places("let a = b" + repeated(".b", 20000)), "E0110:1");
  EXPECT_EQ(places("fn f() { " + repeated("if a { } else ", 20000) + "{ } }"), "E0110:1");
  EXPECT_EQ(places("type A = " + repeated("[", 5000)), "E0110:1");
  EXPECT_EQ(places("from " + repeated("(from ", 5000)), "E0110:1");
  EXPECT_EQ(places("type A = " + repeated("stream ", 1000) + "T").substr(0, 5), "E0105");
  EXPECT_EQ(places("let a = b" + repeated(" + b", 900)), "");
}

TEST(SyntaxErrors, EveryStepAndItemIsReadAfterAnError) {
  EXPECT_EQ(
      places(
          "from a |> where = |> select b c |> take 3 3\nlet x = \nlet y = 1 2\ntype T = { a int }\nfrom c |> take 1"),
      "E0105:1 E0105:1 E0105:1 E0105:2 E0105:3 E0105:4");
  EXPECT_EQ(places("from (from a |> where x = 1) |> select b c"), "E0101:1 E0105:1");
  EXPECT_EQ(places("from x |> iterate c {\n  from c |> where a = 3\n}\n|> take 3 3"), "E0101:2 E0105:4");
}

TEST(SyntaxErrors, OneErrorPerCause) {
  EXPECT_EQ(places("let a = f(\"abc, 1)\nlet b = 2"), "E0107:1");
  EXPECT_EQ(places("from a |> where x == $ |> take 1"), "E0106:1");
}

}  // namespace
}  // namespace sluice
