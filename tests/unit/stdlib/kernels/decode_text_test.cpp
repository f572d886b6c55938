#include <gtest/gtest.h>
#include <simdjson.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

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

// Skips the value of the first key of an object; returns the byte it arrives at.
std::optional<char> skip(std::string text) {
  const size_t size = text.size();
  text.resize(size + 64);
  std::unique_ptr<simdjson::internal::dom_parser_implementation> stage1;
  EXPECT_EQ(simdjson::get_active_implementation()->create_dom_parser_implementation(1024, 1, stage1),
            simdjson::SUCCESS);
  EXPECT_EQ(stage1->stage1(reinterpret_cast<const uint8_t*>(text.data()), size, simdjson::stage1_mode::regular),
            simdjson::SUCCESS);
  abi::Chunk chunk{};
  chunk.data = text.data();
  chunk.size = size;
  chunk.index = stage1->structural_indexes.get();
  chunk.index_count = stage1->n_structural_indexes;
  uint64_t cursor = 3;
  if (abi::rt_json_skip(&chunk, &cursor) == 0) return std::nullopt;
  return cursor < chunk.index_count ? text[chunk.index[cursor]] : '\0';
}

TEST(JsonSkip, ArrivesBehindTheValue) {
  EXPECT_EQ(skip(R"({"a": 1, "b": 2})"), ',');
  EXPECT_EQ(skip(R"({"a": "x,}", "b": 2})"), ',');
  EXPECT_EQ(skip(R"({"a": {"c": [1, {"d": "]"}], "e": {}}})"), '}');
  EXPECT_EQ(skip(R"({"a": [], "b": 2})"), ',');
  EXPECT_EQ(skip(R"({"a": )" + std::string(200, '[') + std::string(200, ']') + "}"), '}');
  std::string deep = "{\"a\": ";
  for (int i = 0; i < 70; ++i) deep += "{\"x\":[";
  for (int i = 0; i < 70; ++i) deep += "]}";
  EXPECT_EQ(skip(deep + ",\"b\":1}"), ',');
}

TEST(JsonSkip, RefusesWhatIsNoValue) {
  EXPECT_EQ(skip(R"({"a": , "b": 2})"), std::nullopt);
  EXPECT_EQ(skip(R"({"a": })"), std::nullopt);
  EXPECT_EQ(skip(R"({"a": ])"), std::nullopt);
  EXPECT_EQ(skip(R"({"a": [1, 2)"), std::nullopt);
  EXPECT_EQ(skip(R"({"a": [1, 2}})"), std::nullopt);
  EXPECT_EQ(skip(R"({"a": {"b": 1]})"), std::nullopt);
  EXPECT_EQ(skip(R"({"a":)"), std::nullopt);
}

}  // namespace
}  // namespace sluice
