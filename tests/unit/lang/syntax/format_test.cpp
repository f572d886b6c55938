#include "lang/syntax/format.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <random>

#include "lang/syntax/ast_text.h"
#include "lang/syntax/parse.h"
#include "tests/unit/lang/syntax/random_program.h"

namespace sluice {
namespace {

struct Formatted {
  std::string text, ast, errors;
  std::vector<std::string> comments;
};

Formatted formatted(const std::string& text) {
  SourceMap sources;
  Diagnostics diagnostics;
  const uint32_t file = sources.add("t.flow", text);
  const ast::Program program = parse(sources, file, diagnostics);
  Formatted result;
  for (const Diagnostic& diagnostic : diagnostics.sorted()) result.errors += render(diagnostic, sources, false);
  if (diagnostics.has_errors()) return result;
  result.text = format(program, sources.file(file));
  result.ast = ast_text(program);
  for (const ast::Comment& comment : program.comments) {
    const size_t end = comment.text.find_last_not_of(" \t\r");
    result.comments.push_back(end == std::string::npos ? "" : comment.text.substr(0, end + 1));
  }
  return result;
}

// What must hold for every program: formatting keeps the meaning and the comments, and formatting twice is once.
void expect_sound(const std::string& text) {
  const Formatted once = formatted(text);
  ASSERT_EQ(once.errors, "") << text;
  const Formatted twice = formatted(once.text);
  ASSERT_EQ(twice.errors, "") << text << "\n---- became\n" << once.text;
  EXPECT_EQ(once.ast, twice.ast) << text << "\n---- became\n" << once.text;
  EXPECT_EQ(once.comments, twice.comments) << text << "\n---- became\n" << once.text;
  EXPECT_EQ(once.text, twice.text) << text;
}

void expect_format(const std::string& text, const std::string& expected) {
  EXPECT_EQ(formatted(text).text, expected) << formatted(text).errors;
  expect_sound(text);
}

std::vector<std::string> examples() {
  std::vector<std::string> texts;
  for (const auto& entry : std::filesystem::directory_iterator(SLUICE_SOURCE_DIR "/tests/syntax/inputs")) {
    SourceMap sources;
    const auto file = sources.load(entry.path().string());
    if (file) texts.push_back(sources.file(*file).text());
  }
  return texts;
}

TEST(Format, OneStepPerLine) {
  expect_format("from a|>where x>1\n|>select a,b=c+1 |> to print( )",
                "from a\n|> where x > 1\n|> select a, b = c + 1\n|> to print()\n");
}

TEST(Format, APipelineOnOneLineStaysThereIfItFits) {
  expect_format("from a   |> where x>1", "from a |> where x > 1\n");
  expect_format(
      "let q = from some_source |> where some_column > 100 |> select first_column, second_column |> take 1000",
      "let q = from some_source\n  |> where some_column > 100\n  |> select first_column, second_column\n  |> "
      "take 1000\n");
}

TEST(Format, LongStepsBreakAtClausesFirst) {
  expect_format(
      "from hits\n|> aggregate pages = count(), volume = sum(bytes), entry = first(url), exit = last(url) per user "
      "over session(30min)",
      "from hits\n"
      "|> aggregate pages = count(), volume = sum(bytes), entry = first(url), exit = last(url) per user\n"
      "   over session(30min)\n");
}

TEST(Format, LongConditionsBreakInFrontOfLogic) {
  expect_format(
      "from hits\n|> where status_of_request == 200 and number_of_bytes > 1000 and length_of_the_address < 50 or "
      "is_from_a_robot",
      "from hits\n"
      "|> where status_of_request == 200 and number_of_bytes > 1000 and length_of_the_address < 50\n"
      "     or is_from_a_robot\n");
}

TEST(Format, CommentsKeepTheirPlace) {
  expect_format(
      "#!/usr/bin/env sluice\n\n\n# about a\nfrom a   # source\n   # filter\n|> where x  # why\n   and y\n\n|> take 5 "
      "# enough\n# the end\n",
      "#!/usr/bin/env sluice\n\n# about a\nfrom a  # source\n# filter\n|> where x  # why\n     and y\n\n|> take 5  # "
      "enough\n# the end\n");
}

TEST(Format, CommentsInsideBrackets) {
  expect_format("let a = [\n  1, # one\n  # two\n  2\n  # none left\n]\n",
                "let a = [\n  1,  # one\n  # two\n  2\n  # none left\n]\n");
  expect_format("let a = b not # why\n in c", "let a = b\n  # why\n  not in c\n");
  expect_format("type T = { a: int, # first\n b: int }\n", "type T = {\n  a: int,  # first\n  b: int\n}\n");
  expect_format("agg a() {\n # nothing yet\n}\n", "agg a() {\n  # nothing yet\n}\n");
}

TEST(Format, OnlyComments) {
  expect_format("# a\n\n\n\n# b", "# a\n\n# b\n");
  expect_format("\n\n", "");
}

TEST(Format, RecordTypesBreakAllOrNothing) {
  expect_format("source s:{id:int,name:string?}=csv(\"x\")key id",
                "source s: { id: int, name: string? } = csv(\"x\") key id\n");
  expect_format("type T = {\n id: int, name: string }", "type T = {\n  id: int,\n  name: string\n}\n");
}

TEST(Format, TestTablesAreAligned) {
  expect_format(
      "test \"t\" { given a\n|x|name|\n|1|\"é\"|\n|100||\nexpect b none }",
      "test \"t\" {\n  given a\n    | x   | name |\n    | 1   | \"é\"  |\n    | 100 |      |\n  expect b none\n}\n");
}

TEST(Format, BlocksStayOnOneLineIfTheyWere) {
  expect_format("agg a(x:int)->int{state s:int=0 step{set s+=x set s*=2} finish{\nreturn s}}",
                "agg a(x: int) -> int {\n  state s: int = 0\n  step { set s += x  set s *= 2 }\n  finish {\n    return "
                "s\n  }\n}\n");
}

TEST(Format, SpacesAroundOperators) {
  expect_format("let a = -x*(-1) - -y//2..3", "let a = -x * (-1) - -y // 2..3\n");
  expect_format("let a = not  a  and b not\nin [1,2] or c is not  null",
                "let a = not a and b not in [1, 2] or c is not null\n");
  expect_format("let a = x=>x?.y [0]??f\"{ a }\"", "let a = x => x?.y [0] ?? f\"{ a }\"\n");
  expect_format("let r = {...a,b,c.d,e=[:]}", "let r = { ...a, b, c.d, e = [:] }\n");
  expect_format("from a|>match x(p>1){2,5}then(y or z)+next w? within 1h",
                "from a |> match x(p > 1){2,5} then (y or z)+ next w? within 1h\n");
}

TEST(Format, EveryExampleIsSound) {
  for (const std::string& text : examples()) expect_sound(text);
}

TEST(Format, RandomProgramsAreSound) {
  for (uint64_t seed = 1; seed <= 1500 && !testing::Test::HasFailure(); ++seed)
    expect_sound(RandomProgram(seed).make(seed % 3 == 0));
}

// Splits a text where white space or a comment stands, outside of quotes and test tables.
std::string with_random_space(const std::string& text, std::mt19937_64& random) {
  std::string result;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const size_t first = line.find_first_not_of(' ');
    const bool is_row = first != std::string::npos && line[first] == '|' && line.substr(first, 2) != "|>";
    bool in_quotes = false;
    for (const char c : line) {
      if (c == '"') in_quotes = !in_quotes;
      if (c == '#' && !in_quotes) break;
      if (c != ' ' || in_quotes || is_row) {
        result += c;
        continue;
      }
      switch (random() % 8) {
        case 0:
          result += '\n';
          break;
        case 1:
          result += "\n\n\n ";
          break;
        case 2:
          result += " # note " + std::to_string(random() % 100) + "\n";
          break;
        case 3:
          result += "\n# above\n  ";
          break;
        default:
          result += ' ';
      }
    }
    result += '\n';
  }
  return result;
}

TEST(Format, AnyWhiteSpaceIsSound) {
  std::mt19937_64 random(20240131);
  for (const std::string& text : examples())
    for (int i = 0; i < 40 && !testing::Test::HasFailure(); ++i) expect_sound(with_random_space(text, random));
}

// Programs that are broken in random ways: parsing ends, says something at a place in the file, and what still parses
// can be formatted.
TEST(Format, BrokenProgramsAreSurvived) {
  std::mt19937_64 random(7);
  const std::vector<std::string> texts = examples();
  std::vector<std::string> tokens;
  for (const std::string& text : texts) {
    SourceMap sources;
    Diagnostics diagnostics;
    for (const TokenText& token : tokenize(sources, sources.add("x", text), diagnostics)) tokens.push_back(token.text);
  }
  const auto any_token = [&] { return tokens[random() % tokens.size()]; };
  for (int round = 0; round < 600 && !testing::Test::HasFailure(); ++round) {
    std::string text = texts[random() % texts.size()];
    for (size_t edits = 1 + random() % 4; edits > 0; --edits) {
      const size_t at = random() % text.size();
      const size_t length = 1 + random() % 12;
      switch (random() % 4) {
        case 0:
          text.erase(at, length);
          break;
        case 1:
          text.insert(at, " " + any_token() + " ");
          break;
        case 2:
          text.replace(at, length, any_token());
          break;
        default:
          text.insert(at, 1, "{}()[]|\"#=\n\\@`\x01"[random() % 15]);
      }
    }
    SourceMap sources;
    Diagnostics diagnostics;
    const uint32_t file = sources.add("t.flow", text);
    const ast::Program program = parse(sources, file, diagnostics);
    for (const Diagnostic& diagnostic : diagnostics.sorted()) {
      EXPECT_TRUE(diagnostic.span.is_valid()) << text;
      EXPECT_LE(diagnostic.span.begin.line, sources.file(file).line_count()) << text;
      EXPECT_LE(diagnostic.span.begin, diagnostic.span.end) << text;
      EXPECT_FALSE(render(diagnostic, sources, false).empty());
    }
    if (!diagnostics.has_errors()) expect_sound(text);
  }
}

}  // namespace
}  // namespace sluice
