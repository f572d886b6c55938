#include "compiler/codegen/value.h"

#include "lang/support/invariant.h"

namespace sluice::codegen {

Value timestamp_value(llvm::Value* microseconds) {
  Value value;
  value.type = Type(TypeKind::Timestamp);
  value.data = microseconds;
  return value;
}

Value window_value(llvm::Value* start, llvm::Value* end) {
  Value value;
  value.type = Type::window();
  value.fields = {timestamp_value(start), timestamp_value(end)};
  return value;
}

void flatten(const Value& value, std::vector<llvm::Value*>& parts) {
  if (value.present) parts.push_back(value.present);
  if (value.data) parts.push_back(value.data);
  if (value.size) parts.push_back(value.size);
  for (const auto& field : value.fields) flatten(field, parts);
}

Value unflatten(const Type& type, llvm::Value* const*& parts) {
  Value value;
  value.type = type;
  if (type.nullable) value.present = *parts++;
  if (type.kind == TypeKind::Record) {
    for (const auto& field : type.fields) value.fields.push_back(unflatten(field.type, parts));
    return value;
  }
  value.data = *parts++;
  if (type.kind == TypeKind::String || type.kind == TypeKind::List) value.size = *parts++;
  return value;
}

const Row::Column* Row::find(std::string_view name) const {
  for (const auto& column : columns_)
    if (column.name == name) return &column;
  return nullptr;
}

const Row::Column& Row::get(std::string_view name) const {
  const Column* column = find(name);
  SLUICE_INVARIANT(column != nullptr, std::string("no column ") + std::string(name) + " in the generated row");
  return *column;
}

Value Row::at(std::string_view name) const {
  const Column& column = get(name);
  return column.load ? column.load() : column.value;
}

void Row::add_from(const Row& other, std::string_view column, std::string name) {
  const Column& source = other.get(column);
  columns_.push_back({std::move(name), source.value, source.load});
}

}  // namespace sluice::codegen
