#include "lang/syntax/literals.h"

#include <utf8proc.h>

#include <array>
#include <charconv>
#include <optional>

#include "lang/support/civil_time.h"

namespace sluice::syntax {

namespace {

struct Unit {
  std::string_view name;
  int64_t factor;
};

constexpr int64_t kSecond = kMicrosPerSecond;
constexpr auto kDurationUnits = std::to_array<Unit>({{"us", 1},
                                                     {"ms", 1000},
                                                     {"s", kSecond},
                                                     {"min", 60 * kSecond},
                                                     {"h", 3600 * kSecond},
                                                     {"d", 86400 * kSecond},
                                                     {"w", 7 * 86400 * kSecond}});
constexpr auto kSizeUnits = std::to_array<Unit>(
    {{"KiB", int64_t{1} << 10}, {"MiB", int64_t{1} << 20}, {"GiB", int64_t{1} << 30}, {"TiB", int64_t{1} << 40}});

// Units that people try, and the unit that Flow has.
struct UnitAlias {
  std::string_view word, flow;
};
constexpr auto kUnitAliases = std::to_array<UnitAlias>(
    {{"sec", "s"},      {"secs", "s"},      {"second", "s"},  {"seconds", "s"}, {"S", "s"},       {"mins", "min"},
     {"minute", "min"}, {"minutes", "min"}, {"hr", "h"},      {"hrs", "h"},     {"hour", "h"},    {"hours", "h"},
     {"H", "h"},        {"day", "d"},       {"days", "d"},    {"D", "d"},       {"week", "w"},    {"weeks", "w"},
     {"W", "w"},        {"msec", "ms"},     {"millis", "ms"}, {"usec", "us"},   {"micros", "us"}, {"K", "KiB"},
     {"KB", "KiB"},     {"kB", "KiB"},      {"MB", "MiB"},    {"mb", "MiB"},    {"G", "GiB"},     {"GB", "GiB"},
     {"gb", "GiB"},     {"TB", "TiB"}});

template <size_t N>
std::optional<int64_t> factor_of(const std::array<Unit, N>& units, std::string_view name) {
  for (const Unit& unit : units)
    if (unit.name == name) return unit.factor;
  return std::nullopt;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex_prefix(std::string_view text) {
  return text.size() > 1 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
}

std::string without_underscores(std::string_view text) {
  std::string result;
  for (const char c : text)
    if (c != '_') result += c;
  return result;
}

// `12.5e3min` in its two parts: the number and the letters behind it. The same shape as in scanner.ll.
struct NumberParts {
  std::string_view number, suffix;
  bool is_whole = true;
};

NumberParts split_number(std::string_view text) {
  size_t i = 0;
  bool is_whole = true;
  const auto digits = [&] {
    while (i < text.size() && (is_digit(text[i]) || text[i] == '_')) ++i;
  };
  digits();
  if (i + 1 < text.size() && text[i] == '.' && is_digit(text[i + 1])) {
    ++i;
    is_whole = false;
    digits();
  }
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    size_t j = i + 1;
    if (j < text.size() && (text[j] == '+' || text[j] == '-')) ++j;
    if (j < text.size() && is_digit(text[j])) {
      is_whole = false;
      while (j < text.size() && is_digit(text[j])) ++j;
      i = j;
    }
  }
  return {text.substr(0, i), text.substr(i), is_whole};
}

class Decoder {
 public:
  Decoder(const Token& token, bool is_negated, Diagnostics& diagnostics)
      : token_(token), is_negated_(is_negated), diagnostics_(diagnostics) {}

  ast::Literal decode();
  std::string text_of(std::string_view body, size_t offset, bool is_fstring);

 private:
  Diagnostic& misfit(std::string_view what) { return diagnostics_.report(diag::E0109, token_.span, token_.text, what); }
  Diagnostic& not_a_number() { return diagnostics_.report(diag::E0114, token_.span, token_.text); }
  void integer(ast::Literal& literal);
  void floating(ast::Literal& literal);
  void decimal(ast::Literal& literal);
  void duration(ast::Literal& literal);
  void unknown_unit(std::string_view digits, std::string_view unit);
  void instant(ast::Literal& literal);
  void string(ast::Literal& literal);
  size_t escape(std::string_view body, size_t at, size_t offset, bool is_fstring, std::string& result);

  const Token& token_;
  const bool is_negated_;
  Diagnostics& diagnostics_;
};

ast::Literal Decoder::decode() {
  ast::Literal literal{ast::LiteralKind::Int, std::string(token_.text), {}};
  switch (token_.kind) {
    case Kind::INT:
      integer(literal);
      break;
    case Kind::FLOAT:
      floating(literal);
      break;
    case Kind::DECIMAL:
      decimal(literal);
      break;
    case Kind::DURATION:
      duration(literal);
      break;
    case Kind::INSTANT:
      instant(literal);
      break;
    default:
      string(literal);
      break;  // STRING: the parser asks for literal tokens only
  }
  return literal;
}

void Decoder::integer(ast::Literal& literal) {
  std::string_view text = token_.text;
  uint64_t factor = 1;
  int base = 10;
  if (is_hex_prefix(text)) {
    base = 16;
    text.remove_prefix(2);
  } else {
    const NumberParts parts = split_number(text);
    factor = static_cast<uint64_t>(factor_of(kSizeUnits, parts.suffix).value_or(1));
    text = parts.number;
  }
  const std::string digits = without_underscores(text);
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  const bool overflows = error == std::errc::result_out_of_range || __builtin_mul_overflow(value, factor, &value);
  const uint64_t largest = static_cast<uint64_t>(INT64_MAX) + (is_negated_ ? 1 : 0);
  if (!overflows && (digits.empty() || end != digits.data() + digits.size())) {
    not_a_number().with_label("hexadecimal digits are 0 to 9 and a to f");
  } else if (overflows || value > largest) {
    misfit("an int").with_label(is_negated_ ? "the smallest int is -9223372036854775808"
                                            : "the largest int is 9223372036854775807");
  } else {
    literal.integer = static_cast<int64_t>(value);
  }
}

void Decoder::floating(ast::Literal& literal) {
  literal.kind = ast::LiteralKind::Float;
  const std::string digits = without_underscores(token_.text);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), literal.number);
  if (error == std::errc::result_out_of_range)
    misfit("a float").with_label("a float has magnitudes from 4.9e-324 to 1.7976931348623157e308");
}

void Decoder::decimal(ast::Literal& literal) {
  literal.kind = ast::LiteralKind::Decimal;
  const NumberParts parts = split_number(token_.text);
  literal.string = without_underscores(parts.number);
  if (literal.string.find_first_of("eE") != std::string::npos)
    not_a_number().with_label("a decimal has no exponent: write all its digits");
  const size_t digits = literal.string.size() - (literal.string.find('.') == std::string::npos ? 0 : 1);
  if (digits > 38) misfit("a decimal").with_label(fmt::format("{} digits; at most 38 are exact", digits));
}

void Decoder::unknown_unit(std::string_view digits, std::string_view unit) {
  const auto report = [&](std::string_view what) -> Diagnostic& {
    return diagnostics_.report(diag::E0305, token_.span, token_.text, what);
  };
  if (unit == "m") {
    report("could be minutes, months or metres").with_label(fmt::format("minutes are written `{}min`", digits));
    return;
  }
  if (unit == "M" || unit == "mo" || unit == "month" || unit == "months" || unit == "y" || unit == "year" ||
      unit == "years") {
    report("is not a duration: months and years differ in length").with_label("count in days or weeks: 30d, 52w");
    return;
  }
  if (unit == "ns" || unit == "nanos") {
    report("is finer than Flow's clock").with_label("the smallest unit is `us`, a microsecond");
    return;
  }
  for (const auto& [word, flow] : kUnitAliases) {
    if (word != unit) continue;
    report("has a unit that Flow does not know").with_label(fmt::format("write `{}{}`", digits, flow));
    return;
  }
  if (unit.starts_with('_') || (unit.starts_with('e') && unit.size() == 1)) {
    not_a_number();
    return;
  }
  report("has a unit that Flow does not know").with_label("units are us ms s min h d w, and KiB MiB GiB TiB for sizes");
}

void Decoder::duration(ast::Literal& literal) {
  literal.kind = ast::LiteralKind::Duration;
  std::string_view rest = token_.text;
  while (!rest.empty()) {
    const NumberParts parts = split_number(rest);
    size_t length = 0;
    while (length < parts.suffix.size() && !is_digit(parts.suffix[length])) ++length;
    const std::string_view unit = parts.suffix.substr(0, length);
    rest = parts.suffix.substr(length);
    const auto factor = factor_of(kDurationUnits, unit);
    if (!factor) {
      if (unit.empty() && !parts.number.empty())
        diagnostics_.report(diag::E0305, token_.span, token_.text, "lacks a unit")
            .with_label(fmt::format("{} what? For example `{}s`", parts.number, token_.text));
      else
        unknown_unit(parts.number, unit);
      return;
    }
    if (!parts.is_whole) {
      diagnostics_.report(diag::E0305, token_.span, token_.text, "is not a whole number of units")
          .with_label("use a smaller unit, or several: 1h30min");
      return;
    }
    const std::string digits = without_underscores(parts.number);
    int64_t count = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), count);
    if (error != std::errc{} || __builtin_mul_overflow(count, *factor, &count) ||
        __builtin_add_overflow(literal.integer, count, &literal.integer)) {
      misfit("a duration").with_label("durations reach to about 292,000 years");
      return;
    }
  }
}

// Reads fixed-width fields of a date or time from the front of a text.
class InstantReader {
 public:
  explicit InstantReader(std::string_view text) : rest_(text) {}
  [[nodiscard]] bool is_done() const { return rest_.empty(); }
  bool accept(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  std::optional<int64_t> digits(size_t count, int64_t max) {
    int64_t value = 0;
    if (rest_.size() < count) return std::nullopt;
    for (size_t i = 0; i < count; ++i) {
      if (!is_digit(rest_[i])) return std::nullopt;
      value = value * 10 + (rest_[i] - '0');
    }
    if (value > max) return std::nullopt;
    rest_.remove_prefix(count);
    return value;
  }
  // hh:mm[:ss[.ffffff]] in microseconds since midnight.
  std::optional<int64_t> clock() {
    const auto hours = digits(2, 23);
    if (!hours || !accept(':')) return std::nullopt;
    const auto minutes = digits(2, 59);
    if (!minutes) return std::nullopt;
    int64_t result = (*hours * 3600 + *minutes * 60) * kSecond;
    if (!accept(':')) return result;
    const auto seconds = digits(2, 59);
    if (!seconds) return std::nullopt;
    result += *seconds * kSecond;
    if (!accept('.')) return result;
    int64_t unit = kSecond;
    while (!rest_.empty() && is_digit(rest_[0])) {
      if (unit == 1) return std::nullopt;
      unit /= 10;
      result += (rest_[0] - '0') * unit;
      rest_.remove_prefix(1);
    }
    return unit == kSecond ? std::nullopt : std::optional(result);
  }
  // `Z`, `+hh:mm`, `-hh:mm` or nothing, in microseconds east of UTC.
  std::optional<int64_t> zone() {
    if (is_done() || accept('Z')) return 0;
    const bool is_west = accept('-');
    if (!is_west && !accept('+')) return std::nullopt;
    const auto hours = digits(2, 14);
    (void)accept(':');
    const auto minutes = hours && is_done() ? std::optional<int64_t>(0) : digits(2, 59);
    if (!hours || !minutes) return std::nullopt;
    return (is_west ? -1 : 1) * (*hours * 3600 + *minutes * 60) * kSecond;
  }
  std::optional<int64_t> date() {
    const auto year = digits(4, 9999);
    if (!year || !accept('-')) return std::nullopt;
    const auto month = digits(2, 12);
    if (!month || !accept('-')) return std::nullopt;
    const auto day = digits(2, 31);
    const CivilDate date{*year, static_cast<uint32_t>(*month), static_cast<uint32_t>(day.value_or(0))};
    if (date.month == 0 || date.day == 0 || date.day > days_in_month(date.year, date.month)) return std::nullopt;
    return days_of(date) * kMicrosPerDay;
  }

 private:
  std::string_view rest_;
};

// Microseconds since 1970, or since midnight for a time of day.
std::optional<int64_t> instant_value(std::string_view text, bool is_time_of_day) {
  InstantReader reader(text);
  if (is_time_of_day) {
    const auto clock = reader.clock();
    return reader.is_done() ? clock : std::nullopt;
  }
  const auto date = reader.date();
  if (!date || reader.is_done()) return date;
  if (!reader.accept('T')) return std::nullopt;
  const auto clock = reader.clock();
  if (!clock) return std::nullopt;
  const auto zone = reader.zone();
  if (!zone || !reader.is_done()) return std::nullopt;
  return *date + *clock - *zone;
}

void Decoder::instant(ast::Literal& literal) {
  literal.kind = ast::LiteralKind::Instant;
  const std::string_view text = token_.text.substr(1);
  literal.is_time_of_day = text.find(':') < text.find('-');
  const auto value = instant_value(text, literal.is_time_of_day);
  if (value)
    literal.integer = *value;
  else
    diagnostics_.report(diag::E0111, token_.span, token_.text)
        .with_label("write for example @2024-01-31, @2024-01-31T10:00:00Z or, in tests, @10:00:05");
}

// ---- texts ----

std::optional<std::string> encode_utf8(uint32_t code_point) {
  if (!utf8proc_codepoint_valid(static_cast<utf8proc_int32_t>(code_point))) return std::nullopt;
  std::array<utf8proc_uint8_t, 4> bytes{};
  const auto length = utf8proc_encode_char(static_cast<utf8proc_int32_t>(code_point), bytes.data());
  return std::string(bytes.begin(), bytes.begin() + length);
}

std::optional<char> simple_escape(char c) {
  switch (c) {
    case 'n':
      return '\n';
    case 't':
      return '\t';
    case 'r':
      return '\r';
    case '0':
      return '\0';
    case 'e':
      return '\x1b';
    case '\\':
    case '"':
    case '\'':
    case '{':
    case '}':
      return c;
    default:
      return std::nullopt;
  }
}

// Decodes the escape at body[at] (a backslash) and returns its length.
size_t Decoder::escape(std::string_view body, size_t at, size_t offset, bool is_fstring, std::string& result) {
  const auto fail = [&](size_t length, std::string_view label) {
    // Escapes stand on one line, so their columns follow from the text before them.
    Position place = token_.span.begin;
    for (size_t i = 0; i < offset + at; ++i)
      place = token_.text[i] == '\n' ? Position{place.line + 1, 1} : Position{place.line, place.column + 1};
    const Span span{token_.span.file, place, {place.line, place.column + static_cast<uint32_t>(length)}};
    diagnostics_.report(diag::E0108, span, body.substr(at, length)).with_label(std::string(label));
    return length;
  };
  if (at + 1 >= body.size()) return fail(1, "a backslash that should stay is written `\\\\`");
  const char c = body[at + 1];
  if (const auto simple = simple_escape(c)) {
    result += *simple;
    return 2;
  }
  if (c == 'u' && at + 2 < body.size() && body[at + 2] == '{') {
    const size_t close = body.find('}', at);
    uint32_t code_point = 0;
    const char* const first = body.data() + at + 3;
    const char* const last = close == std::string_view::npos ? first : body.data() + close;
    const auto [end, error] = std::from_chars(first, last, code_point, 16);
    const auto bytes = error == std::errc{} && end == last ? encode_utf8(code_point) : std::nullopt;
    if (!bytes)
      return fail(close == std::string_view::npos ? 3 : close - at + 1,
                  "write a character's number in hexadecimal: `\\u{1F600}`");
    result += *bytes;
    return close - at + 1;
  }
  size_t length = 2;  // a character of several bytes is shown whole
  while (at + length < body.size() && (static_cast<unsigned char>(body[at + length]) & 0xC0) == 0x80) ++length;
  if (c == 'u' || c == 'x') return fail(2, "characters by number are written `\\u{1F600}`");
  return fail(length,
              is_fstring ? "a backslash that should stay is written `\\\\`"
                         : "a backslash that should stay is written `\\\\`; in a raw text, r\"...\", all of them stay");
}

// `body` is the part of the token's text from `offset` on that is content.
std::string Decoder::text_of(std::string_view body, size_t offset, bool is_fstring) {
  std::string result;
  result.reserve(body.size());
  for (size_t i = 0; i < body.size();) {
    if (body[i] == '\\') {
      i += escape(body, i, offset, is_fstring, result);
      continue;
    }
    result += body[i];
    // In an f-string, `{{` and `}}` are braces.
    i += is_fstring && (body[i] == '{' || body[i] == '}') ? 2 : 1;
  }
  return result;
}

void Decoder::string(ast::Literal& literal) {
  literal.kind = ast::LiteralKind::String;
  std::string_view body = token_.text;
  const bool is_raw = body.starts_with('r');
  size_t offset = is_raw ? 1 : 0;
  const std::string_view quote = body.substr(offset).starts_with("\"\"\"") ? "\"\"\"" : body.substr(offset, 1);
  offset += quote.size();
  body.remove_prefix(offset);
  if (body.ends_with(quote)) body.remove_suffix(quote.size());
  literal.string = is_raw ? std::string(body) : text_of(body, offset, false);
}

}  // namespace

Parser::token_kind_type number_kind(std::string_view text) {
  if (is_hex_prefix(text)) return Kind::INT;
  const NumberParts parts = split_number(text);
  if (parts.suffix.empty()) return parts.is_whole ? Kind::INT : Kind::FLOAT;
  if (parts.suffix == "dec") return Kind::DECIMAL;
  return parts.is_whole && factor_of(kSizeUnits, parts.suffix) ? Kind::INT : Kind::DURATION;
}

ast::Literal decode_literal(const Token& token, bool is_negated, Diagnostics& diagnostics) {
  const size_t errors = diagnostics.error_count();
  ast::Literal literal = Decoder(token, is_negated, diagnostics).decode();
  literal.is_invalid = diagnostics.error_count() != errors;
  return literal;
}

std::string decode_fstring_text(const Token& token, Diagnostics& diagnostics) {
  return Decoder(token, false, diagnostics).text_of(token.text, 0, true);
}

}  // namespace sluice::syntax
