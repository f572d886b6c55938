#include "runtime/task/task_profile.h"

namespace sluice {

bool is_late_counter(const JobPlan& plan, const StatePlan& state) {
  const NodeKind kind = plan.graph.nodes[state.node].kind();
  return state.kind == StateKind::Counter && (kind == NodeKind::Window || kind == NodeKind::Aggregate);
}

}  // namespace sluice
