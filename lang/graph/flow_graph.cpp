#include "lang/graph/flow_graph.h"

#include <algorithm>

#include "lang/support/invariant.h"

namespace sluice {

std::string_view node_kind_name(NodeKind kind) {
  switch (kind) {
#define NODE(kind, name) \
  case NodeKind::kind:   \
    return name;
#include "lang/graph/nodes.def"
#undef NODE
  }
  return "?";
}

std::string_view exchange_kind_name(ExchangeKind kind) {
  switch (kind) {
#define EXCHANGE(kind, name) \
  case ExchangeKind::kind:   \
    return name;
#include "lang/graph/exchanges.def"
#undef EXCHANGE
  }
  return "?";
}

std::string_view window_kind_name(WindowKind kind) {
  switch (kind) {
#define WINDOW(kind, name) \
  case WindowKind::kind:   \
    return name;
#include "lang/graph/windows.def"
#undef WINDOW
  }
  return "?";
}

std::string_view join_kind_name(JoinKind kind) {
  switch (kind) {
#define JOIN(kind, name) \
  case JoinKind::kind:   \
    return name;
#include "lang/graph/joins.def"
#undef JOIN
  }
  return "?";
}

bool is_streamed(const JoinNode& join) {
  const bool can_grow_only = join.kind == JoinKind::Inner || join.kind == JoinKind::Semi;
  return join.is_incremental || join.is_lookup || (can_grow_only && !window_key(join.left_keys));
}

bool can_look_up(const JoinNode& join) {
  return !may_lack_left(join.kind) && !join.is_incremental && !window_key(join.left_keys);
}

std::string window_of(const JoinNode& join) {
  const auto position = window_key(join.left_keys);
  if (!position || join.left_keys[*position].expr.kind != ExprKind::Column) return {};
  return join.left_keys[*position].expr.name;
}

bool may_lack_left(JoinKind kind) { return kind == JoinKind::Right || kind == JoinKind::Full; }
bool may_lack_right(JoinKind kind) { return kind == JoinKind::Left || kind == JoinKind::Full; }
bool gives_left_only(JoinKind kind) { return kind == JoinKind::Semi || kind == JoinKind::Anti; }

std::optional<size_t> window_key(const std::vector<NamedExpr>& keys) {
  const auto it = std::ranges::find_if(keys, [](const NamedExpr& key) { return key.expr.type.is_window; });
  if (it == keys.end()) return std::nullopt;
  return static_cast<size_t>(it - keys.begin());
}

std::vector<NamedExpr> meeting_keys(const AggregateNode& aggregate) {
  std::vector<NamedExpr> keys = aggregate.keys;
  if (aggregate.windows) keys.erase(keys.begin() + static_cast<ptrdiff_t>(window_key(keys).value()));
  return keys;
}

std::vector<std::vector<size_t>> distinct_groups(const AggregateNode& aggregate) {
  constexpr size_t kMostCalls = 64;  // that one word has bits for
  std::vector<std::vector<size_t>> groups;
  for (size_t call = 0; call < aggregate.calls.size(); ++call) {
    if (!aggregate.calls[call].is_distinct) continue;
    const auto fits = [&](const std::vector<size_t>& group) {
      return !aggregate.is_incremental && !aggregate.session && group.size() < kMostCalls &&
             aggregate.calls[group.front()].args == aggregate.calls[call].args;
    };
    const auto group = std::ranges::find_if(groups, fits);
    if (group == groups.end()) {
      groups.push_back({call});
    } else {
      group->push_back(call);
    }
  }
  return groups;
}

bool AggregateCall::operator==(const AggregateCall& other) const {
  return name == other.name && function == other.function && args == other.args && filter == other.filter &&
         is_distinct == other.is_distinct && states == other.states && finish == other.finish;
}

bool AggregateCall::can_merge() const {
  return std::ranges::all_of(states, [](const AggregateState& state) { return state.merge.has_value(); });
}

bool AggregateCall::can_retract() const {
  return std::ranges::all_of(states, [](const AggregateState& state) { return state.retract.has_value(); });
}

bool Node::operator==(const Node& other) const {
  return label == other.label && name == other.name && inputs == other.inputs && schema == other.schema &&
         rows == other.rows && parallelism == other.parallelism && combine == other.combine && is_cut == other.is_cut &&
         is_broadcast == other.is_broadcast && stage == other.stage && payload == other.payload;
}

bool collects_changes(const AggregateNode& aggregate) { return aggregate.is_incremental && aggregate.every; }
bool collects_changes(const TopNode& top) { return top.is_incremental && top.every; }

const Interval* every_of(const Node& node) {
  const auto* aggregate = node.as<AggregateNode>();
  if (aggregate != nullptr && aggregate->every) return &*aggregate->every;
  const auto* top = node.as<TopNode>();
  return top != nullptr && top->every ? &*top->every : nullptr;
}

bool is_blocking(const Node& node) {
  if (const auto* join = node.as<JoinNode>()) return !is_streamed(*join);
  // Without keys there is a result also when no row ever comes, and windows are forgotten there.
  if (const auto* aggregate = node.as<AggregateNode>())
    return !aggregate->is_incremental || aggregate->keys.empty() || window_key(aggregate->keys) || aggregate->session ||
           collects_changes(*aggregate);
  if (const auto* top = node.as<TopNode>())
    return !top->is_incremental || window_key(top->keys) || collects_changes(*top);
  return node.kind() == NodeKind::Sort || node.kind() == NodeKind::Frame;
}

std::vector<NodeId> FlowGraph::users_of(NodeId node) const {
  std::vector<NodeId> users;
  for (const NodeId id : ids())
    if (std::ranges::find(nodes[id].inputs, node) != nodes[id].inputs.end()) users.push_back(id);
  return users;
}

std::vector<NodeId> FlowGraph::ids() const {
  std::vector<NodeId> result;
  result.reserve(nodes.size());
  for (size_t i = 0; i < nodes.size(); ++i) result.emplace_back(i);
  return result;
}

bool follows_time(const FrameNode& frame) {
  return frame.order.size() == 1 && frame.order[0].expr.kind == ExprKind::Column &&
         frame.order[0].expr.name == kRowTime && !frame.order[0].descending;
}

std::vector<Field> made_columns(const FrameNode& frame) {
  std::vector<Field> columns;
  for (const auto& call : frame.calls) columns.push_back({call.name, call.finish.type});
  for (const auto* shifts : {&frame.shifts, &frame.leads})
    for (const auto& shift : *shifts) columns.push_back({shift.name, shift.value.type.as_nullable()});
  for (const auto* name : {&frame.number_column, &frame.rank_column})
    if (!name->empty()) columns.push_back({*name, Type(TypeKind::Int)});
  return columns;
}

const SessionWindow* session_of(const Node& node) {
  const auto* aggregate = node.as<AggregateNode>();
  const auto* top = node.as<TopNode>();
  if (aggregate != nullptr && aggregate->session) return &*aggregate->session;
  return top != nullptr && top->session ? &*top->session : nullptr;
}

int64_t window_lag(const FlowGraph& graph, NodeId node) {
  std::vector<int64_t> lags;  // inputs come before their users
  for (size_t i = 0; i <= node.value; ++i) {
    const Node& at = graph.nodes[NodeId(i)];
    int64_t lag = 0;
    if (at.kind() != NodeKind::Time)
      for (const NodeId input : at.inputs) lag = std::max(lag, lags[input.value]);
    if (const auto* window = at.as<WindowNode>()) lag += window->late;
    if (const auto* session = session_of(at)) lag += session->late;
    lags.push_back(lag);
  }
  return lags.back();
}

GraphEditor::GraphEditor(FlowGraph graph) : graph_(std::move(graph)) {}

NodeId GraphEditor::add(Node node) { return graph_.nodes.add(std::move(node)); }

void GraphEditor::replace(NodeId node, Node replacement) { graph_.nodes[node] = std::move(replacement); }

void GraphEditor::redirect(NodeId from, NodeId to, NodeId except) {
  for (const NodeId id : graph_.ids())
    if (id != except) std::ranges::replace(graph_.nodes[id].inputs, from, to);
}

void GraphEditor::set_inputs(NodeId node, std::vector<NodeId> inputs) { graph_.nodes[node].inputs = std::move(inputs); }

namespace {

// Emits nodes in their old order, each preceded by those of its inputs that are not there yet, so that an unchanged
// graph stays as it is and an added node stands right above its first user.
class Sorter {
 public:
  explicit Sorter(FlowGraph& graph) : graph_(graph), needed_(graph.nodes.size()), marks_(graph.nodes.size()) {}

  FlowGraph run() {
    for (const NodeId id : graph_.ids())
      if (graph_.nodes[id].kind() == NodeKind::Sink) mark_needed(id);
    for (const NodeId id : graph_.ids())
      if (needed_[id.value]) visit(id);
    FlowGraph sorted{std::move(graph_.name), std::move(graph_.files), {}};
    std::vector<NodeId> renumbered(graph_.nodes.size());
    for (const NodeId id : order_) {
      for (auto& input : graph_.nodes[id].inputs) input = renumbered[input.value];
      renumbered[id.value] = sorted.nodes.add(std::move(graph_.nodes[id]));
    }
    return sorted;
  }

 private:
  enum class Mark : uint8_t { New, Open, Done };

  void mark_needed(NodeId start) {
    std::vector<NodeId> work{start};
    while (!work.empty()) {
      const NodeId id = work.back();
      work.pop_back();
      SLUICE_INVARIANT(graph_.nodes.contains(id), "an edited graph refers to a node that does not exist");
      if (needed_[id.value]) continue;
      needed_[id.value] = true;
      for (const NodeId input : graph_.nodes[id].inputs) work.push_back(input);
    }
  }

  void visit(NodeId start) {
    std::vector<NodeId> stack{start};
    while (!stack.empty()) {
      const NodeId id = stack.back();
      Mark& mark = marks_[id.value];
      if (mark == Mark::New) {
        mark = Mark::Open;
        const auto& inputs = graph_.nodes[id].inputs;
        for (auto it = inputs.rbegin(); it != inputs.rend(); ++it) {
          SLUICE_INVARIANT(marks_[it->value] != Mark::Open, "an edited graph has a cycle");
          if (marks_[it->value] == Mark::New) stack.push_back(*it);
        }
        continue;
      }
      stack.pop_back();
      if (mark == Mark::Done) continue;  // pushed twice, by two users
      mark = Mark::Done;
      order_.push_back(id);
    }
  }

  FlowGraph& graph_;
  std::vector<bool> needed_;
  std::vector<Mark> marks_;
  std::vector<NodeId> order_;
};

}  // namespace

FlowGraph GraphEditor::finish() && { return Sorter(graph_).run(); }

}  // namespace sluice
