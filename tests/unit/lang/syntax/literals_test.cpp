#include "lang/syntax/literals.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "lang/syntax/expr_text.h"
#include "lang/syntax/parse.h"

namespace sluice {
namespace {

// The value of an expression's text, or the first error with its label.
std::string value(const std::string& text) {
  SourceMap sources;
  Diagnostics diagnostics;
  const ast::Program program = parse(sources, sources.add("t.flow", "let a = " + text), diagnostics);
  if (diagnostics.has_errors()) {
    const Diagnostic first = diagnostics.sorted()[0];
    return fmt::format("{}: {}; {}", first.row->code, first.message, first.label);
  }
  return ast_text(*std::get<ast::LetItem>(program.items[0].node).value);
}

TEST(Literals, Integers) {
  EXPECT_EQ(value("12"), "12");
  EXPECT_EQ(value("1_000"), "1000");
  EXPECT_EQ(value("0xff"), "255");
  EXPECT_EQ(value("0xFF_ff"), "65535");
  EXPECT_EQ(value("64MiB"), "67108864");
  EXPECT_EQ(value("9223372036854775807"), "9223372036854775807");
  EXPECT_EQ(value("9223372036854775808"),
            "E0109: `9223372036854775808` does not fit an int; the largest int is 9223372036854775807");
  EXPECT_EQ(value("9000000000GiB"),
            "E0109: `9000000000GiB` does not fit an int; the largest int is 9223372036854775807");
  EXPECT_EQ(value("0x"), "E0114: `0x` is not a number; hexadecimal digits are 0 to 9 and a to f");
  EXPECT_EQ(value("0xfg"), "E0114: `0xfg` is not a number; hexadecimal digits are 0 to 9 and a to f");
}

TEST(Literals, FloatsAndDecimals) {
  EXPECT_EQ(value("3.5"), "3.5");
  EXPECT_EQ(value("2e-3"), "0.002");
  EXPECT_EQ(value("1_0.2_5"), "10.25");
  EXPECT_EQ(value("1e999"),
            "E0109: `1e999` does not fit a float; a float has magnitudes from 4.9e-324 to 1.7976931348623157e308");
  EXPECT_EQ(value("0.908dec"), "0.908dec");
  EXPECT_EQ(value("12dec"), "12dec");
  EXPECT_EQ(value("1e3dec"), "E0114: `1e3dec` is not a number; a decimal has no exponent: write all its digits");
  EXPECT_EQ(
      value("123456789012345678901234567890123456789dec"),
      "E0109: `123456789012345678901234567890123456789dec` does not fit a decimal; 39 digits; at most 38 are exact");
}

TEST(Literals, Durations) {
  EXPECT_EQ(value("5s"), "5s");
  EXPECT_EQ(value("1h30min"), "1h30min");
  EXPECT_EQ(value("90min"), "1h30min");
  EXPECT_EQ(value("250ms"), "250ms");
  EXPECT_EQ(value("5us"), "5us");
  EXPECT_EQ(value("2d"), "2d");
  EXPECT_EQ(value("1w"), "7d");
  EXPECT_EQ(value("5m"), "E0305: `5m` could be minutes, months or metres; minutes are written `5min`");
  EXPECT_EQ(value("1h5m"), "E0305: `1h5m` could be minutes, months or metres; minutes are written `5min`");
  EXPECT_EQ(value("5sec"), "E0305: `5sec` has a unit that Flow does not know; write `5s`");
  EXPECT_EQ(value("64MB"), "E0305: `64MB` has a unit that Flow does not know; write `64MiB`");
  EXPECT_EQ(value("2y"),
            "E0305: `2y` is not a duration: months and years differ in length; count in days or weeks: 30d, 52w");
  EXPECT_EQ(value("5ns"), "E0305: `5ns` is finer than Flow's clock; the smallest unit is `us`, a microsecond");
  EXPECT_EQ(value("1.5h"), "E0305: `1.5h` is not a whole number of units; use a smaller unit, or several: 1h30min");
  EXPECT_EQ(value("1h30"), "E0305: `1h30` lacks a unit; 30 what? For example `1h30s`");
  EXPECT_EQ(
      value("5eur"),
      "E0305: `5eur` has a unit that Flow does not know; units are us ms s min h d w, and KiB MiB GiB TiB for sizes");
  EXPECT_EQ(value("99999999999w"),
            "E0109: `99999999999w` does not fit a duration; durations reach to about 292,000 years");
}

TEST(Literals, Instants) {
  EXPECT_EQ(value("@2024-01-31"), "@2024-01-31T00:00:00Z");
  EXPECT_EQ(value("@2024-01-31T10:00:00Z"), "@2024-01-31T10:00:00Z");
  EXPECT_EQ(value("@2024-01-31T10:00:00.25+02:00"), "@2024-01-31T08:00:00.25Z");
  EXPECT_EQ(value("@1969-12-31T23:59"), "@1969-12-31T23:59:00Z");
  EXPECT_EQ(value("@2024-02-29"), "@2024-02-29T00:00:00Z");
  EXPECT_EQ(value("@10:00:05"), "@10:00:05Z");
  EXPECT_EQ(value("[@2024-01-31: 1, @10:00:05: 2]"), "[@2024-01-31T00:00:00Z: 1, @10:00:05Z: 2]");
  EXPECT_EQ(value("@10:00:05..@10:00:06"), "(@10:00:05Z .. @10:00:06Z)");
  const std::string help = "; write for example @2024-01-31, @2024-01-31T10:00:00Z or, in tests, @10:00:05";
  for (const char* bad : {"@2023-02-29", "@2024-13-01", "@2024-1-1", "@2024-00-10", "@24:00:00", "@10:60",
                          "@2024-01-31T25:00:00Z", "@2024-01-31T10:00:00.1234567Z", "@2024-01-31T10:00:00+15:00"})
    EXPECT_EQ(value(bad).substr(0, 7), "E0111: ") << bad;
  EXPECT_EQ(value("@2024-13-01"), "E0111: `@2024-13-01` is not a date or time" + help);
}

TEST(Literals, Texts) {
  EXPECT_EQ(value(R"("a\tb\n\"c\" \\ \u{e9}\u{1F600}")"), R"("a\tb\n\"c\" \\ é😀")");
  EXPECT_EQ(value(R"(r"\d+\n")"), R"("\\d+\\n")");
  EXPECT_EQ(value("\"\"\"a\n\"b\" \\\"\"\"\""), "\"a\\n\\\"b\\\" \\\"\"");
  EXPECT_EQ(value("r\"\"\"\\a\n\"\"\""), "\"\\\\a\\n\"");
  EXPECT_EQ(value("\"\""), "\"\"");
  EXPECT_EQ(value(R"(f"hi {name}, {{x}} \u{e9}")"), R"(f("hi ", name, ", {x} é"))");
  EXPECT_EQ(value(R"("a\qb")").substr(0, 46), "E0108: `\\q` is not an escape that texts know; ");
  EXPECT_EQ(value(R"("\u{110000}")").substr(0, 25), "E0108: `\\u{110000}` is no");
  EXPECT_EQ(value(R"("\x41")"),
            "E0108: `\\x` is not an escape that texts know; characters by number are written `\\u{1F600}`");
}

TEST(Literals, ABadEscapeIsShownWhereItStands) {
  SourceMap sources;
  Diagnostics diagnostics;
  (void)parse(sources, sources.add("t.flow", "let a = \"\"\"one\n  t\\qo\"\"\""), diagnostics);
  ASSERT_EQ(diagnostics.error_count(), 1u);
  EXPECT_EQ(sources.file(0).text_of(diagnostics.sorted()[0].span), "\\q");
}

}  // namespace
}  // namespace sluice
