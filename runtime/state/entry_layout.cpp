#include "runtime/state/entry_layout.h"

#include "runtime/abi/kernel_abi.h"

namespace sluice {

namespace {

constexpr uint32_t kHashBytes = 8;

uint32_t key_size(const Type& type) {
  if (type.kind == TypeKind::String) return kTextKeyBytes + (type.nullable ? 8 : 0);
  return abi::field_size_of(type);
}

uint32_t state_size(const Type& type) {
  return abi::field_size_of(type) + (type.kind == TypeKind::String ? 8 : 0);  // a text has a capacity too
}

}  // namespace

EntryLayout entry_layout(const std::vector<Type>& keys, const std::vector<Type>& states) {
  EntryLayout layout;
  layout.size = kHashBytes;
  for (const auto& key : keys) {
    layout.keys.push_back(layout.size);
    layout.size += key_size(key);
  }
  for (const auto& state : states) {
    layout.states.push_back(layout.size);
    layout.size += state_size(state);
  }
  return layout;
}

std::vector<Type> types_of(const Schema& schema) {
  std::vector<Type> types;
  for (const auto& field : schema.fields) types.push_back(field.type);
  return types;
}

}  // namespace sluice
