#include <gtest/gtest.h>
#include <simdjson.h>

#include <cmath>
#include <random>
#include <string>
#include <string_view>

#include "runtime/abi/runtime_functions.h"
#include "tests/unit/stdlib/kernel_context.h"

namespace sluice {
namespace {

using Encoder = void (*)(abi::Ptr, abi::I32, abi::Ptr, abi::I64) noexcept;

class Encode : public ::testing::Test {
 protected:
  std::string text(Encoder encoder, std::string_view value) {
    std::vector<char> bytes(value.begin(), value.end());  // of exactly this size, for the address sanitizer
    encoder(context_.task(), 0, bytes.data(), static_cast<int64_t>(bytes.size()));
    return context_.take_encoded();
  }
  testing::KernelContext context_;
};

TEST_F(Encode, JsonStrings) {
  const auto json = [&](std::string_view value) { return text(abi::rt_sink_json_string, value); };
  EXPECT_EQ(json(""), R"("")");
  EXPECT_EQ(json("plain ä 😀"), R"("plain ä 😀")");
  EXPECT_EQ(json("\"\\/\b\f\n\r\t\v\x01\x1f"), R"("\"\\/\b\f\n\r\t\u000b\u0001\u001f")");
  EXPECT_EQ(json(std::string("\0", 1)), R"("\u0000")");
  EXPECT_EQ(json("0123456789abcdef\""), R"("0123456789abcdef\"")");
  EXPECT_EQ(json("\x7f"), "\"\x7f\"");
}

TEST_F(Encode, JsonStringsReadBack) {
  std::mt19937 random(31);
  simdjson::dom::parser parser;
  for (int round = 0; round < 3000; ++round) {
    std::string value(random() % 80, '\0');
    for (char& c : value) c = static_cast<char>(random() % 4 == 0 ? random() % 128 : 'a' + random() % 26);
    const std::string line = text(abi::rt_sink_json_string, value);
    const auto read = parser.parse(line).get_string();
    ASSERT_FALSE(read.error()) << line;
    ASSERT_EQ(read.value_unsafe(), value);
  }
}

TEST_F(Encode, CsvStrings) {
  const auto csv = [&](std::string_view value) { return text(abi::rt_sink_csv_string, value); };
  EXPECT_EQ(csv("plain"), "plain");
  EXPECT_EQ(csv(""), R"("")");  // null is an empty field without quotes
  EXPECT_EQ(csv("a,b"), R"("a,b")");
  EXPECT_EQ(csv("say \"hi\""), R"("say ""hi""")");
  EXPECT_EQ(csv("\""), R"("""")");
  EXPECT_EQ(csv("a\nb"), "\"a\nb\"");
  EXPECT_EQ(csv("a\r"), "\"a\r\"");
  EXPECT_EQ(csv("a long text without anything special; and one,"),
            "\"a long text without anything special; and one,\"");
}

TEST_F(Encode, CsvStringsReadBack) {
  std::mt19937 random(37);
  for (int round = 0; round < 3000; ++round) {
    std::string value(1 + random() % 40, '\0');
    for (char& c : value) c = "ab,\"\n\r"[random() % 6];
    std::string field = text(abi::rt_sink_csv_string, value);
    if (field.starts_with('"')) {
      abi::StringRef inner{};
      ASSERT_EQ(abi::rt_csv_unquote(context_.task(), field.data(), static_cast<int64_t>(field.size()), &inner), 1);
      field = testing::text_of(inner);
    }
    ASSERT_EQ(field, value);
  }
}

TEST_F(Encode, Cells) {
  const auto cell = [&](std::string_view value) { return text(abi::rt_sink_cell_string, value); };
  EXPECT_EQ(cell("a\tb\nc\\d"), "a\\tb\\nc\\\\d");
  EXPECT_EQ(cell("no special character in here"), "no special character in here");
}

TEST_F(Encode, JsonInACsvField) {
  auto* task = context_.task();
  const auto put = [&](std::string text) {
    abi::rt_sink_bytes(task, 0, text.data(), static_cast<int64_t>(text.size()));
  };
  put("1,");
  const int64_t mark = abi::rt_sink_mark(task, 0);
  put(R"(["a","b"])");
  abi::rt_sink_csv_field(task, 0, mark);
  put(",2\n");
  EXPECT_EQ(context_.take_encoded(), "1,\"[\"\"a\"\",\"\"b\"\"]\",2\n");
}

TEST_F(Encode, Values) {
  auto* task = context_.task();
  abi::rt_sink_date(task, 0, 19'753);
  EXPECT_EQ(context_.take_encoded(), "2024-01-31");
  abi::rt_sink_decimal(task, 0, -1250, -1, 2);
  EXPECT_EQ(context_.take_encoded(), "-12.50");
  abi::rt_sink_int(task, 0, INT64_MIN);
  EXPECT_EQ(context_.take_encoded(), "-9223372036854775808");
  abi::rt_sink_float(task, 0, 2.0);
  EXPECT_EQ(context_.take_encoded(), "2.0");
  abi::rt_sink_float(task, 0, NAN);
  EXPECT_EQ(context_.take_encoded(), "nan");
  abi::rt_sink_json_float(task, 0, -NAN);
  EXPECT_EQ(context_.take_encoded(), "\"NaN\"");
  abi::rt_sink_json_float(task, 0, INFINITY);
  EXPECT_EQ(context_.take_encoded(), "\"Infinity\"");
  abi::rt_sink_json_float(task, 0, -INFINITY);
  EXPECT_EQ(context_.take_encoded(), "\"-Infinity\"");
  abi::rt_sink_json_float(task, 0, 0.5);
  EXPECT_EQ(context_.take_encoded(), "0.5");
  abi::rt_sink_bool(task, 0, 1);
  EXPECT_EQ(context_.take_encoded(), "true");
  abi::rt_sink_timestamp(task, 0, 250000);
  EXPECT_EQ(context_.take_encoded(), "1970-01-01T00:00:00.25Z");
  abi::rt_sink_duration(task, 0, -90'000'000);
  EXPECT_EQ(context_.take_encoded(), "-1min30s");
}

}  // namespace
}  // namespace sluice
