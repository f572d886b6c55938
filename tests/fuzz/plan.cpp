// Any text: reading a plan ends without a crash; what is read prints and reads back equal.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "lang/support/invariant.h"
#include "runtime/plan/plan_text.h"

using namespace sluice;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto plan = read_plan(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!plan) return 0;
  const auto again = read_plan(write_plan(*plan));
  SLUICE_INVARIANT(again && *again == *plan, "a plan does not read back equal:\n" + write_plan(*plan));
  return 0;
}
