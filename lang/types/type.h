// Type: the type of a value in a Flow program. A plain value, compared by structure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

enum class TypeKind : uint8_t {
#define TYPE(kind, name, is_compiled) kind,
#include "lang/types/types.def"
#undef TYPE
};

struct Field;

struct Type {
  TypeKind kind = TypeKind::Error;
  bool nullable = false;
  uint8_t precision = 0;       // decimal only
  uint8_t scale = 0;           // decimal only
  std::vector<Type> elements;  // list: the element; map: key and value
  std::vector<Field> fields;   // record only
  bool is_window = false;      // record only: {start, end} of a time window; its rows are complete at `end`

  Type();
  explicit Type(TypeKind k, bool is_nullable = false);
  Type(const Type&);
  Type(Type&&) noexcept;
  Type& operator=(const Type&);
  Type& operator=(Type&&) noexcept;
  ~Type();
  static Type list_of(Type element);
  static Type record_of(std::vector<Field> fields);
  static Type window();

  bool operator==(const Type&) const;
  [[nodiscard]] bool is_error() const { return kind == TypeKind::Error; }
  [[nodiscard]] bool is_number() const {
    return kind == TypeKind::Int || kind == TypeKind::Float || kind == TypeKind::Decimal;
  }
  [[nodiscard]] Type as_nullable(bool value = true) const;  // the same type with `?` set or cleared
  [[nodiscard]] const Type& element() const { return elements.front(); }
  // As Flow writes it: `{user: string, tags: [string]?}`.
  [[nodiscard]] std::string to_string() const;
};

struct Field {
  std::string name;
  Type type;
  bool operator==(const Field&) const = default;
};

// The columns of a row, in order; names are unique.
struct Schema {
  std::vector<Field> fields;

  [[nodiscard]] const Field* find(std::string_view name) const;
  [[nodiscard]] std::optional<size_t> index_of(std::string_view name) const;
  [[nodiscard]] std::vector<std::string> names() const;
  bool operator==(const Schema&) const = default;
};

[[nodiscard]] std::string_view type_name(TypeKind kind);                 // "int"
[[nodiscard]] std::optional<TypeKind> find_type(std::string_view name);  // of the scalar types
[[nodiscard]] bool is_compiled(TypeKind kind);                           // can this version generate code for it?
// The same of the type and all that it is made of. A record's fields have different names.
[[nodiscard]] bool is_compiled(const Type& type);

}  // namespace sluice
