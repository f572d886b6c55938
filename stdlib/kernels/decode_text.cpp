// rt_csv_unquote, rt_json_unescape, rt_json_skip: contents of quoted fields and strings, and jumping over json values.
#include <cstring>
#include <optional>
#include <string_view>

#include "runtime/abi/decode_error.h"
#include "runtime/abi/json_bytes.h"
#include "runtime/abi/kernel_abi.h"
#include "runtime/abi/runtime_functions.h"
#include "stdlib/kernels/utf8.h"

namespace sluice::abi {
namespace {

// The value of four hexadecimal digits, or -1.
int32_t hex4(const char* at) {
  int32_t value = 0;
  for (int i = 0; i < 4; ++i) {
    const char c = at[i];
    int32_t digit = -1;
    if (c >= '0' && c <= '9') digit = c - '0';
    if (c >= 'a' && c <= 'f') digit = c - 'a' + 10;
    if (c >= 'A' && c <= 'F') digit = c - 'A' + 10;
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

// The character that stands for \x, or 0 when there is no such sequence.
char simple_escape(char c) {
  switch (c) {
    case '"':
    case '\\':
    case '/':
      return c;
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return 0;
  }
}

// Reads the `\u` sequence at `at`, and the second one of a pair; moves both pointers. False when it is none.
bool unescape_unicode(const char*& at, const char* end, char*& out) {
  if (end - at < 6) return false;
  const int32_t first = hex4(at + 2);
  at += 6;
  if (first < 0 || (first >= 0xdc00 && first <= 0xdfff)) return false;
  auto point = static_cast<uint32_t>(first);
  if (first >= 0xd800 && first <= 0xdbff) {
    if (end - at < 6 || at[0] != '\\' || at[1] != 'u') return false;
    const int32_t second = hex4(at + 2);
    if (second < 0xdc00 || second > 0xdfff) return false;
    point = 0x10000 + ((point - 0xd800) << 10) + (static_cast<uint32_t>(second) - 0xdc00);
    at += 6;
  }
  out += encode_utf8(point, out);
  return true;
}

// Walks a json value along its structurals, by the grammar of what stands between them. What stands inside of a number,
// a word or a string is not looked at: that would take as long as decoding it.
class JsonSkipper {
 public:
  // `position`: the value's first structural; afterwards behind the value, or at what is wrong with it.
  JsonSkipper(const Chunk& view, uint64_t& position) : view_(view), position_(position) {}

  std::optional<DecodeError> skip() {
    std::optional<DecodeError> fault;
    do {
      fault = value();
      if (!fault) fault = behind_value();
    } while (!fault && depth_ != 0);
    return fault;
  }

 private:
  [[nodiscard]] char byte() const { return position_ < view_.index_count ? view_.data[view_.index[position_]] : '\0'; }
  [[nodiscard]] bool is_object() const { return (levels_[(depth_ - 1) / 64] >> ((depth_ - 1) % 64) & 1) != 0; }

  // Steps over a scalar; into a list or object up to the first scalar in it, or the first end.
  std::optional<DecodeError> value() {
    for (;;) {
      const char first = byte();
      if (!begins_json_value(first)) return DecodeError::ExpectedValue;
      if (first == '{' || first == '[') {
        if (depth_ == kMostLevels) return DecodeError::NestedTooDeep;
        enter(first == '{');
      }
      ++position_;
      if ((first != '{' && first != '[') || byte() == (first == '{' ? '}' : ']')) return std::nullopt;
      if (const auto fault = first == '{' ? key() : std::nullopt) return fault;
    }
  }

  void enter(bool is_object) {
    auto& word = levels_[depth_ / 64];
    const uint64_t bit = uint64_t{1} << depth_ % 64;
    word = is_object ? word | bit : word & ~bit;
    ++depth_;
  }

  std::optional<DecodeError> key() {
    if (byte() != '"') return DecodeError::ExpectedKey;
    ++position_;
    if (byte() != ':') return DecodeError::ExpectedColon;
    ++position_;
    return std::nullopt;
  }

  // Closes what ends here, up to the comma in front of the next value of a list or object that goes on.
  std::optional<DecodeError> behind_value() {
    for (; depth_ != 0; ++position_, --depth_) {
      const char next = byte();
      if (next == ',') {
        ++position_;
        return is_object() ? key() : std::nullopt;
      }
      if (next != (is_object() ? '}' : ']'))
        return is_object() ? DecodeError::ExpectedCommaOrEnd : DecodeError::ExpectedCommaOrBracket;
    }
    return std::nullopt;
  }

  static constexpr uint64_t kMostLevels = 1024;

  const Chunk& view_;
  uint64_t& position_;
  uint64_t depth_ = 0;
  uint64_t levels_[kMostLevels / 64] = {};  // a bit per level: is it an object?
};

}  // namespace

extern "C" {

I8 rt_csv_unquote(Ptr context, Ptr data, I64 size, Ptr result) noexcept {
  const char* text = static_cast<const char*>(data);
  if (size < 2 || text[size - 1] != text[0]) return 0;
  const char quote = text[0];
  const char* at = text + 1;
  const char* end = text + size - 1;
  const auto find_quote = [&] {
    return static_cast<const char*>(std::memchr(at, quote, static_cast<size_t>(end - at)));
  };
  const char* found = at == end ? nullptr : find_quote();
  if (found == nullptr) {
    *static_cast<StringRef*>(result) = {at, static_cast<uint64_t>(end - at)};
    return 1;
  }
  char* const begin = scratch_alloc(static_cast<TaskContext*>(context), static_cast<size_t>(size));
  char* out = begin;
  while (found != nullptr) {
    if (found + 1 == end || found[1] != quote) return 0;
    const auto piece = static_cast<size_t>(found + 1 - at);  // with the first of the two quotes
    std::memcpy(out, at, piece);
    out += piece;
    at = found + 2;
    found = at == end ? nullptr : find_quote();
  }
  std::memcpy(out, at, static_cast<size_t>(end - at));
  out += end - at;
  *static_cast<StringRef*>(result) = {begin, static_cast<uint64_t>(out - begin)};
  return 1;
}

I8 rt_json_unescape(Ptr context, Ptr data, I64 size, Ptr result) noexcept {
  const char* at = static_cast<const char*>(data);
  const char* const end = at + size;
  const auto find_escape = [&] {
    return at == end ? nullptr : static_cast<const char*>(std::memchr(at, '\\', static_cast<size_t>(end - at)));
  };
  const char* found = find_escape();
  if (found == nullptr) {
    *static_cast<StringRef*>(result) = {at, static_cast<uint64_t>(size)};
    return 1;
  }
  // No sequence is shorter than what it stands for.
  char* const begin = scratch_alloc(static_cast<TaskContext*>(context), static_cast<size_t>(size));
  char* out = begin;
  while (found != nullptr) {
    std::memcpy(out, at, static_cast<size_t>(found - at));
    out += found - at;
    at = found;
    if (end - at < 2) return 0;
    if (at[1] == 'u') {
      if (!unescape_unicode(at, end, out)) return 0;
    } else {
      const char simple = simple_escape(at[1]);
      if (simple == 0) return 0;
      *out++ = simple;
      at += 2;
    }
    found = find_escape();
  }
  std::memcpy(out, at, static_cast<size_t>(end - at));
  out += end - at;
  *static_cast<StringRef*>(result) = {begin, static_cast<uint64_t>(out - begin)};
  return 1;
}

I8 rt_json_skip(Ptr chunk, Ptr cursor) noexcept {
  const auto fault = JsonSkipper(*static_cast<const Chunk*>(chunk), *static_cast<uint64_t*>(cursor)).skip();
  return static_cast<I8>(fault ? 1 + static_cast<int32_t>(*fault) : 0);
}

}  // extern "C"

}  // namespace sluice::abi
