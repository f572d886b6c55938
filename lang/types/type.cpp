#include "lang/types/type.h"

#include <algorithm>

#include <fmt/format.h>

#include <set>

namespace sluice {

// Here and not in the header, because a Type holds Fields, which hold Types.
Type::Type() = default;
Type::Type(TypeKind k, bool is_nullable) : kind(k), nullable(is_nullable) {}
Type::Type(const Type&) = default;
Type::Type(Type&&) noexcept = default;
Type& Type::operator=(const Type&) = default;
Type& Type::operator=(Type&&) noexcept = default;
Type::~Type() = default;

Type Type::list_of(Type element) {
  Type type(TypeKind::List);
  type.elements.push_back(std::move(element));
  return type;
}

Type Type::record_of(std::vector<Field> fields) {
  Type type(TypeKind::Record);
  type.fields = std::move(fields);
  return type;
}

Type Type::window() {
  Type type = record_of({{"start", Type(TypeKind::Timestamp)}, {"end", Type(TypeKind::Timestamp)}});
  type.is_window = true;
  return type;
}

bool Type::operator==(const Type& other) const {
  return kind == other.kind && nullable == other.nullable && precision == other.precision && scale == other.scale &&
         elements == other.elements && fields == other.fields && is_window == other.is_window;
}

Type Type::as_nullable(bool value) const {
  Type copy = *this;
  copy.nullable = value;
  return copy;
}

std::string Type::to_string() const {
  std::string text;
  if (kind == TypeKind::List) {
    text = "[" + element().to_string() + "]";
  } else if (kind == TypeKind::Map) {
    text = "[" + elements[0].to_string() + ": " + elements[1].to_string() + "]";
  } else if (kind == TypeKind::Decimal) {
    text = fmt::format("decimal({},{})", precision, scale);
  } else if (is_window) {
    text = "window";
  } else if (kind == TypeKind::Record) {
    text = "{";
    for (const auto& field : fields) text += (text.size() > 1 ? ", " : "") + field.name + ": " + field.type.to_string();
    text += "}";
  } else {
    text = type_name(kind);
  }
  return nullable ? text + "?" : text;
}

const Field* Schema::find(std::string_view name) const {
  const auto it = std::ranges::find(fields, name, &Field::name);
  return it == fields.end() ? nullptr : &*it;
}

std::optional<size_t> Schema::index_of(std::string_view name) const {
  const auto it = std::ranges::find(fields, name, &Field::name);
  if (it == fields.end()) return std::nullopt;
  return static_cast<size_t>(it - fields.begin());
}

std::vector<std::string> Schema::names() const {
  std::vector<std::string> result;
  for (const auto& field : fields) result.push_back(field.name);
  return result;
}

std::string_view type_name(TypeKind kind) {
  switch (kind) {
#define TYPE(kind, name, is_compiled) \
  case TypeKind::kind:                \
    return name;
#include "lang/types/types.def"
#undef TYPE
  }
  return "?";
}

std::optional<TypeKind> find_type(std::string_view name) {
#define TYPE(kind, text, is_compiled)                                                                              \
  if (TypeKind::kind != TypeKind::Error && TypeKind::kind != TypeKind::Null && TypeKind::kind != TypeKind::List && \
      TypeKind::kind != TypeKind::Map && TypeKind::kind != TypeKind::Record && name == text)                       \
    return TypeKind::kind;
#include "lang/types/types.def"
#undef TYPE
  if (name == "int64") return TypeKind::Int;
  if (name == "float64") return TypeKind::Float;
  return std::nullopt;
}

bool is_compiled(TypeKind kind) {
  switch (kind) {
#define TYPE(kind, name, compiled) \
  case TypeKind::kind:             \
    return compiled;
#include "lang/types/types.def"
#undef TYPE
  }
  return false;
}

bool is_compiled(const Type& type) {
  std::set<std::string_view> names;
  for (const auto& field : type.fields)
    if (!names.insert(field.name).second || !is_compiled(field.type)) return false;
  return is_compiled(type.kind) &&
         std::ranges::all_of(type.elements, [](const Type& element) { return is_compiled(element); });
}

}  // namespace sluice
