#include "lang/syntax/parse.h"

#include <gtest/gtest.h>

#include <filesystem>

namespace sluice {
namespace {

struct Parsed {
  SourceMap sources;
  Diagnostics diagnostics;
  ast::Program program;
  explicit Parsed(const std::string& text) { program = parse(sources, sources.add("t.flow", text), diagnostics); }
  [[nodiscard]] std::string errors() const {
    std::string text;
    for (const Diagnostic& diagnostic : diagnostics.sorted()) text += render(diagnostic, sources, false);
    return text;
  }
};

const ast::Pipeline& pipeline_of(const ast::Item& item) { return *std::get<ast::PipelineItem>(item.node).pipeline; }

TEST(Parse, EveryExampleOfTheLanguageParses) {
  size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(SLUICE_SOURCE_DIR "/tests/syntax/inputs")) {
    SourceMap sources;
    Diagnostics diagnostics;
    const auto file = sources.load(entry.path().string());
    ASSERT_TRUE(file);
    const ast::Program program = parse(sources, *file, diagnostics);
    for (const Diagnostic& diagnostic : diagnostics.sorted()) ADD_FAILURE() << render(diagnostic, sources, false);
    EXPECT_FALSE(program.items.empty()) << entry.path();
    ++count;
  }
  EXPECT_GE(count, 6u);
}

TEST(Parse, ABareWordCount) {
  const Parsed p(
      "from lines(\"books/*.txt\")\n|> expand word in words(lower(line))\n|> aggregate count() per word\n"
      "|> top 20 by count desc\n|> to print()\n");
  ASSERT_EQ(p.errors(), "");
  ASSERT_EQ(p.program.items.size(), 1u);
  const ast::Pipeline& pipeline = pipeline_of(p.program.items[0]);
  ASSERT_EQ(pipeline.inputs.size(), 1u);
  EXPECT_TRUE(pipeline.inputs[0].input.has_args);
  ASSERT_EQ(pipeline.steps.size(), 4u);
  EXPECT_EQ(pipeline.steps[0].binding->text, "word");
  ASSERT_EQ(pipeline.steps[1].clauses.size(), 1u);
  EXPECT_EQ(pipeline.steps[1].clauses[0].kind, ast::ClauseKind::Per);
  EXPECT_EQ(pipeline.steps[2].clauses[0].orders[0].descending, true);
  EXPECT_EQ(pipeline.steps[3].op.text, "to");
}

TEST(Parse, SpansCoverWhatWasWritten) {
  const Parsed p("from bid\n|> where price > 100\n");
  ASSERT_EQ(p.errors(), "");
  const ast::Pipeline& pipeline = pipeline_of(p.program.items[0]);
  const SourceFile& file = p.sources.file(0);
  EXPECT_EQ(file.text_of(pipeline.span), "from bid\n|> where price > 100");
  EXPECT_EQ(file.text_of(pipeline.steps[0].span), "where price > 100");
  EXPECT_EQ(file.text_of(pipeline.steps[0].pipe_span), "|>");
  EXPECT_EQ(file.text_of(pipeline.steps[0].expr->span), "price > 100");
}

TEST(Parse, AJoinHasItsAliasFromTheClause) {
  const Parsed p("from a |> left join b as x on x.id == id");
  ASSERT_EQ(p.errors(), "");
  const ast::Step& step = pipeline_of(p.program.items[0]).steps[0];
  EXPECT_EQ(step.op.text, "join");
  EXPECT_EQ(step.join_kind->text, "left");
  EXPECT_EQ(step.inputs[0].alias->text, "x");
  ASSERT_EQ(step.clauses.size(), 1u);
  EXPECT_EQ(p.sources.file(0).text_of(step.span), "left join b as x on x.id == id");
}

}  // namespace
}  // namespace sluice
