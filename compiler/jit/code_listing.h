// CodeListing: the machine code of a stage side by side with the .flow lines it came from, for `explain --level code`.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lang/support/result.h"
#include "runtime/plan/job_plan.h"
#include "stdlib/catalog.h"

namespace sluice {

// The optimized code of one source line; instructions in the order in which they stand in memory.
struct LineListing {
  uint32_t file = 0;  // index into FlowGraph::files
  uint32_t line = 0;  // 0: code that belongs to no line, such as the loop over a block
  std::vector<std::string> ir;
  std::vector<std::string> assembly;
};

struct StageListing {
  std::string stage;                   // "S0"
  std::vector<std::string> functions;  // of the stage: input_0, finish_0
  uint64_t code_bytes = 0;
  std::vector<LineListing> lines;  // by file and line
};

[[nodiscard]] Result<StageListing> list_stage_code(const JobPlan& plan, StageId stage,
                                                   const ConnectorSettings& settings);

}  // namespace sluice
