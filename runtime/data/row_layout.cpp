#include "runtime/data/row_layout.h"

#include "lang/support/invariant.h"

namespace sluice {

uint32_t block_size_of(const Type& type) {
  uint32_t size = type.nullable ? 1 : 0;
  if (type.kind == TypeKind::Bool || type.kind == TypeKind::Null) return size + 1;
  if (type.kind == TypeKind::Record) {
    for (const auto& field : type.fields) size += block_size_of(field.type);
    return size;
  }
  if (type.kind == TypeKind::Decimal) return size + 16;
  SLUICE_INVARIANT(is_compiled(type.kind), type.to_string());
  return size + 8;
}

RowLayout block_layout(const Schema& schema) {
  RowLayout layout;
  for (const auto& field : schema.fields) {
    layout.offsets.push_back(layout.size);
    layout.size += block_size_of(field.type);
  }
  if (layout.size == 0) layout.size = 1;
  return layout;
}

}  // namespace sluice
