// R03: nothing is decoded, computed, kept or sent that nobody reads. One walk up the graph finds what is read, one down
// rebuilds the nodes. What may raise a row error stays even if nobody reads it, because the error is part of the
// answer. Top and sort break ties by the columns of the row from left to right, so they need all that stand in front of
// one that is read; behind the last of these, equal rows would differ only in what nobody reads.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "compiler/passes/passes.h"

namespace sluice::passes {

namespace {

using Names = std::set<std::string>;

void add_columns(const Expr& expr, Names& names) {
  for_each(expr, [&](const Expr& part) {
    if (part.kind == ExprKind::Column) names.insert(part.name);
  });
}

bool has_float(const Type& type) {
  return type.kind == TypeKind::Float ||
         std::ranges::any_of(type.fields, [](const Field& field) { return has_float(field.type); }) ||
         (type.kind == TypeKind::List && has_float(type.element()));
}

bool holds_float(const Field& field) { return has_float(field.type); }

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "`" : ", `") + name + "`";
  return text;
}

class Pruner {
 public:
  explicit Pruner(FlowGraph graph) : editor_(std::move(graph)) {}

  PassResult run() && {
    const std::vector<NodeId> ids = editor_.graph().ids();
    for (auto it = ids.rbegin(); it != ids.rend(); ++it) note_reads(*it);
    for (const NodeId id : ids) rebuild(id);
    return {std::move(editor_).finish(), std::move(notes_).take()};
  }

 private:
  [[nodiscard]] const Node& node(NodeId id) const { return editor_.graph().nodes[id]; }

  // --- up: which columns of each node's output are read -----------------------------------------------------------

  void note_reads(NodeId id) {
    std::visit([&](const auto& payload) { reads_of(payload, id); }, node(id).payload);
    if (!follows_watermark(node(id)) && !followed_.contains(id)) return;
    followed_.insert(node(id).inputs.begin(), node(id).inputs.end());
  }

  // Does it give out rows when the watermark passes the end of their windows, or forgets rows behind it? It need not
  // read a time for that.
  static bool follows_watermark(const Node& reader) {
    const auto* aggregate = reader.as<AggregateNode>();
    const auto* top = reader.as<TopNode>();
    const auto* join = reader.as<JoinNode>();
    const auto* frame = reader.as<FrameNode>();
    return (frame != nullptr && follows_time(*frame)) || (aggregate != nullptr && window_key(aggregate->keys)) ||
           (top != nullptr && window_key(top->keys)) ||
           (join != nullptr && (window_key(join->left_keys) || join->left_bound || join->right_bound));
  }

  Names& read_below(NodeId id, size_t index = 0) { return read_[node(id).inputs[index]]; }
  void read_all_below(NodeId id) {
    for (const auto& field : node(node(id).inputs[0]).schema.fields) read_below(id).insert(field.name);
  }
  void pass_on(NodeId id) {
    for (size_t i = 0; i < node(id).inputs.size(); ++i) read_below(id, i).insert(read_[id].begin(), read_[id].end());
  }

  void reads_of(const SourceNode&, NodeId) {}
  void reads_of(const FilterNode& filter, NodeId id) {
    pass_on(id);
    add_columns(filter.condition, read_below(id));
  }
  void reads_of(const ProjectNode& project, NodeId id) {
    for (const auto& column : project.columns)
      if (is_kept(column, id)) add_columns(column.expr, read_below(id));
  }
  void reads_of(const ExpandNode& expand, NodeId id) {
    for (const auto& name : read_[id])
      if (name != expand.column) read_below(id).insert(name);
    add_columns(expand.list, read_below(id));
  }
  void reads_of(const TimeNode& time, NodeId id) {
    for (const auto& name : read_[id])
      if (name != kRowTime && name != kRowMark) read_below(id).insert(name);
    if (is_timeless(id)) return;
    if (time.time) add_columns(*time.time, read_below(id));
    if (time.clock) add_columns(*time.clock, read_below(id));
  }
  void reads_of(const WindowNode& window, NodeId id) {
    for (const auto& name : read_[id])
      if (name != window.column) read_below(id).insert(name);
    for (const auto name : {kRowTime, kRowMark}) read_below(id).insert(std::string(name));
  }
  void reads_of(const AggregateNode& aggregate, NodeId id) {
    Names& below = read_below(id);
    read_weight(id);
    for (const auto& key : aggregate.keys) add_columns(key.expr, below);
    if (aggregate.session || collects_changes(aggregate))
      for (const auto name : {kRowTime, kRowMark}) below.insert(std::string(name));
    for (const auto& call : kept_calls(aggregate, id)) {
      for (const auto& arg : call.args) add_columns(arg.expr, below);
      if (call.filter) add_columns(*call.filter, below);
      if (aggregate.phase != AggregatePhase::Final) continue;
      for (const auto& state : call.states) below.insert(call.name + "." + state.name);
    }
  }
  void reads_of(const TopNode& top, NodeId id) {
    read_weight(id);
    for (const auto& key : top.keys) add_columns(key.expr, read_below(id));
    if (top.session || collects_changes(top))
      for (const auto name : {kRowTime, kRowMark}) read_below(id).insert(std::string(name));
    read_to_break_ties(top.order, id, read_[id]);
  }
  void reads_of(const SortNode& sort, NodeId id) { read_to_break_ties(sort.order, id, read_[id]); }
  // What is computed over rows depends on which of them comes first, as what is passed on does.
  void reads_of(const FrameNode& frame, NodeId id) {
    Names read = read_[id];
    for (const auto& key : frame.keys) add_columns(key.expr, read);
    for (const auto& call : kept_calls(frame, id)) {
      for (const auto& arg : call.args) add_columns(arg.expr, read);
      if (call.filter) add_columns(*call.filter, read);
    }
    for (const auto* shifts : {&frame.shifts, &frame.leads})
      for (const auto& shift : kept_shifts(*shifts, id)) add_columns(shift.value, read);
    for (const auto& field : made_columns(frame)) read.erase(field.name);
    read.erase(std::string(kRowMark));
    read_to_break_ties(frame.order, id, read);
    read_below(id).insert(read.begin(), read.end());
    if (follows_time(frame)) read_below(id).insert(std::string(kRowMark));
  }
  void read_to_break_ties(const std::vector<OrderKey>& order, NodeId id, const Names& read) {
    for (const auto& key : order) add_columns(key.expr, read_below(id));
    const auto& fields = node(node(id).inputs[0]).schema.fields;
    size_t end = fields.size();
    while (end > 1 && !read.contains(fields[end - 1].name)) --end;
    // Only when nothing else decides, 0.0 and -0.0 are told apart, so with floats everything else must be there.
    if (std::any_of(fields.begin(), fields.begin() + static_cast<std::ptrdiff_t>(end), holds_float))
      end = fields.size();
    for (size_t i = 0; i < end; ++i) read_below(id).insert(fields[i].name);
  }
  void read_weight(NodeId id) {
    for (size_t i = 0; i < node(id).inputs.size(); ++i)
      if (node(node(id).inputs[i]).schema.find(kRowWeight) != nullptr)
        read_below(id, i).insert(std::string(kRowWeight));
  }
  void reads_of(const LimitNode&, NodeId id) { pass_on(id); }
  void reads_of(const UnionNode&, NodeId id) { pass_on(id); }
  void reads_of(const JoinNode& join, NodeId id) {
    const Names pair = read_of_pair(join, id);
    const Schema& left = node(node(id).inputs[0]).schema;
    read_weight(id);
    for (const auto& name : pair)
      if (left.find(name) != nullptr && name != kRowWeight) read_below(id, 0).insert(name);
    for (const auto& key : join.left_keys) add_columns(key.expr, read_below(id, 0));
    for (const auto& key : join.right_keys) add_columns(key.expr, read_below(id, 1));
    if (join.left_bound) add_columns(join.left_bound->time, read_below(id, 0));
    if (join.right_bound) add_columns(join.right_bound->time, read_below(id, 1));
    for (const auto& column : join.right)
      if (is_kept_of_right(column, pair)) add_columns(column.expr, read_below(id, 1));
  }
  Names read_of_pair(const JoinNode& join, NodeId id) {
    Names pair = read_[id];
    if (join.residual) add_columns(*join.residual, pair);
    return pair;
  }
  static bool is_kept_of_right(const NamedExpr& column, const Names& pair) {
    return pair.contains(column.name) || can_fail(column.expr);
  }
  void reads_of(const ChangesNode&, NodeId id) { read_all_below(id); }
  void reads_of(const SinkNode&, NodeId id) { read_all_below(id); }
  void reads_of(const ExchangeNode& exchange, NodeId id) {
    pass_on(id);
    Names& below = read_below(id);
    below.insert(exchange.keys.begin(), exchange.keys.end());
    // A row of no columns has no size; one column carries the count.
    if (below.empty() && !node(id).schema.fields.empty()) below.insert(cheapest(node(id).schema));
  }
  void reads_of(std::monostate, NodeId) {}

  static const std::string& cheapest(const Schema& schema) {
    const auto it = std::ranges::find_if(schema.fields, [](const Field& field) {
      return field.type.kind != TypeKind::String && field.type.kind != TypeKind::List &&
             field.type.kind != TypeKind::Record;
    });
    return it == schema.fields.end() ? schema.fields.front().name : it->name;
  }

  bool is_kept(const NamedExpr& column, NodeId id) { return read_[id].contains(column.name) || can_fail(column.expr); }

  std::vector<AggregateCall> kept_calls(const AggregateNode& aggregate, NodeId id) {
    const auto is_read = [&](const AggregateCall& call) {
      if (aggregate.phase != AggregatePhase::Partial) return read_[id].contains(call.name);
      return std::ranges::any_of(
          call.states, [&](const AggregateState& state) { return read_[id].contains(call.name + "." + state.name); });
    };
    std::vector<AggregateCall> kept;
    for (const auto& call : aggregate.calls)
      if (is_read(call) || call_can_fail(call)) kept.push_back(call);
    // A row needs a column: an aggregate without keys keeps one call. So does an incremental one, whose rows would have
    // no weight otherwise.
    if (kept.empty() && (aggregate.keys.empty() || aggregate.is_incremental) && !aggregate.calls.empty())
      kept.push_back(aggregate.calls.front());
    return kept;
  }

  std::vector<AggregateCall> kept_calls(const FrameNode& frame, NodeId id) {
    std::vector<AggregateCall> kept = frame.calls;
    std::erase_if(kept,
                  [&](const AggregateCall& call) { return !read_[id].contains(call.name) && !call_can_fail(call); });
    return kept;
  }
  std::vector<FrameShift> kept_shifts(std::vector<FrameShift> kept, NodeId id) {
    std::erase_if(kept,
                  [&](const FrameShift& shift) { return !read_[id].contains(shift.name) && !can_fail(shift.value); });
    return kept;
  }

  // Does nobody look at the time that this node gives to rows?
  bool is_timeless(NodeId id) {
    if (node(id).kind() != NodeKind::Time || followed_.contains(id)) return false;
    const bool is_read = read_[id].contains(std::string(kRowTime)) || read_[id].contains(std::string(kRowMark));
    return !is_read && !is_read_with(id, node(id).inputs[0]);
  }

  // --- down: nodes over narrower inputs ---------------------------------------------------------------------------

  void rebuild(NodeId id) {
    if (is_timeless(id)) {
      notes_.fired({node(id).label}, "nobody looks at the time of its rows");
      editor_.redirect(id, node(id).inputs[0]);
      editor_.set_inputs(id, {});
      return;
    }
    Node changed = node(id);
    std::visit([&](auto& payload) { narrow(payload, changed, id); }, changed.payload);
    std::vector<const Schema*> inputs;
    for (const NodeId input : changed.inputs) inputs.push_back(&node(input).schema);
    changed.schema = schema_of(changed, inputs);
    const bool is_idle = changed.text.empty() && passes_everything_on(changed);
    const NodeId below = changed.inputs.empty() ? NodeId() : changed.inputs[0];
    editor_.replace(id, std::move(changed));
    if (!is_idle || is_read_with(id, below)) return;
    editor_.redirect(id, below);
    editor_.set_inputs(id, {});
  }

  // A project that does nothing any more, which the checker had added for columns that turned out unread.
  bool passes_everything_on(const Node& changed) const {
    const auto* project = changed.as<ProjectNode>();
    return project != nullptr && changed.schema == node(changed.inputs[0]).schema &&
           std::ranges::all_of(project->columns, [](const NamedExpr& column) {
             return column.expr.kind == ExprKind::Column && column.expr.name == column.name;
           });
  }
  // Does a node read both? A node reads each input once.
  bool is_read_with(NodeId a, NodeId b) const {
    const auto users = editor_.graph().users_of(a);
    return std::ranges::any_of(users, [&](NodeId user) { return std::ranges::count(node(user).inputs, b) != 0; });
  }

  void narrow(SourceNode& source, Node& changed, NodeId id) {
    Names decoded = read_[id];
    std::erase_if(changed.schema.fields, [&](const Field& field) { return !decoded.contains(field.name); });
    if (source.filter) add_columns(*source.filter, decoded);
    std::vector<std::string> names;
    for (const auto& field : source.declared.fields)
      if (decoded.contains(field.name)) names.push_back(field.name);
    const size_t all = source.declared.fields.size();
    if (names.size() == all)
      notes_.not_fired({changed.label},
                       all == 1 ? "its only field is used" : fmt::format("all {} fields are used", all));
    else
      notes_.fired({changed.label}, fmt::format("{} of {} fields decoded{}{}", names.size(), all,
                                                names.empty() ? "" : ": ", listed(names)));
  }
  void narrow(ProjectNode& project, Node& changed, NodeId id) {
    std::vector<std::string> dropped;
    std::vector<std::string> kept_for_errors;
    std::erase_if(project.columns, [&](const NamedExpr& column) {
      if (read_[id].contains(column.name)) return false;
      (can_fail(column.expr) ? kept_for_errors : dropped).push_back(column.name);
      return !can_fail(column.expr);
    });
    if (!dropped.empty()) notes_.fired({changed.label}, listed(dropped) + " not computed: nobody reads it");
    if (!kept_for_errors.empty())
      notes_.not_fired({changed.label}, listed(kept_for_errors) + " is read by nobody, but computing it may fail");
  }
  void narrow(ExpandNode& expand, Node& changed, NodeId id) {
    std::vector<std::string> dropped;
    std::erase_if(changed.schema.fields, [&](const Field& field) {
      const bool is_dropped = field.name != expand.column && !read_[id].contains(field.name);
      if (is_dropped) dropped.push_back(field.name);
      return is_dropped;
    });
    if (!dropped.empty()) notes_.fired({changed.label}, listed(dropped) + " ends here: nobody reads it further on");
  }
  void narrow(TimeNode&, Node& changed, NodeId id) { drop_unread(changed, id, {}); }
  void narrow(WindowNode& window, Node& changed, NodeId id) { drop_unread(changed, id, window.column); }
  // Of a node that says itself what it passes on; `always` is kept in any case.
  void drop_unread(Node& changed, NodeId id, const std::string& always) {
    std::erase_if(changed.schema.fields,
                  [&](const Field& field) { return field.name != always && !read_[id].contains(field.name); });
  }
  void narrow(AggregateNode& aggregate, Node& changed, NodeId id) {
    std::vector<AggregateCall> kept = kept_calls(aggregate, id);
    if (kept.size() == aggregate.calls.size()) return;
    std::vector<std::string> dropped;
    for (const auto& call : aggregate.calls)
      if (std::ranges::find(kept, call.name, &AggregateCall::name) == kept.end()) dropped.push_back(call.name);
    notes_.fired({changed.label}, listed(dropped) + " not computed: nobody reads it");
    aggregate.calls = std::move(kept);
  }
  void narrow(JoinNode& join, Node& changed, NodeId id) {
    const Names pair = read_of_pair(join, id);
    std::vector<std::string> dropped;
    std::erase_if(join.right, [&](const NamedExpr& column) {
      const bool is_dropped = !is_kept_of_right(column, pair);
      if (is_dropped) dropped.push_back(column.name);
      return is_dropped;
    });
    std::erase_if(changed.schema.fields, [&](const Field& field) {
      const bool is_dropped = !read_[id].contains(field.name);
      if (field.name == kRowWeight) return false;
      const bool is_left = node(changed.inputs[0]).schema.find(field.name) != nullptr;
      if (is_dropped && is_left && !pair.contains(field.name)) dropped.push_back(field.name);
      return is_dropped;
    });
    if (!dropped.empty()) notes_.fired({changed.label}, listed(dropped) + " not kept for pairs: nobody reads it");
  }
  void narrow(UnionNode&, Node& changed, NodeId id) {
    Schema wanted = changed.schema;
    std::erase_if(wanted.fields, [&](const Field& field) { return !read_[id].contains(field.name); });
    for (auto& input : changed.inputs) input = narrowed(input, wanted, changed);
  }
  void narrow(ExchangeNode& exchange, Node& changed, NodeId id) {
    Names carried = read_[id];
    carried.insert(exchange.keys.begin(), exchange.keys.end());
    if (carried.empty() && !changed.schema.fields.empty()) carried.insert(cheapest(changed.schema));
    Schema wanted = node(changed.inputs[0]).schema;
    std::vector<std::string> dropped;
    for (const auto& field : wanted.fields)
      if (!carried.contains(field.name)) dropped.push_back(field.name);
    if (dropped.empty()) return;
    std::erase_if(wanted.fields, [&](const Field& field) { return !carried.contains(field.name); });
    changed.inputs[0] = narrowed(changed.inputs[0], wanted, changed);
    notes_.fired({changed.label}, listed(dropped) + " stays behind: nobody reads it on the other side");
  }
  void narrow(FilterNode&, Node&, NodeId) {}
  void narrow(FrameNode& frame, Node& changed, NodeId id) {
    frame.calls = kept_calls(frame, id);
    frame.shifts = kept_shifts(std::move(frame.shifts), id);
    frame.leads = kept_shifts(std::move(frame.leads), id);
    for (auto* column : {&frame.number_column, &frame.rank_column})
      if (!read_[id].contains(*column)) column->clear();
    const std::vector<Field> made = made_columns(frame);
    const Schema& below = node(changed.inputs[0]).schema;
    std::vector<std::string> dropped;
    std::erase_if(changed.schema.fields, [&](const Field& field) {
      if (read_[id].contains(field.name) || std::ranges::find(made, field.name, &Field::name) != made.end())
        return false;
      if (below.find(field.name) == nullptr) dropped.push_back(field.name);
      return true;
    });
    if (!dropped.empty()) notes_.fired({changed.label}, listed(dropped) + " not computed: nobody reads it");
  }
  void narrow(TopNode&, Node&, NodeId) {}
  void narrow(SortNode&, Node&, NodeId) {}
  void narrow(LimitNode&, Node&, NodeId) {}
  void narrow(ChangesNode&, Node&, NodeId) {}
  void narrow(SinkNode&, Node&, NodeId) {}
  void narrow(std::monostate, Node&, NodeId) {}

  // The input itself if its rows are as wanted, else a project above it that makes them so.
  NodeId narrowed(NodeId input, const Schema& wanted, const Node& reader) {
    if (node(input).schema == wanted) return input;
    std::vector<NamedExpr> columns;
    for (const auto& field : wanted.fields) columns.push_back({field.name, column_of(field, node(input).span)});
    Node project = make_project(editor_.graph(), input, std::move(columns), fresh_label(editor_.graph(), reader.label));
    if (reader.kind() != NodeKind::Exchange) project.parallelism = reader.parallelism;
    return editor_.add(std::move(project));
  }

  GraphEditor editor_;
  std::map<NodeId, Names> read_;
  std::set<NodeId> followed_;  // somebody below follows their watermark
  Notes notes_{"prune_columns"};
};

}  // namespace

PassResult prune_columns(FlowGraph graph, const PassOptions&) { return Pruner(std::move(graph)).run(); }

}  // namespace sluice::passes
