// Flow: a pipeline while it is being checked: the graph node that produces its rows and what is known about them.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "lang/graph/flow_graph.h"

namespace sluice {

// A column that an earlier step took away, so that a later use can be told where it went.
struct GoneColumn {
  std::string name;
  std::string op;  // the step that dropped it
  Span step;
};

struct LateRows;

struct Flow {
  NodeId node;
  Schema schema;  // of the node, without the columns that programs do not see
  RowKind rows;
  std::set<std::string> present;  // places that a `where` proved not null (narrowing.h)
  // Columns with the window that a row belongs to: its event time is in it, so whoever gathers the rows of a window has
  // them all when it ends. Windows in other columns are of other rows.
  std::set<std::string> windows;
  std::map<std::string, Span> origins;  // where each column got its type
  std::vector<GoneColumn> gone;
  // What is left out by the first windows above; shared by all flows behind them, and never changed.
  std::shared_ptr<const LateRows> late;
  bool is_timed = false;   // the node has the columns kRowTime and kRowMark besides those of `schema`
  bool is_broken = false;  // an error hides what the rows are: later uses of columns are not reported

  // A pipeline whose rows are unknown because of an error that was reported.
  static Flow broken() {
    Flow flow;
    flow.is_broken = true;
    return flow;
  }
};

// The rows that come too late for the windows of a step: `input` through `windows`, a node with late_rows set.
struct LateRows {
  Flow input;
  WindowNode windows;
  NodeId step;              // that leaves them out: the window node, or the aggregate over sessions
  bool is_several = false;  // there are several kinds of them, behind a join or union: this is one
};

}  // namespace sluice
