// R17: a join without a window forgets a row when its condition says that no row that is still to come has a partner in
// it: `b.ts in a.ts..a.expires` needs an `a` until the watermark of the b's is at `expires`, and a `b` until that of
// the a's is at its own time. Only for times that are never behind their watermark, those of a source with a clock: a
// row that comes late would miss partners that it has now, and which ones would depend on how fast the tasks are. A
// join with `keep` leaves out late rows, and has its bounds from the start.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "compiler/passes/passes.h"
#include "lang/graph/graph_text.h"
#include "lang/graph/time_order.h"

namespace sluice::passes {

namespace {

// What is known about a column as the time of its rows.
enum class TimeKind : uint8_t { None, MayBeLate, NeverLate };
struct TimeColumn {
  TimeKind kind = TimeKind::None;
  int64_t delay = 0;  // of the watermark behind the clock
};

class Bounder {
 public:
  explicit Bounder(FlowGraph graph) : editor_(std::move(graph)) {}

  PassResult run() && {
    for (const NodeId id : editor_.graph().ids())
      if (const auto* join = node(id).as<JoinNode>();
          join != nullptr && is_streamed(*join) && !join->is_incremental && !join->is_lookup)
        bound(id, *join);
    return {std::move(editor_).finish(), std::move(notes_).take()};
  }

 private:
  [[nodiscard]] const Node& node(NodeId id) const { return editor_.graph().nodes[id]; }

  void bound(NodeId id, const JoinNode& join) {
    if (join.left_bound || join.right_bound)
      return notes_.fired({node(id).label}, "`keep` says how long rows of both sides are needed");
    if (!join.residual) return notes_.not_fired({node(id).label}, "no range of times in `on`: all rows are kept");
    if (const Expr* part = failing_part(*join.residual))
      return notes_.not_fired({node(id).label}, fmt::format("`{}` may fail, and a row that makes it fail must not be "
                                                            "forgotten",
                                                            flow_text(*part)));
    Node changed = node(id);
    auto& payload = *changed.as<JoinNode>();
    payload.left_bound = bound_of(id, join, 0);
    payload.right_bound = bound_of(id, join, 1);
    if (payload.left_bound || payload.right_bound) editor_.replace(id, std::move(changed));
  }

  // The difference of two times fails only if they are 292,000 years apart, and such rows never meet.
  static const Expr* failing_part(const Expr& residual) {
    std::vector<const Expr*> parts;
    split_conjunction(residual, parts);
    const auto fails = [](const Expr* part) {
      const auto order = time_order_of(*part);
      return order ? can_fail(*order->earlier) || can_fail(*order->later) : can_fail(*part);
    };
    const auto it = std::ranges::find_if(parts, fails);
    return it == parts.end() ? nullptr : *it;
  }

  std::optional<JoinBound> bound_of(NodeId id, const JoinNode& join, size_t side) {
    std::vector<const Expr*> parts;
    split_conjunction(*join.residual, parts);
    const std::string_view name = side == 0 ? "left" : "right";
    bool may_be_late = false;
    for (const Expr* part : parts) {
      const auto order = time_order_of(*part);
      if (!order || order->earlier->kind != ExprKind::Column) continue;
      const auto other = of_side(id, join, *order->earlier, 1 - side);
      auto own = of_side(id, join, *order->later, side);
      if (!other || other->kind != ExprKind::Column || !own || own->type.nullable) continue;
      const TimeColumn time = time_of(node(id).inputs[1 - side], other->name);
      may_be_late |= time.kind == TimeKind::MayBeLate;
      if (time.kind != TimeKind::NeverLate) continue;
      notes_.fired({node(id).label},
                   fmt::format("rows of the {} side are forgotten when those of the other have passed "
                               "`{}`",
                               name, flow_text(*own)));
      return JoinBound{std::move(*own), order->distance - time.delay};
    }
    notes_.not_fired({node(id).label},
                     may_be_late ? fmt::format("rows of the {} side are kept: those of the other may come late", name)
                                 : fmt::format("rows of the {} side are kept: nothing in `on` says until when", name));
    return std::nullopt;
  }

  // The expression over a pair's columns as one over the columns of one input; nothing when it reads others, or none.
  [[nodiscard]] std::optional<Expr> of_side(NodeId id, const JoinNode& join, const Expr& expr, size_t side) const {
    std::vector<std::string> read;
    collect_columns(expr, read);
    if (read.empty() || can_fail(expr)) return std::nullopt;
    const Schema& left = node(node(id).inputs[0]).schema;
    for (const auto& name : read)
      if ((left.find(name) != nullptr) != (side == 0)) return std::nullopt;
    Expr own = side == 0 ? expr : substitute_columns(expr, join.right);
    return can_fail(own) ? std::nullopt : std::optional(std::move(own));
  }

  // Follows the column up to where rows get their time.
  [[nodiscard]] TimeColumn time_of(NodeId at, std::string name) const {
    while (true) {
      const Node& here = node(at);
      if (const auto* time = here.as<TimeNode>()) {
        const bool is_time =
            name == kRowTime || (time->time && time->time->kind == ExprKind::Column && time->time->name == name);
        if (!is_time) return {};
        return {time->clock ? TimeKind::NeverLate : TimeKind::MayBeLate, time->delay};
      }
      if (const auto* project = here.as<ProjectNode>()) {
        const auto column = std::ranges::find(project->columns, name, &NamedExpr::name);
        if (column->expr.kind != ExprKind::Column) return {};
        name = column->expr.name;
      } else if (!passes_on(here, name)) {
        return {};
      }
      at = here.inputs[0];
    }
  }
  static bool passes_on(const Node& here, const std::string& name) {
    const auto* expand = here.as<ExpandNode>();
    const auto* window = here.as<WindowNode>();
    return here.kind() == NodeKind::Filter || (expand != nullptr && expand->column != name) ||
           (window != nullptr && window->column != name);
  }

  GraphEditor editor_;
  Notes notes_{"bound_joins"};
};

}  // namespace

PassResult bound_joins(FlowGraph graph, const PassOptions&) { return Bounder(std::move(graph)).run(); }

}  // namespace sluice::passes
