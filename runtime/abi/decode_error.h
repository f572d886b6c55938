// What can be wrong with a record, as generated decoders report it through rt_raise_record.
#pragma once

#include <cstdint>
#include <string_view>

namespace sluice::abi {

enum class DecodeError : int32_t {
#define DECODE_ERROR(name, code, message) name,
#include "runtime/abi/decode_error.def"
#undef DECODE_ERROR
};

struct DecodeErrorRow {
  std::string_view name;
  std::string_view code;     // of diagnostics.def
  std::string_view message;  // the argument of its sentence
};
inline constexpr DecodeErrorRow kDecodeErrors[] = {
#define DECODE_ERROR(name, code, message) {#name, #code, message},
#include "runtime/abi/decode_error.def"
#undef DECODE_ERROR
};
[[nodiscard]] constexpr const DecodeErrorRow& row_of(DecodeError error) {
  return kDecodeErrors[static_cast<int32_t>(error)];
}

}  // namespace sluice::abi
