// TextCursor: reads one line of an IR's text. It never trusts the text: the first thing that is wrong is kept as the
// error, after which every read gives an empty value and every question says no, so that parsers stay straight lines.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "lang/support/result.h"

namespace sluice {

class TextCursor {
 public:
  TextCursor(std::string_view line, size_t line_number) : rest_(line), line_number_(line_number) {}

  [[nodiscard]] bool ok() const { return error_.empty(); }
  [[nodiscard]] bool at_end();  // nothing but spaces left, or failed
  [[nodiscard]] char peek();    // the next character behind spaces; '\0' at the end
  void fail(std::string_view message);
  [[nodiscard]] std::unexpected<Error> error() const;

  bool accept(char c);
  bool accept_word(std::string_view word);  // the whole word
  void expect(char c);
  void expect_word(std::string_view word);
  void expect_end();

  std::string_view word();  // [A-Za-z0-9_.]+
  std::string name();       // a word that starts with no digit, or any text in backquotes
  std::string label();      // a word, or any text in backquotes
  std::string string();     // "..."
  uint64_t u64();
  int64_t i64();
  uint32_t u32();
  std::string_view number();  // the characters of a number with sign, fraction, exponent; also inf and nan

 private:
  template <class Integer>
  [[nodiscard]] Integer number();
  std::string quoted(char quote);

  std::string_view rest_;
  size_t line_number_;
  std::string error_;
};

// What TextCursor reads back.
[[nodiscard]] std::string write_name(std::string_view name);
[[nodiscard]] std::string write_label(std::string_view label);
[[nodiscard]] std::string write_string(std::string_view text);

}  // namespace sluice
