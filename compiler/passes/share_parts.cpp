// R05: what stands twice in a program runs once, sources included: steps that do the same with the same rows become
// one, and all who want its rows read that one. Only what keeps rows, or reads or counts them, is worth it: a step that
// just passes rows on stays where it is, where it moves and vanishes together with its only reader.
//
// The order of rows stays what it was: rows that meet in a union as they come would come alternately, not one way after
// the other, so there both ways stay. So do the tables of lookups, which nobody else may read.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "compiler/passes/passes.h"
#include "compiler/passes/row_order.h"
#include "compiler/passes/same_nodes.h"
#include "lang/graph/ways.h"

namespace sluice::passes {

namespace {

// Does running the step once instead of twice save more than a few instructions for each row?
bool is_worth_sharing(const Node& node) {
  switch (node.kind()) {
    case NodeKind::Source:
    case NodeKind::Time:
    case NodeKind::Aggregate:
    case NodeKind::Top:
    case NodeKind::Frame:
    case NodeKind::Sort:
    case NodeKind::Limit:
    case NodeKind::Join:
      return true;
    case NodeKind::Filter:
    case NodeKind::Project:
    case NodeKind::Expand:
    case NodeKind::Window:
    case NodeKind::Union:
    case NodeKind::Changes:
    case NodeKind::Sink:
    case NodeKind::Exchange:
      return false;
  }
  return false;
}

class Sharer {
 public:
  explicit Sharer(FlowGraph graph) : same_(graph), editor_(std::move(graph)) {
    for (const Node& node : editor_.graph().nodes)
      if (const auto* join = node.as<JoinNode>(); join != nullptr && join->is_lookup)
        tables_.merge(way_to(editor_.graph(), node.inputs[1]));
  }

  PassResult run() && {
    const std::vector<NodeId> ids = editor_.graph().ids();
    for (const NodeId id : ids) {
      if (const std::string& difference = same_.difference(id); !difference.empty())
        notes_.not_fired({node(id).label}, difference);
      if (is_worth_sharing(node(id)) && !tables_.contains(id)) share(id);
    }
    note_largest();
    return {std::move(editor_).finish(), std::move(notes_).take()};
  }

 private:
  [[nodiscard]] const Node& node(NodeId id) const { return editor_.graph().nodes[id]; }

  void share(NodeId id) {
    const NodeId first = same_.first_of(id);
    if (first == id || tables_.contains(first)) return;
    if (const auto meeting = meeting_of(first, id))
      return notes_.not_fired({node(first).label, node(id).label},
                              fmt::format("they do the same, but their rows meet in #{}, in an order that would change",
                                          node(*meeting).label));
    editor_.redirect(id, first);
    shared_.push_back({first, id});
  }

  // The first step that takes rows of both as they come, in an order that shows.
  [[nodiscard]] std::optional<NodeId> meeting_of(NodeId a, NodeId b) const {
    const std::set<NodeId> readers_of_a = readers_in_order(editor_.graph(), a);
    const std::set<NodeId> readers_of_b = readers_in_order(editor_.graph(), b);
    for (const NodeId id : readers_of_a) {
      const auto* join = node(id).as<JoinNode>();
      const bool is_ordered = node(id).kind() == NodeKind::Union || (join != nullptr && join->is_incremental);
      if (is_ordered && readers_of_b.contains(id)) return id;
    }
    return std::nullopt;
  }

  // One note for each part, which names its last step: what leads to it is the same as well.
  void note_largest() {
    std::set<NodeId> inner;
    for (const auto& [first, second] : shared_) {
      std::set<NodeId> way = way_to(editor_.graph(), second);
      way.erase(second);
      inner.merge(way);
      way = way_to(editor_.graph(), first);
      way.erase(first);
      inner.merge(way);
    }
    for (const auto& [first, second] : shared_)
      if (!inner.contains(first) && !inner.contains(second))
        notes_.fired({node(first).label, node(second).label}, "they do the same with the same rows: it is done once");
  }

  struct Pair {
    NodeId first;
    NodeId second;
  };
  const SameNodes same_;
  GraphEditor editor_;
  std::set<NodeId> tables_;  // what those of lookups are made of
  std::vector<Pair> shared_;
  Notes notes_{"share_parts"};
};

}  // namespace

PassResult share_parts(FlowGraph graph, const PassOptions&) { return Sharer(std::move(graph)).run(); }

}  // namespace sluice::passes
