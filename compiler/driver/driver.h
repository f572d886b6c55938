// driver: one program on its way through the phases. Every command of the CLI asks it to come as far as the command
// needs, and reads the results of the phases on the way.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "compiler/passes/pass_manager.h"
#include "lang/check/tests.h"
#include "lang/graph/flow_graph.h"
#include "lang/source/diagnostics.h"
#include "lang/source/source_file.h"
#include "lang/support/result.h"
#include "lang/syntax/ast.h"
#include "runtime/plan/job_plan.h"

namespace sluice {

// In the order in which they run. Named for people: `-v` prints them.
enum class Phase : uint8_t { Read, Parse, Check, Optimize, Plan };
[[nodiscard]] std::string_view phase_name(Phase phase);

struct CompileOptions {
  std::map<std::string, std::string> params;  // --param
  PassOptions passes;
  bool tests_count = false;  // see CheckOptions
  bool input_ends = false;
};

// What the text handed in is: every form that can be read back may take the place of a program.
enum class SourceForm : uint8_t {
  Program,
  Graph,  // of FlowGraph: enters at Check
  Plan,   // of JobPlan: enters at Plan; its graph stands for the earlier phases, the pass options do not apply
};

class Compilation {
 public:
  // `path` names a file, or standard input by "-".
  explicit Compilation(std::string path, CompileOptions options = {});

  // Runs the phases up to `last` that have not run yet. False: the program has errors, and diagnostics() has them.
  [[nodiscard]] Result<bool> run_until(Phase last);

  // The tests of the program that have no errors; diagnostics() has the errors. After Parse.
  [[nodiscard]] std::vector<CheckedTest> check_tests();

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] const SourceMap& sources() const { return sources_; }
  [[nodiscard]] const Diagnostics& diagnostics() const { return diagnostics_; }

  // Of the phase in the comment; to be called only when it has run without errors.
  [[nodiscard]] SourceForm form() const { return form_; }                           // Read
  [[nodiscard]] const SourceFile& source() const { return sources_.file(*file_); }  // Read
  [[nodiscard]] uint32_t source_index() const { return *file_; }                    // Read
  [[nodiscard]] const ast::Program& program() const { return *program_; }           // Parse; of a program only
  [[nodiscard]] const FlowGraph& graph() const { return *graph_; }                  // Check
  [[nodiscard]] const PassResult& optimized() const { return *optimized_; }         // Optimize
  [[nodiscard]] const JobPlan& plan() const { return *plan_; }                      // Plan

  struct PhaseTime {
    Phase phase;
    std::chrono::nanoseconds time;
  };
  [[nodiscard]] const std::vector<PhaseTime>& times() const { return times_; }

 private:
  Status run_phase(Phase phase);
  Status read();
  Status check_program();
  [[nodiscard]] CheckOptions check_options() const;
  Status read_graph_file();
  Status read_plan_file();

  std::string path_;
  CompileOptions options_;
  SourceMap sources_;
  Diagnostics diagnostics_;
  std::optional<uint32_t> file_;
  SourceForm form_ = SourceForm::Program;
  std::optional<ast::Program> program_;
  std::optional<FlowGraph> graph_;
  std::optional<PassResult> optimized_;
  std::optional<JobPlan> plan_;
  std::vector<PhaseTime> times_;
};

}  // namespace sluice
