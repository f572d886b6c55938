// The runtime functions by name, for the JIT. Header-only, because some bodies stand above the runtime (stdlib): the
// layer that links them all (compiler) calls this, and a body that is missing fails to link there.
#pragma once

#include <array>
#include <string_view>

#include "runtime/abi/runtime_functions.h"

namespace sluice::abi {

struct RuntimeSymbol {
  std::string_view name;
  void* address;
};

[[nodiscard]] inline auto runtime_symbols() {
  return std::to_array<RuntimeSymbol>({
#define RUNTIME_FUNCTION(name, ...) {#name, reinterpret_cast<void*>(&name)},
#include "runtime/abi/runtime_functions.def"
#undef RUNTIME_FUNCTION
  });
}

}  // namespace sluice::abi
