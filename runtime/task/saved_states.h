// What the entries of hash tables and the sessions of keys consist of, by their positions as generated code lays them
// out: for snapshots, which save the plain values as they are and follow the addresses.
#pragma once

#include <vector>

#include "runtime/plan/job_plan.h"
#include "runtime/state/session_snapshot.h"
#include "runtime/state/table_snapshot.h"

namespace sluice {

// The states of an entry, and where they lead.
struct EntryStates {
  std::vector<Type> types;
  TableSnapshot::Links links;
};
[[nodiscard]] EntryStates states_of_entry(const FlowGraph& graph, const StatePlan& state);
// Of the sessions of an aggregate.
[[nodiscard]] SessionSnapshot::States states_of_session(const FlowGraph& graph, const StatePlan& state);

}  // namespace sluice
