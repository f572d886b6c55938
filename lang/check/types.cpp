#include "lang/check/types.h"

#include <algorithm>

#include "lang/check/items.h"
#include "lang/check/modules.h"
#include "lang/operators/operator_util.h"
#include "lang/support/decimal.h"
#include "lang/types/decimal_types.h"

namespace sluice {

namespace {

constexpr std::string_view kScalarNames =
    "types: bool, int, float, decimal(12,2), string, date, timestamp, duration, [T], {name: T}";

class TypeResolver {
 public:
  TypeResolver(Session& session, const TypeVariables* variables) : session_(session), variables_(variables) {}

  Type resolve(const ast::TypeExpr& type) {
    Type result = std::visit([&](const auto& node) { return this->resolve_node(node, type.span); }, type.node);
    if (type.nullable) result.nullable = true;
    return result;
  }

 private:
  Type resolve_node(const ast::NamedType& node, const Span& span) {
    const ast::Name& name = node.path.parts.front();
    if (const auto module = session_.definitions.find_module(name.text); module && node.path.parts.size() > 1)
      return module_type(*module, node.path, span);
    if (node.path.parts.size() == 2 && node.path.parts[1].text == "Row") return row_type(name);
    if (node.path.parts.size() != 1) return unknown(text_of(session_.sources, span), span);
    if (variables_ != nullptr) {
      const auto it = variables_->find(name.text);
      if (it != variables_->end()) return it->second;
    }
    if (const auto kind = find_type(name.text)) return scalar(*kind, span);
    if (auto* definition = session_.definitions.find(name.text)) return defined_type(*definition, name);
    return unknown(name.text, span);
  }

  Type scalar(TypeKind kind, const Span& span) {
    if (kind == TypeKind::Decimal) return misshapen_decimal("no digits", span);
    if (is_compiled(kind)) return Type(kind);
    session_.refuse(span, fmt::format("the type {}", type_name(kind)));
    return Type(TypeKind::Error);
  }

  Type unknown(const std::string& name, const Span& span) {
    auto names = session_.definitions.names_of<ast::TypeItem>();
    for (const char* scalar : {"bool", "int", "float", "decimal", "string", "date", "timestamp", "duration"})
      names.emplace_back(scalar);
    session_.report(diag::E0207, span, name, did_you_mean(name, names)).with_label(std::string(kScalarNames));
    return Type(TypeKind::Error);
  }

  Type defined_type(Definition& definition, const ast::Name& name) {
    if (definition.as<ast::TypeItem>() != nullptr) return type_of_item(session_, definition, name.span);
    if (definition.as<ast::EnumItem>() != nullptr) {
      session_.refuse(name.span, "an enum type");
    } else {
      session_.report(diag::E0212, name.span, name.text, kind_of(definition), "a type")
          .with_label(fmt::format("the type of its rows is `{}.Row`", name.text));
    }
    return Type(TypeKind::Error);
  }

  // module.Type or module.pipeline.Row
  Type module_type(size_t module, const ast::Path& path, const Span& span) {
    Definition* definition = find_in_module(session_, module, path.parts[1]);
    if (definition == nullptr) return Type(TypeKind::Error);
    if (path.parts.size() == 2) return defined_type(*definition, path.parts[1]);
    if (path.parts.size() == 3 && path.parts[2].text == "Row") return row_type(*definition, path.parts[1]);
    return unknown(text_of(session_.sources, span), span);
  }

  Type row_type(const ast::Name& name) {
    auto* definition = session_.definitions.find(name.text);
    return definition == nullptr ? unknown(name.text, name.span) : row_type(*definition, name);
  }

  Type row_type(Definition& definition, const ast::Name& name) {
    const Flow* flow = flow_of_item(session_, definition, name.span);
    if (flow == nullptr || flow->is_broken) return Type(TypeKind::Error);
    return Type::record_of(flow->schema.fields);
  }

  Type resolve_node(const ast::ParamType& node, const Span& span) {
    if (node.name.text != "decimal") return unknown(node.name.text, span);
    if (node.args.empty() || node.args.size() > 2) return misshapen_decimal("other", span);
    const int64_t precision = node.args[0];
    const int64_t scale = node.args.size() == 2 ? node.args[1] : 0;
    if (precision < 1 || precision > kMaxDecimalDigits) return misshapen_decimal(std::to_string(precision), span);
    if (scale < 0 || scale > precision) return misshapen_decimal(fmt::format("{} behind the point", scale), span);
    return decimal_type(static_cast<uint32_t>(precision), static_cast<uint32_t>(scale));
  }
  Type misshapen_decimal(std::string_view what, const Span& span) {
    session_.report(diag::E0304, span, "`decimal`", "1 to 38 digits and how many of them stand behind the point", what)
        .with_label("for example decimal(12,2)");
    return Type(TypeKind::Error);
  }
  Type resolve_node(const ast::ListType& node, const Span&) {
    Type element = resolve(*node.element);
    return element.is_error() ? element : Type::list_of(std::move(element));
  }
  Type resolve_node(const ast::MapType&, const Span& span) {
    session_.refuse(span, "a map type");
    return Type(TypeKind::Error);
  }
  Type resolve_node(const ast::RecordType& node, const Span& span) {
    if (node.is_open) {
      session_.refuse(span, "a record type that ends in `...` here");
      return Type(TypeKind::Error);
    }
    std::vector<Field> fields;
    for (const auto& field : node.fields) {
      if (std::ranges::find(fields, field.name.text, &Field::name) != fields.end()) {
        session_.report(diag::E0208, field.name.span, field.name.text).with_label("each name once");
        continue;
      }
      if (field.default_value != nullptr) session_.refuse(field.default_value->span, "a default value of a field");
      for (const auto& hint : field.hints) session_.refuse(hint.span, "a hint on a field");
      Type type = resolve(*field.type);
      fields.push_back({field.name.text, std::move(type)});
    }
    return Type::record_of(std::move(fields));
  }
  Type resolve_node(const ast::KindType& node, const Span& span) {
    session_.report(diag::E0214, span, node.is_table ? "table" : "stream")
        .with_label("it is for parameters of functions over pipelines");
    return Type(TypeKind::Error);
  }

  Session& session_;
  const TypeVariables* variables_;
};

}  // namespace

Type resolve_type(Session& session, const ast::TypeExpr& type, const TypeVariables* variables) {
  return TypeResolver(session, variables).resolve(type);
}

const std::string* type_variable(Session& session, const ast::TypeExpr& type) {
  const auto* named = std::get_if<ast::NamedType>(&type.node);
  if (named == nullptr || named->path.parts.size() != 1) return nullptr;
  const std::string& name = named->path.parts.front().text;
  const bool is_letter = name.size() == 1 && name[0] >= 'A' && name[0] <= 'Z';
  return is_letter && session.definitions.find(name) == nullptr ? &name : nullptr;
}

std::optional<Schema> resolve_row(Session& session, const ast::TypeExpr& type) {
  const Type row = resolve_type(session, type);
  if (row.is_error()) return std::nullopt;
  if (row.kind != TypeKind::Record || row.nullable) {
    session.report(diag::E0304, type.span, "a row", "a record type", row.to_string())
        .with_label("for example { name: string, age: int }");
    return std::nullopt;
  }
  return Schema{row.fields};
}

}  // namespace sluice
