// R07: each condition of a `where` moves up the pipeline, into the decoder of the source if it can. The answer stays
// the same, row errors included: nothing moves past a step that may fail (rows that make it fail would vanish), and
// what may fail itself does not move past a filter (which may be there to protect it).
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "compiler/passes/passes.h"
#include "lang/graph/graph_text.h"

namespace sluice::passes {

namespace {

// A place where a condition can stand: on the rows that `reader` takes from its input number `index`.
struct Place {
  NodeId reader;
  size_t index = 0;
  Expr condition;        // over the columns there
  bool is_gain = false;  // something costly lies between here and where it came from
};

struct Route {
  std::vector<Place> places;  // more than one behind a union
  std::string obstacle;       // why it ended there
};

void split_conjunction(const Expr& condition, std::vector<Expr>& parts) {
  if (condition.is_op(ExprOp::And)) {
    for (const auto& arg : condition.args) split_conjunction(arg, parts);
  } else {
    parts.push_back(condition);
  }
}

Expr conjunction(std::vector<Expr> parts) {
  Expr result = std::move(parts.front());
  for (size_t i = 1; i < parts.size(); ++i) {
    const Span span = cover(result.span, parts[i].span);
    result = Expr::make_op(ExprOp::And, {std::move(result), std::move(parts[i])}, Type(TypeKind::Bool), span);
  }
  return result;
}

// May be computed twice, once for the condition and once for the column, without anyone noticing.
bool is_cheap(const Expr& expr) {
  constexpr size_t kCheap = 6;
  if (expr_size(expr) > kCheap || can_fail(expr)) return false;
  bool has_work = false;
  for_each(expr, [&](const Expr& part) {
    has_work |= part.kind == ExprKind::Call || part.is_op(ExprOp::Concat) || part.is_op(ExprOp::ToText);
  });
  return !has_work;
}

// The condition over what the columns are made of, or nothing when that would cost too much.
std::optional<Expr> below(const Expr& condition, const std::vector<NamedExpr>& columns) {
  std::vector<std::string> read;
  collect_columns(condition, read);
  for (const auto& name : read) {
    const auto it = std::ranges::find(columns, name, &NamedExpr::name);
    if (it == columns.end() || !is_cheap(it->expr)) return std::nullopt;
  }
  return substitute_columns(condition, columns);
}

const Expr* failing(const std::vector<NamedExpr>& columns) {
  const auto it = std::ranges::find_if(columns, [](const NamedExpr& column) { return can_fail(column.expr); });
  return it == columns.end() ? nullptr : &it->expr;
}

std::string may_fail(const Expr& expr) {
  return fmt::format("`{}` in between may fail, and a row that makes it fail must not vanish", flow_text(expr));
}

class Pusher {
 public:
  explicit Pusher(FlowGraph graph) : editor_(std::move(graph)) {}

  PassResult run() && {
    for (const NodeId id : editor_.graph().ids())
      if (node(id).kind() == NodeKind::Filter) push(id);
    return {std::move(editor_).finish(), std::move(notes_).take()};
  }

 private:
  [[nodiscard]] const Node& node(NodeId id) const { return editor_.graph().nodes[id]; }

  void push(NodeId id) {
    const std::string label = node(id).label;
    std::vector<Expr> parts;
    split_conjunction(node(id).as<FilterNode>()->condition, parts);
    std::vector<Expr> staying;
    for (auto& part : parts) {
      Route route = route_of(id, part, staying);
      if (route.places.empty()) {
        notes_.not_fired({label}, fmt::format("`{}` stays: {}", flow_text(part), route.obstacle));
        staying.push_back(std::move(part));
      } else {
        for (auto& place : route.places) put(std::move(place), part, label);
      }
    }
    fill_sources();
    if (staying.size() == parts.size()) return;
    if (staying.empty()) {
      editor_.redirect(id, node(id).inputs[0]);
      editor_.set_inputs(id, {});  // no user of its input any more
      return;
    }
    Node rest = node(id);
    rest.payload = FilterNode{conjunction(std::move(staying))};
    editor_.replace(id, std::move(rest));
  }

  Route route_of(NodeId filter, const Expr& part, const std::vector<Expr>& staying) const {
    const auto guard = std::ranges::find_if(staying, [](const Expr& expr) { return can_fail(expr); });
    if (guard != staying.end()) return {{}, may_fail(*guard)};
    if (can_fail(part) && !staying.empty())
      return {
          {},
          fmt::format("it may fail, and `{}` in front of it may be there to prevent that", flow_text(staying.front()))};
    Route route = follow({filter, 0, part, false});
    std::erase_if(route.places, [](const Place& place) { return !place.is_gain; });
    return route;
  }

  // Walks up from a place as far as the condition can go.
  [[nodiscard]] Route follow(Place place) const {
    const NodeId at = node(place.reader).inputs[place.index];
    // A filter that already reads this input is what `place` stands on; any other reader wants the rows unfiltered.
    if (editor_.graph().users_of(at).size() > 1) return {{place}, fmt::format("`{}` has other readers", title(at))};
    return std::visit([&](const auto& payload) { return step(payload, std::move(place), at); }, node(at).payload);
  }

  [[nodiscard]] Route step(const SourceNode&, Place place, NodeId) const {
    place.is_gain = true;
    return {{std::move(place)}, {}};
  }
  [[nodiscard]] Route step(const FilterNode& filter, Place place, NodeId at) const {
    if (can_fail(filter.condition)) return {{place}, may_fail(filter.condition)};
    if (can_fail(place.condition))
      return {{place}, fmt::format("it may fail, and `{}` may be there to prevent that", flow_text(filter.condition))};
    Route route = follow({at, 0, place.condition, false});
    // To have moved past filters alone is no gain.
    const bool is_gain = std::ranges::all_of(route.places, &Place::is_gain);
    return is_gain ? route : Route{{place}, route.obstacle};
  }
  [[nodiscard]] Route step(const ProjectNode& project, Place place, NodeId at) const {
    if (const Expr* expr = failing(project.columns)) return {{place}, may_fail(*expr)};
    auto condition = below(place.condition, project.columns);
    if (!condition) return {{place}, fmt::format("it would compute again what `{}` computes", title(at))};
    return onward(at, std::move(*condition));
  }
  [[nodiscard]] Route step(const ExpandNode& expand, Place place, NodeId at) const {
    if (can_fail(expand.list)) return {{place}, may_fail(expand.list)};
    if (can_fail(place.condition)) return {{place}, "it may fail, and would be asked for rows without elements too"};
    if (reads_column(place.condition, expand.column))
      return {{place}, fmt::format("it reads `{}`, which `{}` makes", expand.column, title(at))};
    return onward(at, place.condition);
  }
  // The watermark follows all rows, so what a row is late for would change.
  [[nodiscard]] Route step(const TimeNode& time, Place place, NodeId at) const {
    if (time.clock && !reads_column(place.condition, kRowTime) && !reads_column(place.condition, kRowMark))
      return onward(at, place.condition);
    return {{std::move(place)}, fmt::format("`{}` follows the time of all rows", title(at))};
  }
  // Rows that are dropped here cannot be late any more: the number of late rows is that of rows which matter to the
  // answer, as far as this pass can tell. To count all of them, each would have to be decoded and looked at.
  [[nodiscard]] Route step(const WindowNode& window, Place place, NodeId at) const {
    if (reads_column(place.condition, window.column))
      return {{place}, fmt::format("it reads `{}`, which `{}` makes", window.column, title(at))};
    return onward(at, place.condition);
  }
  [[nodiscard]] Route step(const AggregateNode& aggregate, Place place, NodeId at) const {
    if (aggregate.keys.empty()) return {{place}, fmt::format("it looks at the result of `{}`", title(at))};
    if (aggregate_can_fail(aggregate))
      return {{place}, fmt::format("`{}` may fail, and a row that makes it fail must not vanish", title(at))};
    auto condition = below(place.condition, meeting_keys(aggregate));
    if (!condition) return {{place}, fmt::format("it looks at more than the keys of `{}`", title(at))};
    return onward(at, std::move(*condition));
  }
  [[nodiscard]] Route step(const SortNode& sort, Place place, NodeId at) const {
    for (const auto& key : sort.order)
      if (can_fail(key.expr)) return {{place}, may_fail(key.expr)};
    return onward(at, place.condition);
  }
  [[nodiscard]] Route step(const UnionNode&, Place place, NodeId at) const {
    Route all;
    for (size_t i = 0; i < node(at).inputs.size(); ++i) {
      Route route = follow({at, i, place.condition, true});
      std::ranges::move(route.places, std::back_inserter(all.places));
    }
    // One input twice has one reader but two places; there each of them would filter for the other as well.
    const auto& inputs = node(at).inputs;
    for (size_t i = 0; i < inputs.size(); ++i)
      if (std::ranges::count(inputs, inputs[i]) > 1) return {{place}, "a branch of the union stands in it twice"};
    return all;
  }
  // A row that is dropped in front of the join would have had partners only, or none.
  [[nodiscard]] Route step(const JoinNode& join, Place place, NodeId at) const {
    if (const Expr* expr = failing_part(join)) return {{place}, may_fail(*expr)};
    if (can_fail(place.condition)) return {{place}, "it may fail, and would be asked for rows without partners too"};
    const auto& inputs = node(at).inputs;
    if (inputs[0] == inputs[1]) return {{place}, fmt::format("`{}` reads one input twice", title(at))};
    std::vector<std::string> read;
    collect_columns(place.condition, read);
    const Schema& left = node(inputs[0]).schema;
    const bool is_left = std::ranges::all_of(read, [&](const auto& name) { return left.find(name) != nullptr; });
    if (is_left && !may_lack_left(join.kind)) return follow({at, 0, place.condition, true});
    const bool is_right = std::ranges::all_of(read, [&](const auto& name) {
      return std::ranges::find(join.right, name, &NamedExpr::name) != join.right.end();
    });
    if (!is_right || join.kind != JoinKind::Inner)
      return {{place},
              is_right || is_left ? fmt::format("`{}` gives out rows without a partner too", title(at))
                                  : fmt::format("it reads both sides of `{}`", title(at))};
    auto condition = below(place.condition, join.right);
    if (!condition) return {{place}, fmt::format("it would compute again what `{}` computes", title(at))};
    return follow({at, 1, std::move(*condition), true});
  }
  static const Expr* failing_part(const JoinNode& join) {
    for (const auto* list : {&join.left_keys, &join.right_keys, &join.right})
      if (const Expr* expr = failing(*list)) return expr;
    return join.residual && can_fail(*join.residual) ? &*join.residual : nullptr;
  }
  [[nodiscard]] Route step(const FrameNode&, Place place, NodeId at) const { return stop(std::move(place), at); }
  [[nodiscard]] Route step(const TopNode&, Place place, NodeId at) const { return stop(std::move(place), at); }
  [[nodiscard]] Route step(const LimitNode&, Place place, NodeId at) const { return stop(std::move(place), at); }
  [[nodiscard]] Route step(const ChangesNode&, Place place, NodeId at) const { return stop(std::move(place), at); }
  [[nodiscard]] Route step(const SinkNode&, Place place, NodeId at) const { return stop(std::move(place), at); }
  [[nodiscard]] Route step(const ExchangeNode&, Place place, NodeId at) const { return stop(std::move(place), at); }
  [[nodiscard]] Route step(std::monostate, Place place, NodeId at) const { return stop(std::move(place), at); }

  [[nodiscard]] Route stop(Place place, NodeId at) const {
    return {{std::move(place)}, fmt::format("`{}` would see other rows", title(at))};
  }

  [[nodiscard]] Route onward(NodeId at, Expr condition) const { return follow({at, 0, std::move(condition), true}); }

  static bool aggregate_can_fail(const AggregateNode& aggregate) {
    if (failing(aggregate.keys) != nullptr) return true;
    return std::ranges::any_of(aggregate.calls, [](const AggregateCall& call) { return call_can_fail(call); });
  }

  void put(Place place, const Expr& part, const std::string& label) {
    const NodeId at = node(place.reader).inputs[place.index];
    if (node(at).kind() == NodeKind::Source && editor_.graph().users_of(at).size() == 1) {
      for_sources_[at].push_back(std::move(place.condition));
      notes_.fired({label, node(at).label}, fmt::format("`{}`: failing rows are dropped before their other fields are "
                                                        "decoded",
                                                        flow_text(part)));
      return;
    }
    Node filter;
    filter.label = fresh_label(editor_.graph(), label);
    filter.name = node(at).name + ".filter";
    filter.text = "where " + flow_text(place.condition);
    filter.span = part.span;
    filter.inputs = {at};
    filter.schema = node(at).schema;
    filter.rows = node(at).rows;
    filter.payload = FilterNode{std::move(place.condition)};
    notes_.fired({label, filter.label},
                 fmt::format("`{}` moves in front of `{}`", flow_text(part), title(place.reader)));
    std::vector<NodeId> inputs = node(place.reader).inputs;
    inputs[place.index] = editor_.add(std::move(filter));
    editor_.set_inputs(place.reader, std::move(inputs));
  }

  // All conditions of a step at once: a node is copied to change it, and a step may have thousands of conditions.
  void fill_sources() {
    for (auto& [id, conditions] : for_sources_) {
      Node source = node(id);
      auto& filter = source.as<SourceNode>()->filter;
      if (filter) conditions.insert(conditions.begin(), std::move(*filter));
      filter = conjunction(std::move(conditions));
      editor_.replace(id, std::move(source));
    }
    for_sources_.clear();
  }

  [[nodiscard]] std::string title(NodeId id) const {
    return node(id).text.empty() ? std::string(node_kind_name(node(id).kind())) : node(id).text;
  }

  GraphEditor editor_;
  Notes notes_{"push_filters"};
  std::map<NodeId, std::vector<Expr>> for_sources_;  // what moved into a decoder
};

}  // namespace

PassResult push_filters(FlowGraph graph, const PassOptions&) { return Pusher(std::move(graph)).run(); }

}  // namespace sluice::passes
