// R10: decides how many tasks run each node, and puts an exchange wherever rows must change tasks: by hash in front of
// a keyed aggregate or top, to one task in front of what needs all rows in one place. One walk down the graph.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "compiler/passes/passes.h"
#include "compiler/passes/row_order.h"
#include "lang/graph/graph_text.h"
#include "lang/graph/ways.h"
#include "lang/support/invariant.h"

namespace sluice::passes {

namespace {

// Where the rows a node gives out are.
struct Placement {
  uint32_t parallelism = 1;
  bool is_narrow = false;              // one task only because it follows the time of its rows: others can take over
  uint32_t depth = 0;                  // exchanges between the sources and here, on the longest way
  std::vector<std::string> hash_keys;  // distributed by the hash of these columns; empty: as the sources read them
  std::set<NodeId> streams;            // sources and gathers whose rows come through as they arrive, in one task
  // With one task, rows that steps hold back come step by step. With more, those that come through an exchange come
  // before those that a step behind it holds back.
  std::optional<NodeId> last_holder;    // the last step that held rows back on their way here
  std::optional<NodeId> last_streamed;  // the same, of the rows among `streams`
  std::optional<NodeId> first_held;     // the first step behind the exchanges that holds rows back
  bool is_unordered = false;            // pairs of a join: in any order, wherever it runs
};

std::optional<NodeId> later(std::optional<NodeId> a, std::optional<NodeId> b) { return !a || (b && *a < *b) ? b : a; }
std::optional<NodeId> earlier(std::optional<NodeId> a, std::optional<NodeId> b) { return !a || (b && *b < *a) ? b : a; }

// Does the watermark depend on the rows that came before, in their order?
bool follows_rows(const Node& node) {
  const auto* time = node.as<TimeNode>();
  return time != nullptr && time->time && !time->clock;
}

void add_sources_of(const FlowGraph& graph, NodeId start, std::set<NodeId>& sources) {
  for (const NodeId id : way_to(graph, start))
    if (graph.nodes[id].kind() == NodeKind::Source) sources.insert(id);
}

class Placer {
 public:
  // The sources in `single` are read by one task. Behind one task, the nodes in `together` stay in that task.
  Placer(FlowGraph graph, const PassOptions& options, std::set<NodeId> single, std::set<NodeId> together)
      : editor_(std::move(graph)),
        parallelism_(std::max(1u, options.parallelism)),
        single_(std::move(single)),
        together_(std::move(together)) {}

  // A union whose branches would arrive in an order that differs from run to run, if there is one where that matters.
  [[nodiscard]] std::optional<NodeId> place_all() {
    for (const NodeId id : editor_.graph().ids()) place(id);
    return disordered_;
  }

  PassResult finish(Notes notes) && {
    if (exchanges_.empty()) notes_.not_fired({}, "every step runs where its input is: nothing has to move");
    std::vector<RewriteNote> all = std::move(notes_).take();
    std::ranges::move(std::move(notes).take(), std::back_inserter(all));
    return {std::move(editor_).finish(), std::move(all)};
  }

 private:
  void place(NodeId id) {
    const Node node = editor_.graph().nodes[id];
    Placement at;
    if (node.kind() == NodeKind::Source) {
      at.parallelism = parallelism_ == 1 || node.parallelism == 0 ? parallelism_ : node.parallelism;
      if (single_.contains(id)) at.parallelism = 1;
      if (at.parallelism == 1) at.streams = {id};
    } else if (node.kind() == NodeKind::Union) {
      at = place_union(id);
    } else if (counts_off(node)) {
      // Its windows are filled in the order of the rows, so all of them go one way; what follows need not.
      at = gathered(id, 0);
      at.is_narrow = may_widen(id);
    } else if (const auto* aggregate = node.as<AggregateNode>();
               aggregate != nullptr && aggregate->phase != AggregatePhase::Partial) {
      at = place_keyed(id, meeting_keys(*aggregate));
    } else if (node.kind() == NodeKind::Join) {
      const auto& join = *node.as<JoinNode>();
      at = join.is_lookup ? place_lookup(id) : place_join(id);
      at.is_unordered = join.is_lookup ? placed_[node.inputs[0]].is_unordered : is_streamed(join);
    } else if (const auto* top = node.as<TopNode>()) {
      at = place_keyed(id, top->keys);
    } else if (const auto* frame = node.as<FrameNode>()) {
      at = place_keyed(id, frame->keys);
    } else if (needs_one_task(node)) {
      at = gathered(id, 0);
    } else {
      at = placed_[node.inputs[0]];
    }
    if (follows_rows(node)) at.is_narrow = may_widen(id);
    settle(id, at);
  }

  [[nodiscard]] bool may_widen(NodeId id) const { return parallelism_ > 1 && !together_.contains(id); }

  static bool needs_one_task(const Node& node) {
    if (const auto* sink = node.as<SinkNode>()) return sink->connector != "blackhole";
    return node.kind() == NodeKind::Sort || node.kind() == NodeKind::Limit || follows_rows(node);
  }

  // Branches that run side by side in one stage stay there. Otherwise a task would have to read some of its rows from
  // its own stage and some from an exchange fed by that stage, so all branches come together in one task.
  Placement place_union(NodeId id) {
    const std::vector<NodeId> inputs = editor_.graph().nodes[id].inputs;
    Placement first = placed_[inputs[0]];
    const bool is_uniform = std::ranges::all_of(inputs, [&](NodeId input) {
      return placed_[input].parallelism == first.parallelism && placed_[input].depth == first.depth;
    });
    if (is_uniform && first.parallelism > 1) {
      const bool same_keys =
          std::ranges::all_of(inputs, [&](NodeId input) { return placed_[input].hash_keys == first.hash_keys; });
      if (!same_keys) first.hash_keys.clear();
      for (const NodeId input : inputs) first.last_holder = later(first.last_holder, placed_[input].last_holder);
      return first;
    }
    Placement result;
    for (size_t i = 0; i < inputs.size(); ++i) {
      Placement branch = gathered(id, i, is_left_behind(id, inputs, i));
      result.depth = std::max(result.depth, branch.depth);
      result.streams.merge(branch.streams);
      result.last_holder = later(result.last_holder, branch.last_holder);
      result.last_streamed = later(result.last_streamed, branch.last_streamed);
      result.first_held = earlier(result.first_held, branch.first_held);
      result.is_unordered = result.is_unordered || branch.is_unordered;
    }
    // Sources of one stage are read one after the other, but what comes through exchanges comes when it comes.
    const bool has_exchange =
        std::ranges::any_of(result.streams, [&](NodeId stream) { return exchanges_.contains(stream); });
    const bool comes_early = result.last_streamed && result.first_held && *result.first_held < *result.last_streamed;
    const bool is_disordered = !result.is_unordered && (comes_early || (has_exchange && result.streams.size() > 1));
    if (is_disordered && !disordered_ && order_matters(editor_.graph(), id)) disordered_ = id;
    return result;
  }

  // Is input number `index` of a union where its source is, while another input left such a place? What else reads rows
  // on the way to it may be part of a stage that leads here by that other input.
  bool is_left_behind(NodeId id, const std::vector<NodeId>& inputs, size_t index) const {
    const auto depth = [&](NodeId input) { return placed_.at(input).depth + (placed_.at(input).parallelism > 1); };
    const std::set<NodeId> own = way_to(editor_.graph(), inputs[index]);
    const auto has_other_reader = [&](NodeId node) {
      const auto users = editor_.graph().users_of(node);
      return std::ranges::any_of(users, [&](NodeId user) { return user != id && !own.contains(user); });
    };
    return std::ranges::any_of(inputs, [&](NodeId other) { return depth(other) > depth(inputs[index]); }) &&
           std::ranges::any_of(own, has_other_reader);
  }

  // The placement of a node that needs the rows of each group of keys in one task.
  Placement place_keyed(NodeId id, const std::vector<NamedExpr>& keys) {
    const NodeId input = editor_.graph().nodes[id].inputs[0];
    const uint32_t hint = editor_.graph().nodes[id].parallelism;
    if (keys.empty() || hint == 1) return gathered(id, 0);
    if (placed_[input].parallelism == 1 && !placed_[input].is_narrow) return placed_[input];
    const bool fits_hint = hint == 0 || hint == placed_[input].parallelism;
    if (const auto columns = plain_columns(keys); fits_hint && columns && *columns == placed_[input].hash_keys) {
      notes_.fired({label(id)}, fmt::format("rows are already distributed by {}: no exchange", joined(*columns)));
      return placed_[input];
    }
    const uint32_t parallelism = hint == 0 ? parallelism_ : hint;
    const std::vector<std::string> columns = make_key_columns(id, keys);
    const NodeId below = editor_.graph().nodes[id].inputs[0];
    const NodeId exchange = exchange_above(below, {ExchangeKind::Hash, columns}, parallelism);
    editor_.set_inputs(id, {exchange});
    notes_.fired({label(exchange), label(id)},
                 fmt::format("rows go to {} tasks by the hash of {}", parallelism, joined(columns)));
    return {parallelism, false, placed_[input].depth + 1, columns, {}, {}, {}, {}, false};
  }

  // Rows with equal keys meet in one task. Both sides come through exchanges of their own, even where the rows lie
  // right already: a stage must not read some rows itself and get others from a stage that it feeds.
  Placement place_join(NodeId id) {
    const std::vector<NodeId> inputs = editor_.graph().nodes[id].inputs;
    const JoinNode join = *editor_.graph().nodes[id].as<JoinNode>();
    const bool stays = !may_widen(id) && placed_[inputs[0]].parallelism == 1 && placed_[inputs[1]].parallelism == 1;
    if (stays) return together(placed_[inputs[0]], placed_[inputs[1]]);
    const uint32_t hint = editor_.graph().nodes[id].parallelism;
    const bool is_spread = !join.left_keys.empty() && hint != 1;
    const uint32_t parallelism = !is_spread ? 1 : hint == 0 ? parallelism_ : hint;
    ExchangeNode left{ExchangeKind::Gather, {}};
    ExchangeNode right{ExchangeKind::Gather, {}};
    if (is_spread) {
      left = {ExchangeKind::Hash, make_join_columns(id, 0)};
      right = {ExchangeKind::Hash, make_join_columns(id, 1)};
    }
    const uint32_t depth = 1 + std::max(placed_[inputs[0]].depth, placed_[inputs[1]].depth);
    const std::vector<NodeId> below = editor_.graph().nodes[id].inputs;
    const NodeId left_exchange = exchange_above(below[0], left, parallelism, false);
    const NodeId right_exchange = exchange_above(below[1], right, parallelism, false);
    editor_.set_inputs(id, {left_exchange, right_exchange});
    notes_.fired(
        {label(left_exchange), label(right_exchange), label(id)},
        is_spread ? fmt::format("rows of both sides go to {} tasks by the hash of {}", parallelism, joined(left.keys))
                  : std::string("all rows of both sides go to one task"));
    Placement at{parallelism, false, depth, {}, {}, {}, {}, {}, false};
    // A row without a left partner lies where its right keys belong.
    const Schema& row = editor_.graph().nodes[id].schema;
    const bool has_keys = std::ranges::all_of(left.keys, [&](const auto& key) { return row.find(key) != nullptr; });
    if (is_spread && has_keys && !may_lack_left(join.kind)) at.hash_keys = left.keys;
    return at;
  }

  // Left rows stay where they are, in their order, and every task gets the whole table.
  Placement place_lookup(NodeId id) {
    const std::vector<NodeId> inputs = editor_.graph().nodes[id].inputs;
    const Placement at = placed_[inputs[0]];
    if (parallelism_ == 1) return at;
    const NodeId exchange = exchange_above(inputs[1], {ExchangeKind::Broadcast, {}}, at.parallelism, false);
    editor_.set_inputs(id, {inputs[0], exchange});
    notes_.fired({label(exchange), label(id)}, "each task that looks rows up gets the whole table");
    return at;
  }

  static Placement together(Placement a, const Placement& b) {
    a.hash_keys.clear();
    a.depth = std::max(a.depth, b.depth);
    a.streams.insert(b.streams.begin(), b.streams.end());
    a.last_holder = later(a.last_holder, b.last_holder);
    a.last_streamed = later(a.last_streamed, b.last_streamed);
    a.first_held = earlier(a.first_held, b.first_held);
    return a;
  }

  // As make_key_columns, for one side of a join.
  std::vector<std::string> make_join_columns(NodeId id, size_t side) {
    Node node = editor_.graph().nodes[id];
    auto& keys = side == 0 ? node.as<JoinNode>()->left_keys : node.as<JoinNode>()->right_keys;
    if (auto columns = plain_columns(keys)) return *columns;
    const NodeId input = node.inputs[side];
    KeyColumns made = columns_for(keys, editor_.graph().nodes[input].schema, node.span);
    Node below =
        make_project(editor_.graph(), input, std::move(made.project), fresh_label(editor_.graph(), node.label));
    const NodeId project = editor_.add(std::move(below));
    placed_[project] = placed_[input];
    keys = std::move(made.keys);
    node.inputs[side] = project;
    editor_.replace(id, std::move(node));
    return made.columns;
  }

  struct KeyColumns {
    std::vector<std::string> columns;  // that hold the keys
    std::vector<NamedExpr> keys;       // reading them
    std::vector<NamedExpr> project;    // the row with those that were computed
  };
  static KeyColumns columns_for(const std::vector<NamedExpr>& keys, const Schema& row, const Span& span) {
    KeyColumns made;
    for (const auto& field : row.fields) made.project.push_back({field.name, column_of(field, span)});
    for (const auto& key : keys) {
      if (key.expr.kind == ExprKind::Column) {
        made.columns.push_back(key.expr.name);
        made.keys.push_back(key);
        continue;
      }
      std::string name = "key." + key.name;
      while (row.find(name) != nullptr || std::ranges::find(made.columns, name) != made.columns.end())
        name = "key." + name;
      made.columns.push_back(name);
      made.keys.push_back({key.name, Expr::column(name, key.expr.type, key.expr.span)});
      made.project.push_back({name, key.expr});
    }
    return made;
  }

  // Names of columns that hold the keys. Keys that are computed get columns of their own below the exchange.
  std::vector<std::string> make_key_columns(NodeId id, const std::vector<NamedExpr>& keys) {
    if (auto columns = plain_columns(keys)) return *columns;
    Node node = editor_.graph().nodes[id];
    const NodeId input = node.inputs[0];
    KeyColumns made = columns_for(keys, editor_.graph().nodes[input].schema, node.span);
    Node below =
        make_project(editor_.graph(), input, std::move(made.project), fresh_label(editor_.graph(), node.label));
    const NodeId project_id = editor_.add(std::move(below));
    placed_[project_id] = placed_[input];
    use_key_columns(id, std::move(node), std::move(made.keys), project_id);
    return made.columns;
  }

  // Lets the node read its keys from the project node. A top and a frame pass their input on, so what was added is
  // dropped above.
  void use_key_columns(NodeId id, Node node, std::vector<NamedExpr> keys, NodeId project) {
    node.inputs = {project};
    if (auto* aggregate = node.as<AggregateNode>()) {
      aggregate->keys = std::move(keys);
      editor_.replace(id, std::move(node));
      return;
    }
    (node.as<TopNode>() != nullptr ? node.as<TopNode>()->keys : node.as<FrameNode>()->keys) = std::move(keys);
    std::vector<NamedExpr> wanted;
    for (const auto& field : node.schema.fields) wanted.push_back({field.name, column_of(field, node.span)});
    node.schema = schema_of(node, {&editor_.graph().nodes[project].schema});
    editor_.replace(id, std::move(node));
    Node above = make_project(editor_.graph(), id, std::move(wanted), fresh_label(editor_.graph(), label(id)));
    const NodeId above_id = editor_.add(std::move(above));
    editor_.redirect(id, above_id, above_id);
    late_.emplace(id, above_id);
  }

  // Moves input number `index` of the node to one task, and to another stage when it must move.
  Placement gathered(NodeId id, size_t index, bool must_move = false) {
    std::vector<NodeId> inputs = editor_.graph().nodes[id].inputs;
    const NodeId input = inputs[index];
    if (placed_[input].parallelism == 1 && !must_move) {
      Placement here = placed_[input];
      here.hash_keys.clear();
      return here;
    }
    // A union's inputs may lie at different depths, so its exchanges are its own: one with another reader as well
    // would tie that reader's stage to the union's.
    const bool is_union = editor_.graph().nodes[id].kind() == NodeKind::Union;
    const NodeId exchange = exchange_above(input, {ExchangeKind::Gather, {}}, 1, !is_union);
    inputs[index] = exchange;
    editor_.set_inputs(id, std::move(inputs));
    notes_.fired({label(exchange), label(id)}, "all rows go to one task");
    const auto holder = placed_[input].last_holder;
    return {1, false, placed_[input].depth + 1, {}, {exchange}, holder, holder, {}, placed_[input].is_unordered};
  }

  // Readers on the same number of tasks share an exchange.
  NodeId exchange_above(NodeId input, const ExchangeNode& exchange, uint32_t reader_tasks, bool may_share = true) {
    const auto found = std::ranges::find_if(exchanges_, [&](const auto& each) {
      const Node& node = editor_.graph().nodes[each.first];
      return node.inputs[0] == input && *node.as<ExchangeNode>() == exchange && each.second == reader_tasks;
    });
    if (may_share && found != exchanges_.end()) return found->first;
    const Node& below = editor_.graph().nodes[input];
    Node node;
    node.label = fresh_exchange_label(editor_.graph(), exchange_count_);
    node.span = below.span;
    node.inputs = {input};
    node.schema = below.schema;
    node.rows = below.rows;
    node.parallelism = placed_[input].parallelism;
    node.payload = exchange;
    const NodeId id = editor_.add(std::move(node));
    exchanges_.emplace(id, reader_tasks);
    return id;
  }

  static std::optional<std::vector<std::string>> plain_columns(const std::vector<NamedExpr>& keys) {
    std::vector<std::string> columns;
    for (const auto& key : keys) {
      if (key.expr.kind != ExprKind::Column) return std::nullopt;
      columns.push_back(key.expr.name);
    }
    return columns;
  }

  // The names that the columns the rows are distributed by have in the output of `node`; empty when one is gone.
  std::vector<std::string> keys_behind(const Node& node, const std::vector<std::string>& keys) const {
    const auto renamed = [](const std::vector<NamedExpr>& columns, const std::string& key) {
      const auto it = std::ranges::find_if(columns, [&](const NamedExpr& column) {
        return column.expr.kind == ExprKind::Column && column.expr.name == key;
      });
      return it == columns.end() ? std::optional<std::string>() : it->name;
    };
    std::vector<std::string> result;
    for (const auto& key : keys) {
      std::optional<std::string> name;
      if (const auto* project = node.as<ProjectNode>()) {
        name = renamed(project->columns, key);
      } else if (const auto* aggregate = node.as<AggregateNode>()) {
        name = renamed(aggregate->keys, key);
      } else if (const auto* expand = node.as<ExpandNode>()) {
        if (key != expand->column && node.schema.find(key) != nullptr) name = key;
      } else if (const auto* window = node.as<WindowNode>()) {
        if (key != window->column && node.schema.find(key) != nullptr) name = key;
      } else {
        name = key;
      }
      if (!name) return {};
      result.push_back(std::move(*name));
    }
    return result;
  }

  // Notes where the node runs, and with it the project that was put above it.
  void settle(NodeId id, Placement at) {
    Node node = editor_.graph().nodes[id];
    node.parallelism = at.parallelism;
    at.hash_keys = keys_behind(node, at.hash_keys);
    if (holds_rows_back(node)) {
      if (!counts_off(node)) at.streams.clear();
      at.last_streamed.reset();
      at.is_unordered = false;
      at.last_holder = at.first_held = id;
    }
    placed_[id] = at;
    editor_.replace(id, std::move(node));
    if (const auto it = late_.find(id); it != late_.end()) settle(it->second, at);
  }

  [[nodiscard]] const std::string& label(NodeId id) const { return editor_.graph().nodes[id].label; }

  static std::string joined(const std::vector<std::string>& names) {
    std::string text;
    for (const auto& name : names) text += (text.empty() ? "`" : ", `") + name + "`";
    return text;
  }

  GraphEditor editor_;
  uint32_t parallelism_;
  std::set<NodeId> single_;
  std::set<NodeId> together_;
  std::optional<NodeId> disordered_;
  size_t exchange_count_ = 0;
  std::map<NodeId, Placement> placed_;
  std::map<NodeId, NodeId> late_;         // top -> the project above it that was added while placing it
  std::map<NodeId, uint32_t> exchanges_;  // with the number of tasks behind it
  Notes notes_{"place_exchanges"};
};

}  // namespace

PassResult place_exchanges(FlowGraph graph, const PassOptions& options) {
  Notes notes("place_exchanges");
  if (std::ranges::any_of(graph.nodes, [](const Node& node) { return node.kind() == NodeKind::Exchange; })) {
    notes.not_fired({}, "the graph has its exchanges already");
    return {std::move(graph), std::move(notes).take()};
  }
  // A watermark follows the rows of its source in their order, which only one task sees.
  std::set<NodeId> single;
  for (const NodeId id : graph.ids())
    if (follows_rows(graph.nodes[id])) add_sources_of(graph, id, single);
  std::set<NodeId> together;
  while (true) {
    Placer placer(graph, options, single, together);
    const auto disordered = placer.place_all();
    if (!disordered) return std::move(placer).finish(std::move(notes));
    const size_t single_before = single.size();
    add_sources_of(graph, *disordered, single);
    if (single.size() == single_before) {
      // One task reads them already, but steps behind it went to several: they stay, and there is no exchange left.
      const size_t together_before = together.size();
      together.merge(way_to(graph, *disordered));
      SLUICE_INVARIANT(together.size() > together_before, "a union in one task has its rows in one order");
      continue;
    }
    notes.not_fired({graph.nodes[*disordered].label},
                    "its branches would arrive in any order, so one task reads its sources: sort or aggregate behind "
                    "the union to use more");
  }
}

}  // namespace sluice::passes
