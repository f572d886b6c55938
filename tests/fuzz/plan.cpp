// Any text: reading a plan ends without a crash; what is read prints and reads back equal, and when its graph can be
// that of a plan it is told from the plan of its graph.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "compiler/lower/verify_plan.h"
#include "lang/graph/verify.h"
#include "lang/graph/verify_tasks.h"
#include "lang/support/invariant.h"
#include "runtime/plan/plan_text.h"

using namespace sluice;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto plan = read_plan(text);
  if (!plan) return 0;
  const auto again = read_plan(write_plan(*plan));
  SLUICE_INVARIANT(again && *again == *plan, "a plan does not read back equal:\n" + write_plan(*plan));
  if (find_violation(plan->graph) || find_stage_violation(plan->graph)) return 0;
  (void)find_plan_violation(*plan, text);
  return 0;
}
