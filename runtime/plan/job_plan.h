// JobPlan: what the engine executes: the optimized graph cut into stages at its exchanges, the edges between them, and
// the state every stage keeps. Plain values; made by compiler/lower, written and read by plan_text, sent to workers.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "lang/graph/flow_graph.h"
#include "lang/support/ids.h"

namespace sluice {

struct StageTag;
struct EdgeTag;
using StageId = Id<StageTag>;
using EdgeId = Id<EdgeTag>;

// How the consumer of a gather puts blocks of several producers in one order, so that the result does not depend on
// the number of tasks: blocks carry a sequence (input piece, or task for rows a finish phase made) and are merged by
// it.
struct EdgePlan {
  ExchangeKind kind = ExchangeKind::Forward;
  NodeId exchange;
  StageId from;
  StageId to;
  Schema schema;
  std::vector<std::string> keys;  // Hash
  bool is_ordered = false;
  bool operator==(const EdgePlan&) const = default;
};

enum class StateKind : uint8_t {
#define STATE(kind, name) kind,
#include "runtime/plan/states.def"
#undef STATE
};

struct StatePlan {
  StateKind kind = StateKind::Groups;
  std::string name;  // stable identity: the node's name, with a suffix where a node has several
  NodeId node;
  Schema key;    // Groups, Distinct
  Schema value;  // Groups: state columns; Top, Sort: order values "order.<i>", then the row
  bool operator==(const StatePlan&) const = default;
};

struct StageInput {  // exactly one of the two
  NodeId source;     // a Source node read by this stage
  EdgeId edge;
  bool operator==(const StageInput&) const = default;
};

struct StagePlan {
  std::string name;  // "S0"
  uint32_t parallelism = 1;
  std::vector<NodeId> nodes;       // in topological order
  std::vector<StageInput> inputs;  // read one after the other when they are sources, as they come when edges
  std::vector<EdgeId> outputs;
  std::vector<NodeId> sinks;  // Sink nodes; their position is the `sink` argument of rt_sink_*
  std::vector<StatePlan> states;
  uint32_t finish_phases = 0;  // number of finish functions, run in order after the last input
  bool operator==(const StagePlan&) const = default;
};

struct JobPlan {
  FlowGraph graph;
  IdVector<StageId, StagePlan> stages;
  IdVector<EdgeId, EdgePlan> edges;
  uint32_t key_groups = 128;
  bool operator==(const JobPlan&) const = default;
};

// First key group of task `task`; its last is one before the first of the next task. The key group of a hash is its
// top bits: group = mulhi(hash, key_groups), so a task owns one contiguous range of hashes.
[[nodiscard]] uint32_t first_key_group(uint32_t key_groups, uint32_t parallelism, uint32_t task);

}  // namespace sluice
