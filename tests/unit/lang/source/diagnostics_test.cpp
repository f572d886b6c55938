#include "lang/source/diagnostics.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

constexpr DiagnosticRow kNoColumn{"E0201", Severity::Error, "no column `{}` here", "long"};
constexpr DiagnosticRow kForever{"W0404", Severity::Warning, "this join remembers every row forever", "long"};
constexpr DiagnosticRow kOverflow{"R0101", Severity::Error, "too big", "long"};

Span span_at(uint32_t line, uint32_t from, uint32_t to) { return {0, {line, from}, {line, to}}; }

std::string rendered(const std::string& text, const Diagnostic& diagnostic, bool use_color = false) {
  SourceMap sources;
  sources.add("q2.flow", text);
  return render(diagnostic, sources, use_color);
}

TEST(Diagnostics, HasTheDocumentedForm) {
  Diagnostics all;
  all.report(kNoColumn, span_at(2, 10, 15), "pirce")
      .with_label("here you have: price")
      .with_note("why")
      .with_help("what");
  EXPECT_EQ(rendered("from bid\n|> where pirce > 100\n", all.sorted()[0]),
            "error[E0201] q2.flow:2:10: no column `pirce` here\n"
            "  2 | |> where pirce > 100\n"
            "    |          ^^^^^ here you have: price\n"
            "    = note: why\n"
            "    = help: what\n");
}

TEST(Diagnostics, WarningsAndRowErrorsHaveTheirOwnHead) {
  EXPECT_EQ(rendered("x\n", {&kForever, span_at(1, 1, 2), "m", "", {}, {}, {}}).substr(0, 15), "warning[W0404] ");
  EXPECT_EQ(rendered("x\n", {&kOverflow, span_at(1, 1, 2), "m", "", {}, {}, {}}).substr(0, 17), "row error[R0101] ");
}

TEST(Diagnostics, WithoutAPlaceOnlyTheHeadIsPrinted) {
  EXPECT_EQ(rendered("x\n", {&kForever, Span{}, "m", "label", {}, {"h"}, {}}), "warning[W0404] m\n    = help: h\n");
  EXPECT_EQ(rendered("x\n", {&kForever, Span{7, {1, 1}, {1, 2}}, "m", "", {}, {}, {}}), "warning[W0404] m\n");
}

TEST(Diagnostics, ManyLinesShowTheFirst) {
  EXPECT_EQ(rendered("ab cd\nef\n", {&kForever, Span{0, {1, 4}, {2, 2}}, "m", "l", {}, {}, {}}),
            "warning[W0404] q2.flow:1:4: m\n  1 | ab cd\n    |    ^^ l\n");
}

TEST(Diagnostics, EmptySpansAndEndsOfLinesGetOneCaret) {
  EXPECT_EQ(rendered("ab\n", {&kForever, span_at(1, 2, 2), "m", "", {}, {}, {}}),
            "warning[W0404] q2.flow:1:2: m\n  1 | ab\n    |  ^\n");
  EXPECT_EQ(rendered("ab", {&kForever, span_at(1, 3, 3), "m", "", {}, {}, {}}),
            "warning[W0404] q2.flow:1:3: m\n  1 | ab\n    |   ^\n");
}

TEST(Diagnostics, ColumnsCountCharacters) {
  // "é" has two bytes and one column, "日" three bytes and two columns on a terminal.
  EXPECT_EQ(rendered("é日x\n", {&kForever, span_at(1, 6, 7), "m", "", {}, {}, {}}),
            "warning[W0404] q2.flow:1:3: m\n  1 | é日x\n    |    ^\n");
  EXPECT_EQ(rendered("日x\n", {&kForever, span_at(1, 1, 4), "m", "", {}, {}, {}}),
            "warning[W0404] q2.flow:1:1: m\n  1 | 日x\n    | ^^\n");
}

TEST(Diagnostics, TabsCancelOutAndControlCharactersAreNotPrinted) {
  EXPECT_EQ(rendered("\tx\n", {&kForever, span_at(1, 2, 3), "m", "", {}, {}, {}}),
            "warning[W0404] q2.flow:1:2: m\n  1 | \tx\n    | \t^\n");
  EXPECT_EQ(rendered("\x1b\xffx\n", {&kForever, span_at(1, 3, 4), "m", "", {}, {}, {}}),
            "warning[W0404] q2.flow:1:3: m\n  1 | \xEF\xBF\xBD\xEF\xBF\xBDx\n    |   ^\n");
}

TEST(Diagnostics, WideLineNumbersKeepTheBarsAligned) {
  EXPECT_EQ(rendered(std::string(12344, '\n') + "x", {&kForever, span_at(12345, 1, 2), "m", "", {}, {}, {}}),
            "warning[W0404] q2.flow:12345:1: m\n12345 | x\n      | ^\n");
}

TEST(Diagnostics, LongLinesAreCutAroundTheCarets) {
  const std::string text = rendered(std::string(1000, 'a') + "X" + std::string(1000, 'b'),
                                    {&kForever, span_at(1, 1001, 1002), "m", "", {}, {}, {}});
  EXPECT_NE(text.find("\n  1 | ...aaa"), std::string::npos);
  EXPECT_NE(text.find("bbb...\n"), std::string::npos);
  const size_t x = text.find('X'), caret = text.find('^');
  EXPECT_EQ(x - text.find("  1 |"), caret - text.rfind('\n', caret) - 1);
}

TEST(Diagnostics, ColourIsOptional) {
  const std::string text = rendered("x\n", {&kOverflow, span_at(1, 1, 2), "m", "", {}, {}, {}}, true);
  EXPECT_NE(text.find("\x1b[1;31mrow error[R0101]\x1b[0m"), std::string::npos);
}

TEST(Diagnostics, SortedIsInSourceOrderWithoutRepetition) {
  Diagnostics all;
  all.report(kForever, span_at(3, 1, 2));
  all.report(kNoColumn, span_at(2, 5, 6), "a");
  all.report(kNoColumn, span_at(2, 5, 6), "b");
  all.report(kNoColumn, span_at(2, 5, 7), "c");
  EXPECT_EQ(all.error_count(), 3u);
  const auto sorted = all.sorted();
  ASSERT_EQ(sorted.size(), 3u);
  EXPECT_EQ(sorted[0].message, "no column `a` here");
  EXPECT_EQ(sorted[1].message, "no column `c` here");
  EXPECT_EQ(sorted[2].row, &kForever);
}

TEST(Diagnostics, TheTableHasUniqueCodes) {
  for (const DiagnosticRow* row : diagnostic_rows()) EXPECT_EQ(find_diagnostic(row->code), row) << row->code;
  EXPECT_EQ(find_diagnostic("E9999"), nullptr);
}

TEST(ClosestName, CountsSwapsAsOneEdit) {
  EXPECT_EQ(closest_name("pirce", {"channel", "price", "prices"}), "price");
  EXPECT_EQ(closest_name("prise", {"prices", "price"}), "price");
  EXPECT_EQ(closest_name("URL", {"usl", "url"}), "url");
}

TEST(ClosestName, StaysSilentWhenNothingIsClose) {
  EXPECT_EQ(closest_name("pirce", {"channel", "ts"}), std::nullopt);
  EXPECT_EQ(closest_name("a", {"b", "c"}), std::nullopt);
  EXPECT_EQ(closest_name("ab", {"cd"}), std::nullopt);
  EXPECT_EQ(closest_name("price", {}), std::nullopt);
  EXPECT_EQ(closest_name("price", {"price"}), std::nullopt);
}

}  // namespace
}  // namespace sluice
