// StageCode: the native code of a stage, as the compiler hands it to the engine; and TaskFactory, the interface through
// which the engine asks for it. The runtime owns these interfaces so that it needs no compiler.
#pragma once

#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "lang/source/span.h"
#include "lang/support/result.h"
#include "runtime/abi/layout.h"
#include "runtime/plan/job_plan.h"

namespace sluice {

// `unit`: abi::Chunk for a source, abi::BlockHeader for an edge. Consumes the whole unit.
using InputFunction = abi::Code (*)(abi::TaskContext*, const void* unit);
// One finish phase; called again while it returns Yield.
using FinishFunction = abi::Code (*)(abi::TaskContext*);

struct StageFunctions {
  std::vector<InputFunction> inputs;   // one per StagePlan::inputs
  std::vector<FinishFunction> finish;  // StagePlan::finish_phases of them
};

// A place in the program that may raise a row error, and which (a code of diagnostics.def: "R0102").
struct ErrorSite {
  std::string code;
  Span span;
  NodeId node;
  std::vector<std::string> operands;  // names or Flow text of the operands a and b; R0105: then what does not fit
  std::vector<Type> operand_types;
};

// Shared by all tasks of a stage and by the thread that compiles its optimized tier.
class StageCode {
 public:
  virtual ~StageCode() = default;
  // The best functions there are now. Tasks ask before every unit, so that optimized code is picked up while running;
  // both tiers work on the same state.
  [[nodiscard]] virtual const StageFunctions& current() const = 0;
  [[nodiscard]] virtual const std::vector<ErrorSite>& error_sites() const = 0;
  // Bytes of an entry of the state's hash table (hash included), 0 when the state is no table.
  [[nodiscard]] virtual uint32_t entry_size(size_t state) const = 0;
};

class TaskFactory {
 public:
  virtual ~TaskFactory() = default;
  // A request to `stop` says that nobody wants the code any more: it returns at once, with an error.
  virtual Result<std::shared_ptr<const StageCode>> make(const JobPlan& plan, StageId stage,
                                                        const std::stop_token& stop) = 0;
};

}  // namespace sluice
