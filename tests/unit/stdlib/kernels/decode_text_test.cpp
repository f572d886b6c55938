#include <gtest/gtest.h>
#include <simdjson.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/abi/decode_error.h"
#include "runtime/abi/runtime_functions.h"
#include "tests/unit/stdlib/kernel_context.h"

namespace sluice {
namespace {

using Decoder = abi::I8 (*)(abi::Ptr, abi::Ptr, abi::I64, abi::Ptr) noexcept;

std::optional<std::string> decode(Decoder decoder, std::string_view text) {
  testing::KernelContext context;
  std::vector<char> bytes(text.begin(), text.end());  // of exactly this size, for the address sanitizer
  abi::StringRef result{};
  if (decoder(context.task(), bytes.data(), static_cast<int64_t>(bytes.size()), &result) == 0) return std::nullopt;
  return testing::text_of(result);
}

TEST(CsvUnquote, TakesQuotesOffAndUndoublesThem) {
  const auto unquote = [](std::string_view text) { return decode(abi::rt_csv_unquote, text); };
  EXPECT_EQ(unquote(R"("abc")"), "abc");
  EXPECT_EQ(unquote(R"("")"), "");
  EXPECT_EQ(unquote(R"("a""b")"), R"(a"b)");
  EXPECT_EQ(unquote(R"("""")"), R"(")");
  EXPECT_EQ(unquote(R"("""a""")"), R"("a")");
  EXPECT_EQ(unquote("'it''s'"), "it's");
  EXPECT_EQ(unquote("\"a\nb,c\""), "a\nb,c");
  for (const char* text : {"", "\"", "\"a", "\"a\"b\"", "\"\"\""}) EXPECT_EQ(unquote(text), std::nullopt) << text;
}

TEST(JsonUnescape, KnowsEverySequence) {
  const auto unescape = [](std::string_view text) { return decode(abi::rt_json_unescape, text); };
  EXPECT_EQ(unescape("plain ä"), "plain ä");
  EXPECT_EQ(unescape(""), "");
  EXPECT_EQ(unescape(R"(\"\\\/\b\f\n\r\t)"), "\"\\/\b\f\n\r\t");
  EXPECT_EQ(unescape(R"(a\u00e4\u20AC\u0041z)"), "aä€Az");
  EXPECT_EQ(unescape(R"(\ud83d\ude00)"), "😀");
  EXPECT_EQ(unescape(R"(\u0000)"), std::string(1, '\0'));
  for (const char* text : {R"(\)", R"(\x)", R"(\u)", R"(\u12)", R"(\u12g4)", R"(\ud83d)", R"(\ud83dx)",
                           R"(\ud83d\n12345)", R"(\ud83d\u0041)", R"(\ude00)", R"(a\)"})
    EXPECT_EQ(unescape(text), std::nullopt) << text;
}

// Skips the value of the first key of an object; returns the byte it arrives at, or what is wrong and behind how many
// bytes.
std::string skip(std::string text) {
  const size_t size = text.size();
  text.resize(size + 64);
  std::unique_ptr<simdjson::internal::dom_parser_implementation> stage1;
  EXPECT_EQ(simdjson::get_active_implementation()->create_dom_parser_implementation(4096, 1, stage1),
            simdjson::SUCCESS);
  EXPECT_EQ(stage1->stage1(reinterpret_cast<const uint8_t*>(text.data()), size, simdjson::stage1_mode::regular),
            simdjson::SUCCESS);
  abi::Chunk chunk{};
  chunk.data = text.data();
  chunk.size = size;
  chunk.index = stage1->structural_indexes.get();
  chunk.index_count = stage1->n_structural_indexes;
  uint64_t cursor = 3;
  const auto fault = abi::rt_json_skip(&chunk, &cursor);
  const uint64_t at = cursor < chunk.index_count ? chunk.index[cursor] : size;
  if (fault == 0) return text.substr(at, at < size ? 1 : 0);
  return std::string(abi::row_of(static_cast<abi::DecodeError>(fault - 1)).name) + " " + std::to_string(at);
}

TEST(JsonSkip, ArrivesBehindTheValue) {
  EXPECT_EQ(skip(R"({"a": 1, "b": 2})"), ",");
  EXPECT_EQ(skip(R"({"a": "x,}", "b": 2})"), ",");
  EXPECT_EQ(skip(R"({"a": {"c": [1, {"d": "]"}], "e": {}}})"), "}");
  EXPECT_EQ(skip(R"({"a": [], "b": 2})"), ",");
  EXPECT_EQ(skip(R"({"a": [[], [true, {}], -1.5e3, null], "b": 2})"), ",");
  EXPECT_EQ(skip(R"({"a": )" + std::string(200, '[') + std::string(200, ']') + "}"), "}");
  std::string deep = "{\"a\": ";
  for (int i = 0; i < 70; ++i) deep += "{\"x\":[";
  for (int i = 0; i < 70; ++i) deep += "]}";
  EXPECT_EQ(skip(deep + ",\"b\":1}"), ",");
}

TEST(JsonSkip, StopsAtWhatIsWrong) {
  EXPECT_EQ(skip(R"({"a": , "b": 2})"), "ExpectedValue 6");
  EXPECT_EQ(skip(R"({"a": })"), "ExpectedValue 6");
  EXPECT_EQ(skip(R"({"a": ])"), "ExpectedValue 6");
  EXPECT_EQ(skip(R"({"a":)"), "ExpectedValue 5");
  EXPECT_EQ(skip(R"({"a": [1, x]})"), "ExpectedValue 10");
  EXPECT_EQ(skip(R"({"a": [1, ]})"), "ExpectedValue 10");
  EXPECT_EQ(skip(R"({"a": [1 2]})"), "ExpectedCommaOrBracket 9");
  EXPECT_EQ(skip(R"({"a": [1, 2)"), "ExpectedCommaOrBracket 11");
  EXPECT_EQ(skip(R"({"a": [1, 2}})"), "ExpectedCommaOrBracket 11");
  EXPECT_EQ(skip(R"({"a": {"b": 1]})"), "ExpectedCommaOrEnd 13");
  EXPECT_EQ(skip(R"({"a": {"b": 1 "c": 2}})"), "ExpectedCommaOrEnd 14");
  EXPECT_EQ(skip(R"({"a": {"b": 1, }})"), "ExpectedKey 15");
  EXPECT_EQ(skip(R"({"a": {b: 1}})"), "ExpectedKey 7");
  EXPECT_EQ(skip(R"({"a": {"b", 1}})"), "ExpectedColon 10");
}

TEST(JsonSkip, HasAsManyLevelsAsItSays) {
  const auto nested = [](size_t levels) {
    return skip("{\"a\":" + std::string(levels, '[') + std::string(levels, ']') + "}");
  };
  EXPECT_EQ(nested(1024), "}");
  EXPECT_EQ(nested(1025), "NestedTooDeep 1029");
}

}  // namespace
}  // namespace sluice
