#include "runtime/abi/kernel_abi.h"

#include <algorithm>

namespace sluice::abi {

namespace {
constexpr uint32_t round_up_8(uint32_t size) { return (size + 7) & ~7u; }
}  // namespace

uint32_t field_size_of(const Type& type) { return round_up_8(memory_size_of(type)); }

uint32_t memory_size_of(const Type& type) {
  const uint32_t presence = type.nullable ? 8 : 0;
  switch (type.kind) {
    case TypeKind::Bool:
    case TypeKind::Null:
      return type.nullable ? presence + 8 : 1;
    case TypeKind::String:
    case TypeKind::List:
    case TypeKind::Decimal:
      return presence + 16;
    case TypeKind::Record: {
      uint32_t size = 0;
      for (const auto& field : type.fields) size += memory_size_of(field.type);
      return presence + std::max(8u, round_up_8(size));
    }
    case TypeKind::Error:
    case TypeKind::Int:
    case TypeKind::Int8:
    case TypeKind::Int16:
    case TypeKind::Int32:
    case TypeKind::UInt8:
    case TypeKind::UInt16:
    case TypeKind::UInt32:
    case TypeKind::UInt64:
    case TypeKind::Float32:
    case TypeKind::Float:
    case TypeKind::Bytes:
    case TypeKind::Date:
    case TypeKind::Time:
    case TypeKind::Timestamp:
    case TypeKind::Duration:
    case TypeKind::Uuid:
    case TypeKind::Json:
    case TypeKind::Map:
      break;
  }
  return presence + 8;
}

}  // namespace sluice::abi
