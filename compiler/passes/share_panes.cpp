// R21: windows that overlap share their panes. A row updates the one pane it falls into; when a window is over, the
// groups of its panes are merged. After Li et al., "No pane, no gain" (SIGMOD Record 2005).
#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "compiler/passes/passes.h"
#include "lang/support/time_text.h"

namespace sluice::passes {

namespace {

const std::string kPane = "@pane";

// Empty when the aggregate over the windows can be built from panes, else what keeps it from that.
std::string obstacle(const WindowNode& window, const Node& reader) {
  const auto* aggregate = reader.as<AggregateNode>();
  if (aggregate == nullptr) return "only aggregates can share panes";
  if (aggregate->phase != AggregatePhase::Single) return "it merges panes already";
  if (aggregate->is_incremental) return "each row gives out the changes of its windows at once";
  const auto key = window_key(aggregate->keys);
  if (!key || aggregate->keys[*key].expr.kind != ExprKind::Column || aggregate->keys[*key].expr.name != window.column)
    return "its window is not a key of the aggregate";
  for (const auto& call : aggregate->calls) {
    if (call.is_distinct) return fmt::format("`{}` counts distinct values, which panes have in common", call.name);
    if (!call.can_merge()) return fmt::format("`{}` has no `merge`: add one to `agg {}`", call.name, call.function);
  }
  return {};
}

bool mentions(const AggregateNode& aggregate, const std::string& column) {
  const auto reads = [&](const Expr& expr) { return reads_column(expr, column); };
  const bool in_keys = std::ranges::any_of(
      aggregate.keys, [&](const NamedExpr& key) { return key.expr.kind != ExprKind::Column && reads(key.expr); });
  return in_keys || std::ranges::any_of(aggregate.calls, [&](const AggregateCall& call) {
           return (call.filter && reads(*call.filter)) ||
                  std::ranges::any_of(call.args, [&](const NamedExpr& arg) { return reads(arg.expr); });
         });
}

class Sharer {
 public:
  explicit Sharer(FlowGraph graph) : editor_(std::move(graph)) {}

  PassResult run() && {
    for (const NodeId id : editor_.graph().ids()) visit(id);
    return {std::move(editor_).finish(), std::move(notes_).take()};
  }

 private:
  [[nodiscard]] const Node& node(NodeId id) const { return editor_.graph().nodes[id]; }

  void visit(NodeId id) {
    const auto* window = node(id).as<WindowNode>();
    if (window == nullptr || window->late_rows || window->kind == WindowKind::Tumble) return;
    const auto users = editor_.graph().users_of(id);
    if (users.size() != 1) return notes_.not_fired({node(id).label}, "several steps read its windows");
    const Node& reader = node(users[0]);
    std::string reason = obstacle(*window, reader);
    if (!window->zone.empty()) reason = "the clock of a zone makes panes of several lengths";
    if (reason.empty() && mentions(*reader.as<AggregateNode>(), window->column))
      reason = "the aggregate looks at the window itself";
    const int64_t pane = pane_size(*window);
    if (reason.empty() && pane == window->size) reason = "its windows do not overlap";
    if (!reason.empty()) return notes_.not_fired({node(id).label}, std::move(reason));
    split(id, users[0], pane);
  }

  // Every window begins and ends at a multiple of it.
  static int64_t pane_size(const WindowNode& window) { return std::gcd(window.size, window.step); }

  void split(NodeId window_id, NodeId reader_id, int64_t size) {
    const Node whole = node(window_id);
    const Node reader = node(reader_id);
    const WindowNode window = *whole.as<WindowNode>();
    const AggregateNode aggregate = *reader.as<AggregateNode>();

    Node panes = whole;
    auto* assigned = panes.as<WindowNode>();
    assigned->column = kPane;
    assigned->pane = size;
    panes.schema = renamed(whole.schema, window.column);
    editor_.replace(window_id, panes);

    Node partial = reader;
    partial.label = fresh_label(editor_.graph(), reader.label);
    partial.name = reader.name + ".panes";
    partial.text = reader.text;
    partial.rows = {};
    auto* grouped = partial.as<AggregateNode>();
    grouped->phase = AggregatePhase::Partial;
    const size_t key = *window_key(grouped->keys);
    grouped->keys[key] = {kPane, Expr::column(kPane, Type::window(), grouped->keys[key].expr.span)};
    partial.schema = schema_of(partial, {&panes.schema});
    const std::string partial_label = partial.label;
    const NodeId partial_id = editor_.add(std::move(partial));

    Node merged = reader;
    merged.label = fresh_label(editor_.graph(), reader.label);
    merged.inputs = {partial_id};
    auto* final_aggregate = merged.as<AggregateNode>();
    *final_aggregate = final_phase(aggregate);
    final_aggregate->keys[key].expr = Expr::column(kPane, Type::window(), aggregate.keys[key].expr.span);
    final_aggregate->windows = window;
    const auto whole_panes = window.size / size;
    notes_.fired({partial_label, merged.label},
                 window.kind == WindowKind::Hop && window.size % window.step == 0
                     ? fmt::format("a row updates one {} pane instead of {} windows", duration_text(size), whole_panes)
                     : fmt::format("a row updates one {} pane instead of every window", duration_text(size)));
    editor_.replace(reader_id, std::move(merged));
  }

  static Schema renamed(Schema schema, const std::string& column) {
    for (auto& field : schema.fields)
      if (field.name == column) field.name = kPane;
    return schema;
  }

  GraphEditor editor_;
  Notes notes_{"share_panes"};
};

}  // namespace

PassResult share_panes(FlowGraph graph, const PassOptions&) { return Sharer(std::move(graph)).run(); }

}  // namespace sluice::passes
