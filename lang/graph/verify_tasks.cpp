#include "lang/graph/verify_tasks.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <string>

#include "lang/graph/ways.h"

namespace sluice {

namespace {

using Names = std::vector<std::string>;

uint32_t tasks_of(const Node& node) { return std::max(1u, node.parallelism); }

bool is_exchange(const FlowGraph& graph, NodeId id) { return graph.nodes[id].kind() == NodeKind::Exchange; }

// Nodes that run side by side: those without an exchange between them, and the readers of one exchange.
class Groups {
 public:
  explicit Groups(const FlowGraph& graph) : parents_(graph.nodes.size()) {
    std::iota(parents_.begin(), parents_.end(), 0u);
    std::map<NodeId, NodeId> readers;
    for (const NodeId id : graph.ids()) {
      if (is_exchange(graph, id)) continue;
      for (const NodeId input : graph.nodes[id].inputs) {
        if (!is_exchange(graph, input)) {
          join(input, id);
        } else if (const auto [first, is_new] = readers.emplace(input, id); !is_new) {
          join(first->second, id);
        }
      }
    }
  }
  uint32_t find(NodeId id) {
    uint32_t item = id.value;
    while (parents_[item] != item) item = parents_[item] = parents_[parents_[item]];
    return item;
  }

 private:
  void join(NodeId a, NodeId b) { parents_[find(b)] = find(a); }
  std::vector<uint32_t> parents_;
};

// The names of the plain columns among the expressions; empty for others.
Names columns_of(const std::vector<NamedExpr>& exprs) {
  Names names;
  for (const auto& each : exprs) names.push_back(each.expr.kind == ExprKind::Column ? each.expr.name : std::string());
  return names;
}

// By the hash of which columns the rows that a node gives out are distributed over its tasks; empty: by none.
class Distribution {
 public:
  explicit Distribution(const FlowGraph& graph) {
    for (const NodeId id : graph.ids()) by_node_.push_back(behind(graph.nodes[id]));
  }
  [[nodiscard]] const Names& of(NodeId id) const { return by_node_[id.value]; }

  // Are the rows with the same keys in one task?
  [[nodiscard]] bool fits(const Node& node, const std::vector<NamedExpr>& keys) const {
    const Names& by = of(node.inputs[0]);
    const Names columns = columns_of(keys);
    return !by.empty() &&
           std::ranges::all_of(by, [&](const auto& name) { return std::ranges::find(columns, name) != columns.end(); });
  }
  [[nodiscard]] bool fits(const Node& node, const JoinNode& join) const {
    const Names& left = of(node.inputs[0]);
    const Names& right = of(node.inputs[1]);
    const Names left_keys = columns_of(join.left_keys);
    const Names right_keys = columns_of(join.right_keys);
    if (left.empty() || left.size() != right.size()) return false;
    for (size_t i = 0; i < left.size(); ++i) {
      bool is_key = false;
      for (size_t key = 0; key < left_keys.size(); ++key)
        is_key = is_key || (left_keys[key] == left[i] && right_keys[key] == right[i]);
      if (!is_key) return false;
    }
    return true;
  }

 private:
  [[nodiscard]] Names behind(const Node& node) const {
    if (const auto* exchange = node.as<ExchangeNode>()) return exchange->keys;
    if (node.inputs.empty()) return {};
    const Names& below = of(node.inputs[0]);
    if (node.kind() == NodeKind::Union)
      return std::ranges::all_of(node.inputs, [&](NodeId input) { return of(input) == below; }) ? below : Names();
    if (const auto* join = node.as<JoinNode>(); join != nullptr && may_lack_left(join->kind)) return {};
    Names names;
    for (const auto& name : below) {
      const std::string now = name_behind(node, name);
      if (now.empty()) return {};
      names.push_back(now);
    }
    return names;
  }

  // What the node calls the column of its input; empty when it does not pass it on.
  static std::string name_behind(const Node& node, const std::string& name) {
    const auto renamed = [&](const std::vector<NamedExpr>& columns) {
      const auto it = std::ranges::find_if(columns, [&](const NamedExpr& column) {
        return column.expr.kind == ExprKind::Column && column.expr.name == name;
      });
      return it == columns.end() ? std::string() : it->name;
    };
    if (const auto* project = node.as<ProjectNode>()) return renamed(project->columns);
    if (const auto* aggregate = node.as<AggregateNode>()) return renamed(aggregate->keys);
    const auto* expand = node.as<ExpandNode>();
    const auto* window = node.as<WindowNode>();
    const bool is_made = (expand != nullptr && expand->column == name) || (window != nullptr && window->column == name);
    return is_made || node.schema.find(name) == nullptr ? std::string() : name;
  }

  std::vector<Names> by_node_;
};

// What the right side of a lookup is made of, down to its sources.
std::set<NodeId> table_of(const FlowGraph& graph, NodeId lookup) {
  return way_to(graph, graph.nodes[lookup].inputs[1]);
}

bool is_lookup(const Node& node) { return node.kind() == NodeKind::Join && node.as<JoinNode>()->is_lookup; }

// May the step stand between a lookup and the sources of its table? It must give out its rows as they come.
bool passes_rows_on(NodeKind kind) {
  return kind == NodeKind::Source || kind == NodeKind::Filter || kind == NodeKind::Project ||
         kind == NodeKind::Expand || kind == NodeKind::Union || kind == NodeKind::Exchange;
}

// Rows that wait for a table must not be needed to make it.
std::string problem_of_lookup(const FlowGraph& graph, NodeId id) {
  const std::set<NodeId> table = table_of(graph, id);
  for (const NodeId step : table) {
    const Node& node = graph.nodes[step];
    if (!passes_rows_on(node.kind()))
      return fmt::format("it looks rows up in a table of which node {} holds rows back", node.label);
    for (const NodeId user : graph.users_of(step))
      if (user != id && !table.contains(user))
        return fmt::format("it looks rows up in a table that node {} reads, too", graph.nodes[user].label);
  }
  if (table.contains(graph.nodes[id].inputs[0])) return "it looks rows up in a table that they are part of";
  return {};
}

class TaskChecker {
 public:
  explicit TaskChecker(const FlowGraph& graph) : graph_(graph), groups_(graph), distribution_(graph) {
    for (const NodeId id : graph.ids())
      if (is_lookup(graph.nodes[id])) tables_.merge(table_of(graph, id));
  }

  std::optional<Violation> run() {
    std::map<uint32_t, NodeId> first;  // of each group
    for (const NodeId id : graph_.ids()) {
      std::string text = is_exchange(graph_, id) ? problem_of_exchange(id) : problem_of_step(id);
      if (text.empty() && !is_exchange(graph_, id)) {
        const NodeId other = first.emplace(groups_.find(id), id).first->second;
        const uint32_t tasks = tasks_of(graph_.nodes[id]);
        if (tasks_of(graph_.nodes[other]) != tasks)
          text = fmt::format("it runs in {} tasks, but with node {}, which runs in {}", tasks,
                             graph_.nodes[other].label, tasks_of(graph_.nodes[other]));
      }
      if (!text.empty()) return Violation{id, std::move(text)};
    }
    return find_circle();
  }

 private:
  std::string problem_of_exchange(NodeId id) {
    const Node& node = graph_.nodes[id];
    const auto& exchange = *node.as<ExchangeNode>();
    if (exchange.kind == ExchangeKind::Forward) return "no exchange only forwards rows";
    if ((exchange.kind == ExchangeKind::Broadcast) != tables_.contains(id))
      return "tables that rows are looked up in are broadcast, and nothing else is";
    if (is_exchange(graph_, node.inputs[0])) return "an exchange behind an exchange";
    for (const NodeId user : graph_.users_of(id))
      if (exchange.kind == ExchangeKind::Gather && tasks_of(graph_.nodes[user]) != 1)
        return fmt::format("it gathers rows for the {} tasks of node {}", tasks_of(graph_.nodes[user]),
                           graph_.nodes[user].label);
    return {};
  }

  std::string problem_of_step(NodeId id) {
    const Node& node = graph_.nodes[id];
    if (tasks_of(node) == 1) return {};
    const std::string many = fmt::format("it runs in {} tasks, ", tasks_of(node));
    if (needs_all_rows(id)) return many + "but needs all rows in one place";
    const std::vector<NamedExpr> keys = keys_of(node);
    if (!keys.empty() && !distribution_.fits(node, keys)) return many + "but its rows are not distributed by its keys";
    const auto* join = node.as<JoinNode>();
    if (is_lookup(node)) return is_broadcast(node.inputs[1]) ? std::string() : many + "but has not the whole table";
    if (join != nullptr && !distribution_.fits(node, *join))
      return many + "but its rows are not distributed by its keys";
    return {};
  }

  // Do all of the rows come through an exchange?
  [[nodiscard]] bool is_broadcast(NodeId rows) const {
    const Node& node = graph_.nodes[rows];
    return node.kind() == NodeKind::Exchange ||
           (!node.inputs.empty() &&
            std::ranges::all_of(node.inputs, [this](NodeId input) { return is_broadcast(input); }));
  }

  // Keys whose rows must be in one task.
  [[nodiscard]] static std::vector<NamedExpr> keys_of(const Node& node) {
    const auto* aggregate = node.as<AggregateNode>();
    if (aggregate != nullptr && aggregate->phase != AggregatePhase::Partial) return meeting_keys(*aggregate);
    const auto* frame = node.as<FrameNode>();
    return frame == nullptr ? std::vector<NamedExpr>() : frame->keys;
  }

  [[nodiscard]] bool needs_all_rows(NodeId id) const {
    const Node& node = graph_.nodes[id];
    if (const auto* sink = node.as<SinkNode>()) return sink->connector != "blackhole";
    if (const auto* aggregate = node.as<AggregateNode>())
      return aggregate->phase != AggregatePhase::Partial &&
             (meeting_keys(*aggregate).empty() || aggregate->window_rows != 0);
    if (const auto* frame = node.as<FrameNode>()) return frame->keys.empty();
    if (const auto* join = node.as<JoinNode>()) return join->left_keys.empty() && !join->is_lookup;
    // The first rows of each task may meet behind an exchange.
    if (const auto* top = node.as<TopNode>()) return top->keys.empty() && !leads_to_exchanges(id);
    const auto* time = node.as<TimeNode>();
    const bool follows_rows = time != nullptr && time->time && !time->clock;
    return follows_rows || node.kind() == NodeKind::Sort || node.kind() == NodeKind::Limit;
  }

  [[nodiscard]] bool leads_to_exchanges(NodeId id) const {
    return std::ranges::all_of(graph_.users_of(id), [&](NodeId user) {
      const NodeKind kind = graph_.nodes[user].kind();
      const bool keeps_first = kind == NodeKind::Project || kind == NodeKind::Top;
      return kind == NodeKind::Exchange || (keeps_first && leads_to_exchanges(user));
    });
  }

  // Groups that wait for each other could not be put in an order.
  std::optional<Violation> find_circle() {
    std::map<uint32_t, std::set<uint32_t>> before;
    for (const NodeId id : graph_.ids()) {
      if (is_exchange(graph_, id)) continue;
      auto& own = before[groups_.find(id)];
      for (const NodeId input : graph_.nodes[id].inputs)
        if (is_exchange(graph_, input)) own.insert(groups_.find(graph_.nodes[input].inputs[0]));
    }
    while (!before.empty()) {
      const auto next = std::ranges::find_if(before, [&](const auto& group) {
        return std::ranges::none_of(group.second, [&](uint32_t other) { return before.contains(other); });
      });
      if (next == before.end())
        return Violation{NodeId(before.begin()->first), "its rows come back to it through an exchange"};
      before.erase(next);
    }
    return std::nullopt;
  }

  const FlowGraph& graph_;
  Groups groups_;
  Distribution distribution_;
  std::set<NodeId> tables_;  // what those of lookups are made of
};

bool is_rewritten(const Node& node) {
  const auto* aggregate = node.as<AggregateNode>();
  const auto* top = node.as<TopNode>();
  const auto* join = node.as<JoinNode>();
  return node.kind() == NodeKind::Exchange || (top != nullptr && top->is_incremental) ||
         (join != nullptr && (join->is_incremental || join->is_lookup)) ||
         (aggregate != nullptr && (aggregate->is_incremental || aggregate->phase != AggregatePhase::Single));
}

}  // namespace

std::optional<Violation> find_task_violation(const FlowGraph& graph) {
  std::optional<NodeId> changes;
  std::optional<NodeId> rewritten;
  bool has_exchange = false;
  for (const NodeId id : graph.ids()) {
    const Node& node = graph.nodes[id];
    if (node.parallelism > kMostTasks) return Violation{id, fmt::format("more than {} tasks", kMostTasks)};
    if (node.kind() == NodeKind::Changes) changes = id;
    if (is_rewritten(node)) rewritten = id;
    if (is_lookup(node))
      if (std::string text = problem_of_lookup(graph, id); !text.empty()) return Violation{id, std::move(text)};
    has_exchange = has_exchange || node.kind() == NodeKind::Exchange;
  }
  if (changes && rewritten)
    return Violation{*changes, fmt::format("`changes` in a graph that was rewritten already: see node {}",
                                           graph.nodes[*rewritten].label)};
  if (!has_exchange) return std::nullopt;
  return TaskChecker(graph).run();
}

std::optional<Violation> find_stage_violation(const FlowGraph& graph) {
  std::set<uint32_t> stages;
  for (const NodeId id : graph.ids()) {
    const Node& node = graph.nodes[id];
    if (node.kind() == NodeKind::Exchange) continue;
    if (node.kind() == NodeKind::Changes) return Violation{id, "`changes` cannot run: its steps are not rewritten"};
    if (!node.stage) return Violation{id, "it has no stage"};
    if (node.parallelism == 0) return Violation{id, "it has no tasks"};
    for (const NodeId input : node.inputs) {
      const bool is_crossing = is_exchange(graph, input);
      const Node& below = graph.nodes[is_crossing ? graph.nodes[input].inputs[0] : input];
      if (!is_crossing && below.stage != node.stage)
        return Violation{id, fmt::format("it is in another stage than node {}, without an exchange", below.label)};
      if (!is_crossing && below.parallelism != node.parallelism)
        return Violation{id, fmt::format("it has another number of tasks than node {}", below.label)};
      if (is_crossing && !(below.stage < node.stage))
        return Violation{id, fmt::format("its stage does not come behind that of node {}", below.label)};
    }
    stages.insert(*node.stage);
  }
  if (stages.empty()) return Violation{{}, "a plan without steps"};
  if (*stages.rbegin() + 1 != stages.size()) return Violation{{}, "stages are numbered from 0 on"};
  std::map<uint32_t, NodeId> first;
  for (const NodeId id : graph.ids()) {
    const Node& node = graph.nodes[id];
    if (!node.stage) continue;
    const Node& other = graph.nodes[first.emplace(*node.stage, id).first->second];
    if (other.parallelism != node.parallelism)
      return Violation{id, fmt::format("it has another number of tasks than node {} of its stage", other.label)};
  }
  return std::nullopt;
}

}  // namespace sluice
