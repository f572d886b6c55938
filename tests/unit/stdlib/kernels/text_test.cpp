#include <gtest/gtest.h>

#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/abi/kernel_abi.h"
#include "stdlib/kernels/kernels.h"
#include "tests/unit/stdlib/kernel_context.h"

namespace sluice {
namespace {

using abi::ListRef;
using abi::StringRef;
using testing::text_of;
using testing::texts_of;
using Texts = std::vector<std::string>;

class TextKernels : public ::testing::Test {
 protected:
  using Unary = void (*)(abi::TaskContext*, StringRef*, const char*, uint64_t) noexcept;
  std::string call(Unary kernel, std::string_view unpadded) {
    const std::string text = testing::with_slack(unpadded);
    StringRef result{};
    kernel(context_.task(), &result, text.data(), text.size());
    return text_of(result);
  }
  std::string replace(std::string_view text, std::string_view old, std::string_view fresh) {
    StringRef result{};
    abi::flow_replace(context_.task(), &result, text.data(), text.size(), old.data(), old.size(), fresh.data(),
                      fresh.size());
    return text_of(result);
  }
  std::string substring(std::string_view text, int64_t start, int64_t length) {
    StringRef result{};
    abi::flow_substring_length(context_.task(), &result, text.data(), text.size(), start, length);
    return text_of(result);
  }
  Texts split(std::string_view text, std::string_view separator) {
    ListRef result{};
    abi::flow_split(context_.task(), &result, text.data(), text.size(), separator.data(), separator.size());
    return texts_of(result);
  }
  Texts regex_split(std::string_view text, std::string_view pattern) {
    ListRef result{};
    abi::flow_regex_split(context_.task(), &result, text.data(), text.size(), pattern.data(), pattern.size());
    return texts_of(result);
  }
  Texts words(std::string_view text) {
    const std::string padded = testing::with_slack(text);
    ListRef result{};
    abi::flow_words(context_.task(), &result, padded.data(), padded.size());
    return texts_of(result);
  }
  testing::KernelContext context_;
};

TEST_F(TextKernels, ChangeCase) {
  EXPECT_EQ(call(abi::flow_lower, "Hello, WORLD! [@Z`{]"), "hello, world! [@z`{]");
  EXPECT_EQ(call(abi::flow_upper, "Hello, world! [@z`{]"), "HELLO, WORLD! [@Z`{]");
  EXPECT_EQ(call(abi::flow_lower, "ÄÖÜ ΣΊΣΥΦΟΣ ЖЁ İ"), "äöü σίσυφοσ жё i");
  EXPECT_EQ(call(abi::flow_upper, "größe жё ǆ"), "GRÖßE ЖЁ Ǆ");
  EXPECT_EQ(call(abi::flow_lower, "Ⱥ"), "ⱥ");  // grows from two bytes to three
  EXPECT_EQ(call(abi::flow_lower, ""), "");
  const std::string broken("A\xff\xc3Z\x80\xf0\x9f", 7);
  EXPECT_EQ(call(abi::flow_lower, broken), std::string("a\xff\xc3z\x80\xf0\x9f", 7));
}

TEST_F(TextKernels, LowerOfLowerIsTheArgumentItself) {
  const std::string text = testing::with_slack("already lower");
  StringRef result{};
  abi::flow_lower(context_.task(), &result, text.data(), text.size());
  EXPECT_EQ(result.data, text.data());
}

TEST_F(TextKernels, Trim) {
  EXPECT_EQ(call(abi::flow_trim, " \t\r\n a b \v\f "), "a b");
  EXPECT_EQ(call(abi::flow_trim, "\u00a0\u3000a\u2003"), "a");
  EXPECT_EQ(call(abi::flow_trim, " \n "), "");
  EXPECT_EQ(call(abi::flow_trim, ""), "");
  EXPECT_EQ(call(abi::flow_trim, "\x80 a\x80"), "\x80 a\x80");
  EXPECT_EQ(call(abi::flow_trim, "ä "), "ä");
}

TEST_F(TextKernels, LengthCountsCharacters) {
  const auto length = [&](std::string_view text) {
    return abi::flow_length(context_.task(), text.data(), text.size());
  };
  EXPECT_EQ(length(""), 0);
  EXPECT_EQ(length("größe"), 5);
  EXPECT_EQ(length("a😀b"), 3);
  EXPECT_EQ(length(std::string(1000, 'x') + "é"), 1001);
  // Around every boundary of the steps that are taken 16 bytes at a time.
  std::string text;
  int64_t characters = 0;
  for (int i = 0; text.size() < 5000; ++i, ++characters) {
    text += i % 7 == 0 ? "é" : (i % 11 == 0 ? "😀" : "x");
    EXPECT_EQ(length(text), characters + 1);
  }
}

TEST_F(TextKernels, PartsOfATextAreFound) {
  const auto contains = [&](std::string_view text, std::string_view part) {
    return abi::flow_contains(context_.task(), text.data(), text.size(), part.data(), part.size()) != 0;
  };
  EXPECT_TRUE(contains("pipeline", "line"));
  EXPECT_TRUE(contains("pipeline", "p"));
  EXPECT_TRUE(contains("", ""));
  EXPECT_FALSE(contains("", "a"));
  EXPECT_FALSE(contains("line", "pipeline"));
  const auto starts = [&](std::string_view text, std::string_view part) {
    return abi::flow_starts_with(context_.task(), text.data(), text.size(), part.data(), part.size()) != 0;
  };
  EXPECT_TRUE(starts("pipeline", "pipe"));
  EXPECT_TRUE(starts("pipeline", ""));
  EXPECT_FALSE(starts("pipe", "pipeline"));
  const auto ends = [&](std::string_view text, std::string_view part) {
    return abi::flow_ends_with(context_.task(), text.data(), text.size(), part.data(), part.size()) != 0;
  };
  EXPECT_TRUE(ends("a.csv", ".csv"));
  EXPECT_TRUE(ends("a.csv", ""));
  EXPECT_FALSE(ends("v", ".csv"));
}

TEST_F(TextKernels, Replace) {
  EXPECT_EQ(replace("a-b-c", "-", "+"), "a+b+c");
  EXPECT_EQ(replace("aaa", "aa", "b"), "ba");
  EXPECT_EQ(replace("abc", "", "x"), "abc");
  EXPECT_EQ(replace("abc", "x", "yyy"), "abc");
  EXPECT_EQ(replace("xx", "x", "long"), "longlong");
  EXPECT_EQ(replace("xx", "x", ""), "");
  EXPECT_EQ(replace("", "x", "y"), "");
}

TEST_F(TextKernels, SubstringCountsCharactersAndNeverFails) {
  EXPECT_EQ(substring("größe", 2, 2), "öß");
  EXPECT_EQ(substring("abc", 0, 99), "abc");
  EXPECT_EQ(substring("abc", -1, 2), "a");
  EXPECT_EQ(substring("abc", 1, 0), "");
  EXPECT_EQ(substring("abc", 1, -5), "");
  EXPECT_EQ(substring("abc", 7, 2), "");
  EXPECT_EQ(substring("abc", 1, INT64_MAX), "bc");
  EXPECT_EQ(substring("abc", INT64_MIN, INT64_MIN), "");
  EXPECT_EQ(substring("", 0, 1), "");
  StringRef result{};
  abi::flow_substring(context_.task(), &result, "größe", 7, 3);
  EXPECT_EQ(text_of(result), "ße");
}

TEST_F(TextKernels, Split) {
  EXPECT_EQ(split("a,,b", ","), (Texts{"a", "", "b"}));
  EXPECT_EQ(split("", ","), (Texts{""}));
  EXPECT_EQ(split(",", ","), (Texts{"", ""}));
  EXPECT_EQ(split("a--b-c", "--"), (Texts{"a", "b-c"}));
  EXPECT_EQ(split("größe", ""), (Texts{"g", "r", "ö", "ß", "e"}));
  EXPECT_EQ(split("", ""), Texts{});
  EXPECT_EQ(split(std::string(5000, ','), ",").size(), 5001u);  // grows the list
}

TEST_F(TextKernels, RegexSplit) {
  EXPECT_EQ(regex_split("a1b22c", R"(\d+)"), (Texts{"a", "b", "c"}));
  EXPECT_EQ(regex_split("1a1", R"(\d)"), (Texts{"", "a", ""}));
  EXPECT_EQ(regex_split("abc", "x"), (Texts{"abc"}));
  EXPECT_EQ(regex_split("a1b", R"(\d*)"), (Texts{"a", "b"}));  // empty matches separate nothing
  EXPECT_EQ(regex_split("", "x*"), (Texts{""}));
  EXPECT_EQ(regex_split("äxö", "x"), (Texts{"ä", "ö"}));
  for (int i = 0; i < 200; ++i)  // more patterns than are kept
    EXPECT_EQ(regex_split("a" + std::to_string(i) + "b", std::to_string(i)), (Texts{"a", "b"}));
  EXPECT_EQ(context_.has_failed(), false);
}

TEST_F(TextKernels, InvalidPatternIsARowError) {
  regex_split("abc", "(");
  EXPECT_EQ(context_.has_failed(), true);
  EXPECT_EQ(abi::take_raised_text(), "the regular expression `(` is not valid: missing ): (");
  EXPECT_EQ(abi::take_raised_text(), "");
}

TEST_F(TextKernels, Words) {
  EXPECT_EQ(words("Über 2 Äpfel, don't!"), (Texts{"Über", "2", "Äpfel", "don", "t"}));
  EXPECT_EQ(words(""), Texts{});
  EXPECT_EQ(words(" -- "), Texts{});
  EXPECT_EQ(words("a"), Texts{"a"});
  EXPECT_EQ(words("snake_case x1y2"), (Texts{"snake", "case", "x1y2"}));
  EXPECT_EQ(words("日本語 текст ١٢٣ 𝒳𝒴"), (Texts{"日本語", "текст", "١٢٣", "𝒳𝒴"}));
  EXPECT_EQ(words("a\xff"
                  "b\xe4"),
            (Texts{"a", "b"}));
  EXPECT_EQ(words("a😀b…c\u00a0d"), (Texts{"a", "b", "c", "d"}));
  EXPECT_EQ(words(std::string(64, 'x')), Texts{std::string(64, 'x')});
  EXPECT_EQ(words(std::string(1000, 'x') + " y"), (Texts{std::string(1000, 'x'), "y"}));
}

// Character by character, for comparison.
Texts slow_words(const std::vector<std::pair<std::string, bool>>& characters) {
  Texts result;
  bool is_open = false;
  for (const auto& [bytes, is_alnum] : characters) {
    if (is_alnum && !is_open) result.emplace_back();
    if (is_alnum) result.back() += bytes;
    is_open = is_alnum;
  }
  return result;
}

TEST_F(TextKernels, WordsAtEveryPositionInABlock) {
  const std::vector<std::pair<std::string, bool>> alphabet = {
      {"a", true},  {"Z", true},  {"0", true},   {"9", true},  {" ", false},    {"-", false}, {"@", false},
      {"[", false}, {"`", false}, {"{", false},  {"/", false}, {":", false},    {"ß", true},  {"é", true},
      {"–", false}, {"語", true}, {"😀", false}, {"𝒳", true},  {"\xff", false}, {"_", false}, {"x", true}};
  std::mt19937 random(7);
  for (int round = 0; round < 2000; ++round) {
    std::vector<std::pair<std::string, bool>> characters;
    std::string text;
    const size_t count = random() % 200;
    for (size_t i = 0; i < count; ++i) {
      characters.push_back(alphabet[random() % alphabet.size()]);
      text += characters.back().first;
    }
    ASSERT_EQ(words(text), slow_words(characters)) << text;
    context_.clear();
  }
}

TEST_F(TextKernels, KernelsTakeAnyBytes) {
  std::mt19937 random(11);
  for (int round = 0; round < 3000; ++round) {
    std::string text(random() % 100, '\0');
    for (char& c : text) c = static_cast<char>(random() % 3 == 0 ? random() : 0x80 + random() % 0x80);
    (void)call(abi::flow_lower, text);
    (void)call(abi::flow_upper, text);
    (void)call(abi::flow_trim, text);
    (void)words(text);
    (void)split(text, "");
    (void)regex_split(text, "[a-z]+|.");
    (void)substring(text, 3, 5);
    context_.clear();
  }
}

}  // namespace
}  // namespace sluice
