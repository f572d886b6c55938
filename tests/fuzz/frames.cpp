// Any bytes: see wire_inputs.h.
#include <cstddef>
#include <cstdint>

#include "tests/fuzz/wire_inputs.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  sluice::testing::take_frames({reinterpret_cast<const char*>(data), size});
  return 0;
}
