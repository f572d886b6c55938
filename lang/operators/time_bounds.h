// What conditions and joins say about the event time of rows: it is not later than a column of theirs.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "lang/graph/flow_graph.h"

namespace sluice {

// The name of a column, or of a field of one: `b.expires`; nothing for other expressions.
[[nodiscard]] std::optional<std::string> column_or_field(const Expr& expr);

// Timestamps of the same row, by name (kRowTime is its event time): of two, the first is never later than the second
// and a distance.
class TimeBounds {
 public:
  // Of the rows that a node gives out.
  [[nodiscard]] static TimeBounds of(const FlowGraph& graph, NodeId node);
  // The least `d` that is known such that `earlier` <= `later` + d.
  [[nodiscard]] std::optional<int64_t> distance(const std::string& earlier, const std::string& later) const;

 private:
  void add(const std::string& earlier, const std::string& later, int64_t distance);
  void add_condition(const Expr& condition);
  void close();
  [[nodiscard]] TimeBounds behind(const Node& node) const;
  [[nodiscard]] TimeBounds behind(const ProjectNode& project) const;
  [[nodiscard]] static TimeBounds of_pairs(const FlowGraph& graph, const Node& node, const JoinNode& join);

  std::map<std::pair<std::string, std::string>, int64_t> distances_;
};

}  // namespace sluice
