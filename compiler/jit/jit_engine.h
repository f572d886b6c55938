// JitEngine: the TaskFactory of the compiler. Emits each stage, compiles it quickly so that the job starts at once, and
// swaps in optimized code when a background thread has it. Objects are cached on disk.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "runtime/task/stage_code.h"
#include "stdlib/catalog.h"

namespace sluice {

enum class JitTier : uint8_t {
  Auto,       // quick first, optimized when it is ready; optimized at once when it is in the cache
  Quick,      // only quickly compiled code
  Optimized,  // wait for the optimized code
};

struct JitOptions {
  JitTier tier = JitTier::Auto;
  std::string cache_directory;    // empty: no cache
  bool perf_support = false;      // write jitdump for `perf inject --jit`
  bool debugger_support = false;  // register code with gdb
  bool profiled = false;          // see codegen/emit_stage.h
  ConnectorSettings connectors;
};

// What compiling one stage took, for `explain` and -v.
struct StageCompileTimes {
  std::string stage;
  std::chrono::nanoseconds emit{};
  std::chrono::nanoseconds quick{};      // zero: not made
  std::chrono::nanoseconds optimized{};  // zero: not made (yet)
  bool from_cache = false;
  uint64_t code_bytes = 0;  // of the object that is in use
};

class JitEngine : public TaskFactory {
 public:
  static Result<std::unique_ptr<JitEngine>> create(const JitOptions& options);
  ~JitEngine() override = default;
  // Times of the stages made so far. Thread-safe.
  [[nodiscard]] virtual std::vector<StageCompileTimes> compile_times() const = 0;
  // Returns when no optimized code is being compiled any more.
  virtual void wait_for_optimized() = 0;
  // Nothing is compiled any more, and what is being compiled is given up: it will be neither used nor written to the
  // cache. True when the compiling thread is idle. When it is not, LLVM is in the middle of something that cannot be
  // interrupted: the destructor waits for that, and a process that is about to end may leave the engine alone instead.
  [[nodiscard]] virtual bool stop() = 0;
};

// The text of a stage's code, for `show` and `explain --level code`.
[[nodiscard]] std::string stage_llvm_text(const JobPlan& plan, StageId stage, const ConnectorSettings& settings,
                                          bool optimized);
[[nodiscard]] Result<std::string> stage_assembly_text(const JobPlan& plan, StageId stage,
                                                      const ConnectorSettings& settings);

}  // namespace sluice
