// take and skip: a count of the rows seen. A full `take` ends the stage early where nothing else needs its input.
#include <algorithm>
#include <set>
#include <vector>

#include "compiler/codegen/operators.h"

namespace sluice::codegen {

namespace {

// Everything that `begin` leads to by `next`, as far as the stage goes and one step beyond.
template <class Next>
std::set<NodeId> reached(const StageContext& stage, NodeId begin, const Next& next) {
  std::set<NodeId> found;
  std::vector<NodeId> open{begin};
  while (!open.empty()) {
    const NodeId node = open.back();
    open.pop_back();
    for (const NodeId other : next(node))
      if (found.insert(other).second && stage.in_stage(other)) open.push_back(other);
  }
  return found;
}

// Does every row that the stage reads end in this node, and does everything behind it live on its rows alone? Only then
// may the stage stop reading when the node wants no more: a union may let rows in behind it, and a pipeline that is
// read twice has another reader in front of it.
bool is_bottleneck(const StageContext& stage, NodeId id) {
  const FlowGraph& graph = stage.plan.graph;
  const auto above = reached(stage, id, [&](NodeId node) { return graph.nodes[node].inputs; });
  const auto below = reached(stage, id, [&](NodeId node) { return graph.users_of(node); });
  for (const NodeId node : stage.stage.nodes)
    if (node != id && !above.contains(node) && !below.contains(node)) return false;
  for (const StageInput& input : stage.stage.inputs)
    if (!input.source.is_valid() && !above.contains(stage.plan.edges[input.edge].exchange)) return false;
  return std::ranges::all_of(above, [&](NodeId node) {
    return std::ranges::all_of(graph.users_of(node), [&](NodeId user) {
      const bool is_elsewhere = !stage.in_stage(node) && !stage.in_stage(user);  // another stage's share of an exchange
      return user == id || above.contains(user) || is_elsewhere;
    });
  });
}

}  // namespace

void consume(FunctionEmitter& f, NodeId id, const LimitNode& node, const Row& row) {
  const uint32_t state = f.stage.state_index(id, StateKind::Counter);
  auto* counters = f.load(f.stage.ptr, f.context(), offsetof(abi::TaskContext, counters));
  auto* counter = f.offset(counters, state * 8);
  auto* seen = f.load(f.stage.i64, counter);
  f.store(f.b.CreateAdd(seen, f.int64(1)), counter);
  llvm::Value* passes = f.b.CreateICmpUGE(seen, f.int64(node.skip));
  const uint64_t last = node.take ? node.skip + *node.take : ~uint64_t{0};
  if (node.take) passes = f.b.CreateAnd(passes, f.b.CreateICmpULT(seen, f.int64(last)));
  f.if_then(passes, [&] { emit_users(f, id, row); });
  if (!node.take || !f.may_stop_early() || !is_bottleneck(f.stage, id)) return;
  auto* stop = f.block("satisfied");
  auto* go_on = f.block("after");
  f.b.CreateCondBr(f.b.CreateICmpUGE(f.b.CreateAdd(seen, f.int64(1)), f.int64(last)), stop, go_on);
  f.begin(stop);
  f.return_code(abi::Code::Satisfied);
  f.begin(go_on);
}

}  // namespace sluice::codegen
