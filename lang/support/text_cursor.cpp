#include "lang/support/text_cursor.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>

namespace sluice {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_word(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_' || c == '.'; }

int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

// These mean values in expressions.
bool is_value_word(std::string_view word) {
  return word == "true" || word == "false" || word == "null" || word == "inf" || word == "nan";
}

std::string quote(std::string_view text, char quote_mark) {
  std::string result(1, quote_mark);
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == quote_mark || c == '\\') {
      result += '\\';
      result += c;
    } else if (c == '\n') {
      result += "\\n";
    } else if (c == '\t') {
      result += "\\t";
    } else if (byte < 0x20 || byte == 0x7f) {
      result += fmt::format("\\x{:02x}", byte);
    } else {
      result += c;
    }
  }
  return result + quote_mark;
}

}  // namespace

bool TextCursor::at_end() { return peek() == '\0'; }

char TextCursor::peek() {
  while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t')) rest_.remove_prefix(1);
  // A zero byte in the text is no end: it is reported as something unexpected.
  return rest_.empty() ? '\0' : (rest_.front() == '\0' ? '\x01' : rest_.front());
}

void TextCursor::fail(std::string_view message) {
  if (!ok()) return;
  (void)peek();  // skips spaces
  constexpr size_t kShown = 20;
  const std::string near(rest_.substr(0, kShown));
  error_ = fmt::format("line {}: {}{}", line_number_, message,
                       near.empty() ? " at the end of the line" : fmt::format(" at {}", quote(near, '`')));
  rest_ = {};
}

std::unexpected<Error> TextCursor::error() const { return user_error(error_); }

bool TextCursor::accept(char c) {
  if (peek() != c || c == '\0') return false;
  rest_.remove_prefix(1);
  return true;
}

bool TextCursor::accept_word(std::string_view wanted) {
  (void)peek();
  const std::string_view before = rest_;
  if (ok() && word() == wanted) return true;
  rest_ = before;
  return false;
}

void TextCursor::expect(char c) {
  if (!accept(c)) fail(fmt::format("expected `{}`", c));
}

void TextCursor::expect_word(std::string_view wanted) {
  if (!accept_word(wanted)) fail(fmt::format("expected `{}`", wanted));
}

void TextCursor::expect_end() {
  if (!at_end()) fail("expected the end of the line");
}

std::string_view TextCursor::word() {
  (void)peek();
  const auto* const end = std::ranges::find_if_not(rest_, is_word);
  const std::string_view result(rest_.begin(), end);
  rest_.remove_prefix(result.size());
  return result;
}

std::string TextCursor::name() {
  if (peek() == '`') return quoted('`');
  if (is_digit(peek()) || peek() == '.') {
    fail("expected a name");
    return {};
  }
  return label();
}

std::string TextCursor::label() {
  if (peek() == '`') return quoted('`');
  std::string result(word());
  if (result.empty()) fail("expected a name");
  return result;
}

std::string TextCursor::string() {
  if (peek() != '"') {
    fail("expected a string");
    return {};
  }
  return quoted('"');
}

std::string TextCursor::quoted(char quote_mark) {
  std::string result;
  rest_.remove_prefix(1);
  while (!rest_.empty() && rest_.front() != quote_mark) {
    if (rest_.front() != '\\') {
      result += rest_.front();
      rest_.remove_prefix(1);
      continue;
    }
    const char kind = rest_.size() > 1 ? rest_[1] : '\0';
    if (kind == 'n' || kind == 't' || kind == '\\' || kind == quote_mark) {
      result += kind == 'n' ? '\n' : kind == 't' ? '\t' : kind;
      rest_.remove_prefix(2);
    } else if (kind == 'x' && rest_.size() >= 4 && hex_value(rest_[2]) >= 0 && hex_value(rest_[3]) >= 0) {
      result += static_cast<char>(hex_value(rest_[2]) * 16 + hex_value(rest_[3]));
      rest_.remove_prefix(4);
    } else {
      fail("this escape is not known");
      return {};
    }
  }
  if (rest_.empty()) {
    fail(fmt::format("expected the closing {}", quote_mark));
    return {};
  }
  rest_.remove_prefix(1);
  return result;
}

template <class Integer>
Integer TextCursor::number() {
  Integer value = 0;
  (void)peek();
  const auto [end, status] = std::from_chars(rest_.begin(), rest_.end(), value);
  if (status != std::errc{} || rest_.empty()) {
    fail("expected a number");
    return 0;
  }
  rest_.remove_prefix(static_cast<size_t>(end - rest_.begin()));
  return value;
}

uint64_t TextCursor::u64() { return number<uint64_t>(); }

int64_t TextCursor::i64() { return number<int64_t>(); }

uint32_t TextCursor::u32() {
  const uint64_t value = u64();
  if (value > std::numeric_limits<uint32_t>::max()) fail("this number is too large");
  return ok() ? static_cast<uint32_t>(value) : 0;
}

std::string_view TextCursor::number() {
  (void)peek();
  size_t size = !rest_.empty() && rest_.front() == '-' ? 1 : 0;
  while (size < rest_.size() &&
         (is_word(rest_[size]) || (size != 0 && (rest_[size] == '+' || rest_[size] == '-') && rest_[size - 1] == 'e')))
    ++size;
  const std::string_view result = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return result;
}

std::string write_label(std::string_view label) {
  return !label.empty() && std::ranges::all_of(label, is_word) ? std::string(label) : quote(label, '`');
}

std::string write_name(std::string_view name) {
  const bool is_bare = !name.empty() && !is_digit(name.front()) && name.front() != '.' && !is_value_word(name);
  return is_bare ? write_label(name) : quote(name, '`');
}

std::string write_string(std::string_view text) { return quote(text, '"'); }

}  // namespace sluice
