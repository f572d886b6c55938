// Focus: the part of a program that `explain --at LINE` shows: the steps on that line, and what became of them.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "compiler/passes/pass_manager.h"
#include "lang/graph/flow_graph.h"
#include "runtime/plan/job_plan.h"

namespace sluice {

class Focus {
 public:
  Focus() = default;  // everything
  Focus(const FlowGraph& logical, const JobPlan& plan, uint32_t line);

  [[nodiscard]] bool shows(const Node& node) const { return !line_ || labels_.contains(node.label); }
  [[nodiscard]] bool shows(const RewriteNote& note) const;
  [[nodiscard]] std::optional<uint32_t> line() const { return line_; }
  // No step stands on the line.
  [[nodiscard]] bool is_empty() const { return line_ && labels_.empty(); }

 private:
  std::optional<uint32_t> line_;
  std::set<std::string> labels_;  // of steps and exchanges, before and after the passes
};

// The lines of the program's own file on which steps stand, each once.
[[nodiscard]] std::vector<uint32_t> lines_of_steps(const FlowGraph& logical);

}  // namespace sluice
