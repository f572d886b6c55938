#include "stdlib/table_text.h"

#include <charconv>

#include "lang/support/invariant.h"

namespace sluice {
namespace {

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text), rest_(text) {}

  Type type() {
    Type result;
    if (accept("[")) {
      result = Type::list_of(type());
      expect("]");
    } else if (accept("{")) {
      std::vector<Field> fields;
      while (!accept("}")) {
        std::string name = word();
        expect(":");
        fields.push_back(Field{std::move(name), type()});
        accept(",");
      }
      result = Type::record_of(std::move(fields));
    } else {
      const auto kind = find_type(word());
      SLUICE_INVARIANT(kind.has_value(), text_);
      result = Type(*kind);
    }
    if (accept("?")) result.nullable = true;
    return result;
  }

  std::vector<TableParam> params() {
    std::vector<TableParam> result;
    while (!rest().empty() && !rest().starts_with(')')) {
      TableParam param;
      param.name = word();
      expect(":");
      param.type = type();
      if (accept("=")) param.default_value = literal();
      result.push_back(std::move(param));
      accept(",");
    }
    return result;
  }

  TableSignature signature() {
    TableSignature result;
    expect("(");
    result.params = params();
    expect(")");
    expect("->");
    result.result = type();
    return result;
  }

  void finish() { SLUICE_INVARIANT(rest().empty(), text_); }

 private:
  std::string_view rest() {
    while (rest_.starts_with(' ')) rest_.remove_prefix(1);
    return rest_;
  }
  bool accept(std::string_view token) {
    if (!rest().starts_with(token)) return false;
    rest_.remove_prefix(token.size());
    return true;
  }
  void expect(std::string_view token) { SLUICE_INVARIANT(accept(token), text_); }
  std::string word() {
    size_t size = 0;
    for (const char c : rest()) {
      if (!(c == '_' || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))) break;
      size += 1;
    }
    SLUICE_INVARIANT(size != 0, text_);
    std::string result(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return result;
  }
  LiteralValue literal() {
    if (accept("true")) return true;
    if (accept("false")) return false;
    if (accept("\"")) return quoted();
    int64_t number = 0;
    const auto begin = rest();
    const auto [end, error] = std::from_chars(begin.data(), begin.data() + begin.size(), number);
    SLUICE_INVARIANT(error == std::errc(), text_);
    rest_.remove_prefix(static_cast<size_t>(end - begin.data()));
    return number;
  }
  std::string quoted() {
    std::string result;
    while (!rest_.starts_with('"')) {
      if (rest_.starts_with('\\')) rest_.remove_prefix(1);
      SLUICE_INVARIANT(!rest_.empty(), text_);
      result += rest_.front();
      rest_.remove_prefix(1);
    }
    rest_.remove_prefix(1);
    return result;
  }

  std::string_view text_;
  std::string_view rest_;
};

}  // namespace

TableSignature parse_table_signature(std::string_view text) {
  Reader reader(text);
  TableSignature result = reader.signature();
  reader.finish();
  return result;
}

std::vector<TableParam> parse_table_params(std::string_view text) {
  Reader reader(text);
  std::vector<TableParam> result = reader.params();
  reader.finish();
  return result;
}

Type parse_table_type(std::string_view text) {
  Reader reader(text);
  Type result = reader.type();
  reader.finish();
  return result;
}

}  // namespace sluice
