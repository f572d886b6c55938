// Any request of a client: see wire_inputs.h.
#include <cstddef>
#include <cstdint>

#include "tests/fuzz/wire_inputs.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr uint64_t kRequests = 1000;  // to one coordinator, which keeps its jobs
  static std::unique_ptr<sluice::Coordinator> coordinator;
  static uint64_t count = 0;
  if (count++ % kRequests == 0) coordinator = sluice::testing::make_test_coordinator();
  sluice::testing::take_request(*coordinator, {reinterpret_cast<const char*>(data), size});
  return 0;
}
