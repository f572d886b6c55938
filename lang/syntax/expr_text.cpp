#include "lang/syntax/expr_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "lang/support/time_text.h"

namespace sluice {

using namespace ast;

std::string_view operator_text(BinaryOp op) {
  switch (op) {
    case BinaryOp::Coalesce:
      return "??";
    case BinaryOp::Or:
      return "or";
    case BinaryOp::And:
      return "and";
    case BinaryOp::Eq:
      return "==";
    case BinaryOp::Ne:
      return "!=";
    case BinaryOp::Lt:
      return "<";
    case BinaryOp::Le:
      return "<=";
    case BinaryOp::Gt:
      return ">";
    case BinaryOp::Ge:
      return ">=";
    case BinaryOp::In:
      return "in";
    case BinaryOp::NotIn:
      return "not in";
    case BinaryOp::Range:
      return "..";
    case BinaryOp::RangeBelow:
      return "..<";
    case BinaryOp::Add:
      return "+";
    case BinaryOp::Sub:
      return "-";
    case BinaryOp::Mul:
      return "*";
    case BinaryOp::Div:
      return "/";
    case BinaryOp::IntDiv:
      return "//";
    case BinaryOp::Mod:
      return "%";
  }
  return "?";
}

namespace {

// One line per expression. Parentheses that were written are not shown: the ones here say the same.
class ExprWriter {
 public:
  std::string operator()(const Literal& e) const {
    switch (e.kind) {
      case LiteralKind::Null:
        return "null";
      case LiteralKind::Bool:
        return e.integer != 0 ? "true" : "false";
      case LiteralKind::Int:
        return fmt::to_string(static_cast<uint64_t>(e.integer));  // the smallest int has its minus outside
      case LiteralKind::Float: {
        const std::string text = fmt::to_string(e.number);
        return text.find_first_of(".en") == std::string::npos ? text + ".0" : text;
      }
      case LiteralKind::Decimal:
        return e.string + "dec";
      case LiteralKind::String:
        return quoted_text(e.string);
      case LiteralKind::Duration:
        return duration_text(e.integer);
      case LiteralKind::Instant:
        // The time of a day prints as on the first day of 1970, of which only the time is shown.
        return "@" + (e.is_time_of_day ? timestamp_text(e.integer).substr(11) : timestamp_text(e.integer));
    }
    return {};
  }
  std::string operator()(const NameExpr& e) const { return name_text(e.name); }
  std::string operator()(const Binary& e) const {
    return fmt::format("({} {} {})", ast_text(*e.left), operator_text(e.op), ast_text(*e.right));
  }
  std::string operator()(const Unary& e) const {
    return fmt::format("({}{})", e.op == UnaryOp::Not ? "not " : "-", ast_text(*e.operand));
  }
  std::string operator()(const IsNull& e) const {
    return fmt::format("({} is {}null)", ast_text(*e.operand), e.negated ? "not " : "");
  }
  std::string operator()(const IsVariant& e) const {
    return fmt::format("({} is {})", ast_text(*e.operand), path_text(e.variant));
  }
  std::string operator()(const If& e) const {
    return fmt::format("(if {} then {} else {})", ast_text(*e.condition), ast_text(*e.then_value),
                       ast_text(*e.else_value));
  }
  std::string operator()(const Lambda& e) const {
    return fmt::format("(({}) => {})", names_text(e.params), ast_text(*e.body));
  }
  std::string operator()(const ast::Member& e) const {
    return fmt::format("{}{}{}", ast_text(*e.object), e.is_safe ? "?." : ".", name_text(e.name));
  }
  std::string operator()(const Call& e) const { return fmt::format("{}({})", ast_text(*e.callee), args_text(e.args)); }
  std::string operator()(const Index& e) const {
    return fmt::format("{}[{}]", ast_text(*e.object), ast_text(*e.index));
  }
  std::string operator()(const Record& e) const {
    std::string text;
    for (const RecordItem& item : e.items) {
      text += text.empty() ? "" : ", ";
      if (item.name) text += name_text(*item.name) + " = ";
      text += (item.is_spread ? "..." : "") + ast_text(*item.value);
    }
    return "{" + text + "}";
  }
  std::string operator()(const List& e) const {
    std::string text;
    for (const Expr* element : e.elements) text += (text.empty() ? "" : ", ") + ast_text(*element);
    return "[" + text + "]";
  }
  std::string operator()(const MapLiteral& e) const {
    std::string text;
    for (const auto& [key, value] : e.entries)
      text += fmt::format("{}{}: {}", text.empty() ? "" : ", ", ast_text(*key), ast_text(*value));
    return e.entries.empty() ? "[:]" : "[" + text + "]";
  }
  std::string operator()(const FString& e) const {
    std::string text = "f(";
    for (size_t i = 0; i < e.parts.size(); ++i) {
      if (i != 0) text += ", ";
      text += e.parts[i].value ? ast_text(*e.parts[i].value) : quoted_text(e.parts[i].text);
    }
    return text + ")";
  }
  std::string operator()(const Match& e) const {
    std::string text = "(match " + ast_text(*e.subject) + " {";
    for (size_t i = 0; i < e.arms.size(); ++i)
      text += fmt::format("{}{} -> {}", i == 0 ? "" : ", ", e.arms[i].pattern ? ast_text(*e.arms[i].pattern) : "else",
                          ast_text(*e.arms[i].value));
    return text + "})";
  }
  std::string operator()(const Paren& e) const { return ast_text(*e.inner); }
};

bool is_plain_name(std::string_view text) {
  static constexpr std::string_view kReserved[] = {"from", "let", "fn", "if", "match", "not", "true", "false", "null"};
  if (text.empty() || (text[0] >= '0' && text[0] <= '9') || std::ranges::find(kReserved, text) != std::end(kReserved))
    return false;
  return std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

}  // namespace

std::string name_text(const Name& name) { return is_plain_name(name.text) ? name.text : "`" + name.text + "`"; }

std::string names_text(const std::vector<Name>& names) {
  std::string text;
  for (const Name& name : names) text += (text.empty() ? "" : ", ") + name_text(name);
  return text;
}

std::string path_text(const Path& path) {
  std::string text;
  for (const Name& part : path.parts) text += (text.empty() ? "" : ".") + name_text(part);
  return text;
}

std::string args_text(const std::vector<Arg>& args) {
  std::string text;
  for (const Arg& arg : args) {
    text += text.empty() ? "" : ", ";
    if (arg.name) text += name_text(*arg.name) + " = ";
    text += ast_text(*arg.value);
  }
  return text;
}

std::string quoted_text(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    switch (c) {
      case '"':
        result += "\\\"";
        break;
      case '\\':
        result += "\\\\";
        break;
      case '\n':
        result += "\\n";
        break;
      case '\t':
        result += "\\t";
        break;
      case '\r':
        result += "\\r";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20)
          result += fmt::format("\\u{{{:x}}}", static_cast<int>(c));
        else
          result += c;
    }
  }
  return result + "\"";
}

std::string ast_text(const Expr& expr) { return std::visit(ExprWriter{}, expr.node); }

}  // namespace sluice
