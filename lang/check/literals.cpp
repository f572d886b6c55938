// Literals, f-strings, records and lists.
#include "lang/check/decimals.h"
#include "lang/check/expr_checker.h"
#include "lang/check/tests.h"
#include "lang/operators/operator_util.h"

namespace sluice {

Expr ExprChecker::node(const ast::Literal& literal, const Span& span) {
  if (literal.is_invalid) return error_expr(span);
  switch (literal.kind) {
    case ast::LiteralKind::Null:
      return Expr::literal(std::monostate(), Type(TypeKind::Null), span);
    case ast::LiteralKind::Bool:
      return bool_literal(literal.integer != 0, span);
    case ast::LiteralKind::Int:
      return int_literal(literal.integer, span);
    case ast::LiteralKind::Float:
      return Expr::literal(literal.number, Type(TypeKind::Float), span);
    case ast::LiteralKind::String:
      return Expr::literal(literal.string, Type(TypeKind::String), span);
    case ast::LiteralKind::Duration:
      return Expr::literal(literal.integer, Type(TypeKind::Duration), span);
    case ast::LiteralKind::Decimal:
      if (const auto value = read_decimal(literal.string)) return decimal_literal(*value, span);
      return error_expr(span);  // its digits were counted when it was read
    case ast::LiteralKind::Instant:
      if (literal.is_time_of_day && session_.has_test_day)
        return Expr::literal(literal.integer + kTestDay, Type(TypeKind::Timestamp), span);
      if (!literal.is_time_of_day) return Expr::literal(literal.integer, Type(TypeKind::Timestamp), span);
      session_.report(diag::E0319, span, literal.text).with_label("for example @2024-01-31T10:00:05Z");
      return error_expr(span);
  }
  return error_expr(span);
}

Expr ExprChecker::to_text(Expr value, const Span& span) {
  if (value.type.is_error() || value.type.kind == TypeKind::String) return value;
  if (!is_scalar(value.type) || value.type.is_window || is_null_type(value.type)) {
    session_.report(diag::E0306, span, "string", "single values", value.type.to_string())
        .with_label("take one of its parts");
    return error_expr(span);
  }
  Type type(TypeKind::String, value.type.nullable);
  return op1(ExprOp::ToText, std::move(value), std::move(type), span);
}

Expr ExprChecker::node(const ast::FString& text, const Span& span) {
  std::vector<Expr> parts;
  bool is_nullable = false;
  bool has_error = false;
  for (const auto& part : text.parts) {
    if (part.value == nullptr) {
      if (!part.text.empty()) parts.push_back(Expr::literal(part.text, Type(TypeKind::String), span));
      continue;
    }
    Expr value = to_text(check(*part.value), part.value->span);
    has_error = has_error || value.type.is_error();
    is_nullable = is_nullable || value.type.nullable;
    parts.push_back(std::move(value));
  }
  if (has_error) return error_expr(span);
  if (parts.empty()) return Expr::literal(std::string(), Type(TypeKind::String), span);
  if (parts.size() == 1) return parts.front();
  return Expr::make_op(ExprOp::Concat, std::move(parts), Type(TypeKind::String, is_nullable), span);
}

void ExprChecker::add_record_item(const ast::RecordItem& item, std::vector<Field>& fields, std::vector<Expr>& values) {
  Expr value = check(*item.value);
  auto add = [&](const std::string& name, Expr part) {
    if (std::ranges::find(fields, name, &Field::name) != fields.end()) {
      session_.report(diag::E0208, item.span, name).with_label("each name once");
      return;
    }
    fields.push_back({name, part.type});
    values.push_back(std::move(part));
  };
  if (!item.is_spread) {
    const auto name = item.name ? std::optional(item.name->text) : implied_name(*item.value);
    if (name) return add(*name, std::move(value));
    session_.report(diag::E0209, item.span).with_label("for example `total = ...`");
    return;
  }
  if (value.type.is_error()) return;
  if (value.type.kind != TypeKind::Record || value.type.nullable) {
    session_.report(diag::E0306, item.value->span, "...", "records", value.type.to_string())
        .with_label("only a record has fields to spread");
    return;
  }
  for (size_t i = 0; i < value.type.fields.size(); ++i) {
    const Field& field = value.type.fields[i];
    add(field.name,
        value.kind == ExprKind::Record ? value.args[i] : Expr::field(value, field.name, field.type, item.span));
  }
}

Expr ExprChecker::node(const ast::Record& record, const Span& span) {
  std::vector<Field> fields;
  std::vector<Expr> values;
  const size_t errors = session_.diagnostics->error_count();
  for (const auto& item : record.items) add_record_item(item, fields, values);
  const bool has_error = std::ranges::any_of(values, [](const Expr& value) { return value.type.is_error(); });
  if (has_error || session_.diagnostics->error_count() != errors) return error_expr(span);
  for (size_t i = 0; i < values.size(); ++i) {
    if (!is_null_type(values[i].type)) continue;
    session_.report(diag::E0316, values[i].span)
        .with_label(fmt::format("the field `{}` would have no type", fields[i].name));
    return error_expr(span);
  }
  return Expr::record(std::move(values), Type::record_of(std::move(fields)), span);
}

Expr ExprChecker::node(const ast::List& list, const Span& span) {
  std::vector<Expr> elements;
  for (const auto* element : list.elements) elements.push_back(check(*element));
  const auto type = common_type(elements);
  if (!type || type->is_error()) return error_expr(span);
  for (size_t i = 0; i < elements.size(); ++i) {
    if (elements[i].type == *type) continue;  // nothing to convert, and a conversion copies
    auto converted = convert(session_, elements[i], *type);
    if (!converted) {
      session_
          .report(diag::E0308, list.elements[i]->span, "the elements of this list", type->to_string(),
                  elements[i].type.to_string())
          .with_label(elements[i].type.to_string());
      return error_expr(span);
    }
    elements[i] = std::move(*converted);
  }
  return Expr::list(std::move(elements), Type::list_of(*type), span);
}

Expr ExprChecker::node(const ast::MapLiteral&, const Span& span) {
  session_.refuse(span, "a map");
  return error_expr(span);
}

}  // namespace sluice
