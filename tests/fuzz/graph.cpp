// Any text: reading a graph ends without a crash; what is read prints and reads back equal; what verifies goes through
// the optimizer and becomes a plan.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "compiler/lower/lower.h"
#include "compiler/passes/pass_manager.h"
#include "lang/check/verify_names.h"
#include "lang/graph/graph_text.h"
#include "lang/graph/verify.h"
#include "lang/support/invariant.h"
#include "stdlib/catalog.h"

using namespace sluice;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto graph = read_graph(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!graph) return 0;
  const auto again = read_graph(write_graph(*graph));
  SLUICE_INVARIANT(again && *again == *graph, "a graph does not read back equal:\n" + write_graph(*graph));
  if (!verify(*graph)) return 0;
  if (find_name_violation(*graph, standard_functions(), standard_connectors())) return 0;
  PassOptions options;
  options.parallelism = 2;
  (void)lower(run_passes(*graph, options).graph);
  return 0;
}
