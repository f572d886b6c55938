// C++ declarations of the functions that generated code may call, from runtime_functions.def.
#pragma once

#include <cstdint>

namespace sluice::abi {

using Void = void;
using I8 = uint8_t;
using I32 = int32_t;
using I64 = int64_t;
using F64 = double;
using Ptr = void*;

extern "C" {
#define RUNTIME_FUNCTION(name, result, ...) result name(__VA_ARGS__) noexcept;
#include "runtime/abi/runtime_functions.def"
#undef RUNTIME_FUNCTION
}

}  // namespace sluice::abi
