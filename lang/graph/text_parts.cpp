#include "lang/graph/text_parts.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <limits>

#include "lang/graph/graph_text.h"

namespace sluice {

namespace {

// Deeper text is refused: readers recurse, and so does everything that later walks the expression.
constexpr int kMaxTypeDepth = 100;
constexpr int kMaxExprDepth = 3000;

constexpr uint64_t kCanonicalNan = 0x7ff8000000000000;

Type read_type(TextCursor& cursor, int depth);

void read_bracket_type(TextCursor& cursor, Type& type, int depth) {
  type.kind = TypeKind::List;
  type.elements.push_back(read_type(cursor, depth + 1));
  if (cursor.accept(':')) {
    type.kind = TypeKind::Map;
    type.elements.push_back(read_type(cursor, depth + 1));
  }
  cursor.expect(']');
}

void read_record_type(TextCursor& cursor, Type& type, int depth) {
  type.kind = TypeKind::Record;
  if (cursor.accept('}')) return;
  do {
    std::string name = cursor.name();
    cursor.expect(':');
    type.fields.push_back({std::move(name), read_type(cursor, depth + 1)});
  } while (cursor.accept(','));
  cursor.expect('}');
}

void read_scalar_type(TextCursor& cursor, Type& type) {
  const std::string word(cursor.word());
  if (word == "null") {
    type.kind = TypeKind::Null;
    return;
  }
  if (word == "window") {
    type = Type::window();
    return;
  }
  const auto kind = find_type(word);
  if (!kind) {
    cursor.fail(fmt::format("`{}` is no type", word));
    return;
  }
  type.kind = *kind;
  if (type.kind != TypeKind::Decimal) return;
  cursor.expect('(');
  const uint32_t precision = cursor.u32();
  cursor.expect(',');
  const uint32_t scale = cursor.u32();
  cursor.expect(')');
  if (precision < 1 || precision > 38 || scale > precision) cursor.fail("a decimal has at most 38 digits");
  if (!cursor.ok()) return;
  type.precision = static_cast<uint8_t>(precision);
  type.scale = static_cast<uint8_t>(scale);
}

Type read_type(TextCursor& cursor, int depth) {
  Type type;
  if (depth > kMaxTypeDepth) {
    cursor.fail("this type is nested too deeply");
  } else if (cursor.accept('[')) {
    read_bracket_type(cursor, type, depth);
  } else if (cursor.accept('{')) {
    read_record_type(cursor, type, depth);
  } else if (cursor.accept('?')) {
    type.kind = TypeKind::Error;
  } else {
    read_scalar_type(cursor, type);
  }
  type.nullable = cursor.accept('?');
  return cursor.ok() ? std::move(type) : Type();
}

}  // namespace

std::string write_type(const Type& type) {
  std::string text;
  if (type.kind == TypeKind::List) {
    text = "[" + write_type(type.element()) + "]";
  } else if (type.kind == TypeKind::Map) {
    text = "[" + write_type(type.elements[0]) + ": " + write_type(type.elements[1]) + "]";
  } else if (type.is_window) {
    text = "window";
  } else if (type.kind == TypeKind::Record) {
    text = "{" + write_schema(Schema{type.fields}) + "}";
  } else if (type.kind == TypeKind::Decimal) {
    text = fmt::format("decimal({},{})", type.precision, type.scale);
  } else {
    text = type_name(type.kind);
  }
  return type.nullable ? text + "?" : text;
}

Type read_type(TextCursor& cursor) { return read_type(cursor, 0); }

std::string write_schema(const Schema& schema) {
  std::string text;
  for (const auto& field : schema.fields) {
    if (!text.empty()) text += ", ";
    text += write_name(field.name) + ": " + write_type(field.type);
  }
  return text;
}

Schema read_schema(TextCursor& cursor) {
  Schema schema;
  if (cursor.at_end()) return schema;
  do {
    std::string name = cursor.name();
    cursor.expect(':');
    schema.fields.push_back({std::move(name), read_type(cursor)});
  } while (cursor.accept(','));
  cursor.expect_end();
  return schema;
}

std::string write_names(const std::vector<std::string>& names) {
  std::string text;
  for (size_t i = 0; i < names.size(); ++i) text += (i == 0 ? "" : ", ") + write_name(names[i]);
  return text;
}

std::vector<std::string> read_names(TextCursor& cursor) {
  std::vector<std::string> names;
  if (cursor.at_end()) return names;
  do names.push_back(cursor.name());
  while (cursor.accept(','));
  cursor.expect_end();
  return names;
}

std::string write_span(const Span& span) {
  if (span == Span{}) return {};
  return fmt::format("@{}:{}:{}-{}:{}", span.file, span.begin.line, span.begin.column, span.end.line, span.end.column);
}

Span read_span(TextCursor& cursor) {
  Span span;
  if (!cursor.accept('@')) return span;
  span.file = cursor.u32();
  cursor.expect(':');
  span.begin.line = cursor.u32();
  cursor.expect(':');
  span.begin.column = cursor.u32();
  cursor.expect('-');
  span.end.line = cursor.u32();
  cursor.expect(':');
  span.end.column = cursor.u32();
  return span;
}

namespace {

std::string write_float(double value) {
  if (std::isnan(value)) {
    const auto bits = std::bit_cast<uint64_t>(value);
    return bits == kCanonicalNan ? "nan" : fmt::format("nan({})", bits);
  }
  std::string text = fmt::format("{}", value);
  if (text.find_first_of(".einf") == std::string::npos) text += ".0";
  return text;
}

LiteralValue read_number(TextCursor& cursor) {
  const std::string_view text = cursor.number();
  if (text.ends_with("dec")) {
    if (const auto value = read_decimal(text.substr(0, text.size() - 3))) return *value;
    cursor.fail(fmt::format("`{}` is no decimal", text));
    return {};
  }
  const char* const end = text.data() + text.size();
  if (text.find_first_of(".en") == std::string_view::npos) {
    int64_t value = 0;
    const auto [stop, status] = std::from_chars(text.data(), end, value);
    if (status == std::errc{} && stop == end && !text.empty()) return value;
  } else if (text == "nan") {
    if (!cursor.accept('(')) return std::bit_cast<double>(kCanonicalNan);
    const auto value = std::bit_cast<double>(cursor.u64());
    cursor.expect(')');
    if (!std::isnan(value)) cursor.fail("these are not the bits of a nan");
    return value;
  } else {
    double value = 0;
    const auto [stop, status] = std::from_chars(text.data(), end, value);
    if (status == std::errc{} && stop == end && !text.empty()) return value;
  }
  cursor.fail(fmt::format("`{}` is no value", text));
  return {};
}

}  // namespace

std::string write_literal(const LiteralValue& value) {
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  if (const auto* number = std::get_if<int64_t>(&value)) return fmt::format("{}", *number);
  if (const auto* number = std::get_if<double>(&value)) return write_float(*number);
  if (const auto* text = std::get_if<std::string>(&value)) return write_string(*text);
  if (const auto* decimal = std::get_if<Decimal>(&value)) return decimal_text(*decimal) + "dec";
  return "null";
}

LiteralValue read_literal(TextCursor& cursor) {
  if (cursor.peek() == '"') return cursor.string();
  if (cursor.accept_word("null")) return std::monostate{};
  if (cursor.accept_word("true")) return true;
  if (cursor.accept_word("false")) return false;
  return read_number(cursor);
}

namespace {

std::string write_head(const Expr& expr) {
  switch (expr.kind) {
    case ExprKind::Literal:
      return write_literal(expr.value);
    case ExprKind::Column:
      return write_name(expr.name);
    case ExprKind::Local:
      return "$" + write_name(expr.name);
    case ExprKind::Let:
      return "let $" + write_name(expr.name);
    case ExprKind::If:
      return "if";
    case ExprKind::Op:
      return row_of(expr.op).name;
    case ExprKind::Call:
      return fmt::format("{} {} {}", expr.may_fail ? "fallible_call" : "call", write_name(expr.name),
                         write_name(expr.overload));
    case ExprKind::Field:
      return "field " + write_name(expr.name);
    case ExprKind::Record:
      return "record";
    case ExprKind::List:
      return "list";
  }
  return {};
}

bool has_arguments(ExprKind kind) {
  return kind != ExprKind::Literal && kind != ExprKind::Column && kind != ExprKind::Local;
}

void write_expr_to(const Expr& expr, bool with_spans, std::string& text) {
  text += write_head(expr);
  if (has_arguments(expr.kind)) {
    text += '(';
    for (size_t i = 0; i < expr.args.size(); ++i) {
      if (i != 0) text += ", ";
      write_expr_to(expr.args[i], with_spans, text);
    }
    text += ')';
  }
  text += ':' + write_type(expr.type);
  if (with_spans) text += write_span(expr.span);
}

std::optional<ExprOp> find_op(std::string_view name) {
#define EXPR_OP(op, text, arity, is_strict, can_fail) \
  if (name == text) return ExprOp::op;
#include "lang/graph/expr_ops.def"
#undef EXPR_OP
  return std::nullopt;
}

bool starts_value(TextCursor& cursor) {
  const char c = cursor.peek();
  return c == '"' || c == '-' || (c >= '0' && c <= '9');
}

// The kind, name, op or value that stand in front of `(` or `:`.
void read_word_head(TextCursor& cursor, Expr& expr) {
  if (cursor.peek() == '`') {
    expr.kind = ExprKind::Column;
    expr.name = cursor.name();
    return;
  }
  TextCursor ahead = cursor;
  const std::string word(ahead.word());
  const char next = ahead.peek();
  if (word.empty()) {
    cursor.fail("expected an expression");
  } else if (word == "true" || word == "false" || word == "null" || word == "inf" || word == "nan") {
    expr.value = read_literal(cursor);
  } else if (next == ':') {
    expr.kind = ExprKind::Column;
    expr.name = cursor.name();
  } else {
    cursor = ahead;
    if (word == "let") {
      expr.kind = ExprKind::Let;
      cursor.expect('$');
      expr.name = cursor.name();
    } else if (word == "call" || word == "fallible_call") {
      expr.kind = ExprKind::Call;
      expr.may_fail = word != "call";
      expr.name = cursor.name();
      expr.overload = cursor.name();
    } else if (word == "field") {
      expr.kind = ExprKind::Field;
      expr.name = cursor.name();
    } else if (word == "if") {
      expr.kind = ExprKind::If;
    } else if (word == "record") {
      expr.kind = ExprKind::Record;
    } else if (word == "list") {
      expr.kind = ExprKind::List;
    } else if (const auto op = find_op(word)) {
      expr.kind = ExprKind::Op;
      expr.op = *op;
    } else {
      cursor.fail(fmt::format("there is no operation `{}`", word));
    }
  }
}

void check_arity(TextCursor& cursor, const Expr& expr) {
  const auto wanted = [&]() -> std::optional<size_t> {
    switch (expr.kind) {
      case ExprKind::Let:
        return 2;
      case ExprKind::If:
        return 3;
      case ExprKind::Field:
        return 1;
      case ExprKind::Op:
        if (row_of(expr.op).arity < 0) return std::nullopt;
        return static_cast<size_t>(row_of(expr.op).arity);
      case ExprKind::Literal:
      case ExprKind::Column:
      case ExprKind::Local:
      case ExprKind::Call:
      case ExprKind::Record:
      case ExprKind::List:
        return std::nullopt;
    }
    return std::nullopt;
  }();
  if (wanted && *wanted != expr.args.size())
    cursor.fail(fmt::format("`{}` takes {} arguments, not {}", write_head(expr), *wanted, expr.args.size()));
}

void read_expr_to(TextCursor& cursor, Expr& expr, int depth) {
  if (depth > kMaxExprDepth) return cursor.fail("this expression is nested too deeply");
  if (cursor.accept('$')) {
    expr.kind = ExprKind::Local;
    expr.name = cursor.name();
  } else if (starts_value(cursor)) {
    expr.value = read_literal(cursor);
  } else {
    read_word_head(cursor, expr);
  }
  if (has_arguments(expr.kind)) {
    cursor.expect('(');
    if (!cursor.accept(')')) {
      do read_expr_to(cursor, expr.args.emplace_back(), depth + 1);
      while (cursor.accept(','));
      cursor.expect(')');
    }
    check_arity(cursor, expr);
  }
  cursor.expect(':');
  expr.type = read_type(cursor);
  expr.span = read_span(cursor);
}

}  // namespace

std::string write_expr(const Expr& expr, bool with_spans) {
  std::string text;
  write_expr_to(expr, with_spans, text);
  return text;
}

Expr read_expr(TextCursor& cursor) {
  Expr expr;
  read_expr_to(cursor, expr, 0);
  return cursor.ok() ? std::move(expr) : Expr();
}

}  // namespace sluice
