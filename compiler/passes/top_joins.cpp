// R22: rows joined with the largest (or smallest) value of their group are the first ones of the group, with ties:
// `x |> join (x |> aggregate m = max(c) per k) as g on g.k == k and c == g.m` is `x |> top 1 with ties by c desc per
// k`. A join has to keep all rows of a group until it knows its largest value; a top keeps those that may be the
// answer. Only where that is provably the same: one x, the keys of the groups all compared, a value that is never null
// and has one order (floats have NaN), and nothing else wanted of the other side than what the row itself has.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "compiler/passes/passes.h"
#include "compiler/passes/same_nodes.h"
#include "lang/graph/graph_text.h"
#include "lang/graph/time_order.h"

namespace sluice::passes {

namespace {

// The comparison by which a row's value replaces the best one so far, if the call is `min` or `max` of a value that is
// never null: nothing for others, however they are called.
std::optional<ExprOp> extremum_of(const AggregateCall& call) {
  const bool is_plain = call.states.size() == 1 && call.args.size() == 1 && !call.filter && !call.is_distinct;
  if (!is_plain || call.args[0].expr.type.nullable) return std::nullopt;
  const AggregateState& state = call.states[0];
  const Expr value = Expr::local(call.args[0].name, state.type, call.span);
  const Expr best = Expr::local(state.name, state.type, call.span);
  if (state.init != value || call.finish != best) return std::nullopt;
  const Type boolean(TypeKind::Bool);
  for (const ExprOp op : {ExprOp::Gt, ExprOp::Lt}) {
    Expr is_better = Expr::make_op(op, {value, best}, boolean, call.span);
    Expr is_nan = Expr::make_op(ExprOp::Ne, {best, best}, boolean, call.span);
    Expr replaces = Expr::make_op(ExprOp::Or, {std::move(is_better), std::move(is_nan)}, boolean, call.span);
    if (state.step == Expr::if_else(std::move(replaces), value, best, call.span)) return op;
  }
  return std::nullopt;
}

bool has_float(const Type& type) {
  return type.kind == TypeKind::Float ||
         std::ranges::any_of(type.fields, [](const Field& f) { return has_float(f.type); });
}

// A join whose right side is an aggregate, with nothing but projections between.
struct Candidate {
  NodeId aggregate;
  std::optional<AggregateCall> call;  // the one whose result is compared with the row's value
  ExprOp better = ExprOp::Gt;
  std::vector<NamedExpr> right;    // the columns of the right side, over those of the aggregate
  std::vector<NamedExpr> of_pair;  // those of pairs that come from there, likewise
};

class Rewriter {
 public:
  explicit Rewriter(FlowGraph graph) : same_(graph), editor_(std::move(graph)) {}

  PassResult run() && {
    for (const NodeId id : editor_.graph().ids()) {
      const auto* join = node(id).as<JoinNode>();
      if (join == nullptr || (join->kind != JoinKind::Inner && join->kind != JoinKind::Semi)) continue;
      if (join->is_incremental || join->is_lookup) continue;
      auto candidate = candidate_of(id, *join);
      if (!candidate) continue;
      if (std::string reason = obstacle(id, *join, *candidate); !reason.empty())
        notes_.not_fired({node(id).label}, std::move(reason));
      else
        rewrite(id, *join, *candidate);
    }
    return {std::move(editor_).finish(), std::move(notes_).take()};
  }

 private:
  [[nodiscard]] const Node& node(NodeId id) const { return editor_.graph().nodes[id]; }

  // The aggregate that the rows come from, and their columns as expressions over its own.
  [[nodiscard]] std::optional<Candidate> followed(NodeId rows) const {
    const Node& here = node(rows);
    if (const auto* aggregate = here.as<AggregateNode>()) {
      if (aggregate->phase != AggregatePhase::Single || aggregate->is_incremental) return std::nullopt;
      Candidate found;
      found.aggregate = rows;
      for (const auto& field : here.schema.fields) found.right.push_back({field.name, column_of(field, here.span)});
      return found;
    }
    const auto* project = here.as<ProjectNode>();
    const auto* window = here.as<WindowNode>();
    auto below = project != nullptr || window != nullptr ? followed(here.inputs[0]) : std::nullopt;
    if (!below) return std::nullopt;
    if (project != nullptr) {
      std::vector<NamedExpr> columns;
      for (const auto& column : project->columns)
        columns.push_back({column.name, substitute_columns(column.expr, below->right)});
      below->right = std::move(columns);
      return below;
    }
    auto same_window = window_again(*window, *below);
    if (!same_window) return std::nullopt;
    below->right.push_back({window->column, std::move(*same_window)});
    return below;
  }

  // The result of a window has the time of its end, which lies in no other window of the same kind.
  [[nodiscard]] std::optional<Expr> window_again(const WindowNode& again, const Candidate& found) const {
    const auto& aggregate = *node(found.aggregate).as<AggregateNode>();
    const auto key = window_key(aggregate.keys);
    const auto* window = node(node(found.aggregate).inputs[0]).as<WindowNode>();
    const auto time = std::ranges::find(found.right, kRowTime, &NamedExpr::name);
    if (!key || window == nullptr || time == found.right.end() || again.late_rows) return std::nullopt;
    const NamedExpr& own = aggregate.keys[*key];
    const bool is_same = again.kind == WindowKind::Tumble && WindowShape(again) == WindowShape(*window) &&
                         own.expr.kind == ExprKind::Column && own.expr.name == window->column;
    if (!is_same || !time->expr.is_op(ExprOp::Before)) return std::nullopt;
    const Expr& end = time->expr.args[0];
    const bool is_end = end.kind == ExprKind::Field && end.name == "end" && end.args[0].kind == ExprKind::Column &&
                        end.args[0].name == own.name;
    return is_end ? std::optional(end.args[0]) : std::nullopt;
  }

  // Only joins that compare a value with a result of `min` or `max` are worth a word.
  [[nodiscard]] std::optional<Candidate> candidate_of(NodeId id, const JoinNode& join) const {
    auto there = followed(node(id).inputs[1]);
    if (!there) return std::nullopt;
    Candidate& found = *there;
    const auto& aggregate = *node(found.aggregate).as<AggregateNode>();
    for (const auto& column : join.right)
      found.of_pair.push_back({column.name, substitute_columns(column.expr, found.right)});
    const auto compare = [&](const Expr& value, const Expr& best, std::optional<ExprOp> needed) {
      if (found.call || best.kind != ExprKind::Column) return;
      const auto call = std::ranges::find(aggregate.calls, best.name, &AggregateCall::name);
      const auto better = call == aggregate.calls.end() ? std::nullopt : extremum_of(*call);
      if (!better || value != call->args[0].expr || (needed && better != needed)) return;
      found.call = *call;
      found.better = *better;
    };
    for (size_t i = 0; i < join.left_keys.size(); ++i)
      compare(join.left_keys[i].expr, substitute_columns(join.right_keys[i].expr, found.right), std::nullopt);
    std::vector<const Expr*> parts;
    if (join.residual) split_conjunction(*join.residual, parts);
    for (const Expr* part : parts)
      if (const auto order = order_of(*part))
        if (const auto best = std::ranges::find(found.of_pair, order->best->name, &NamedExpr::name);
            order->best->kind == ExprKind::Column && best != found.of_pair.end())
          compare(*order->value, best->expr, order->better);
    return found.call ? std::move(there) : std::nullopt;
  }

  // `value >= best`, which for the largest value is as good as `==`, and `value <= best` for the smallest.
  struct Order {
    const Expr* value;
    const Expr* best;
    ExprOp better;
  };
  [[nodiscard]] static std::optional<Order> order_of(const Expr& part) {
    if (part.is_op(ExprOp::Ge)) return Order{&part.args[0], &part.args[1], ExprOp::Gt};
    if (part.is_op(ExprOp::Le)) return Order{&part.args[0], &part.args[1], ExprOp::Lt};
    return std::nullopt;
  }

  // Empty when the pairs are the first rows of the groups, else what keeps that from being known.
  [[nodiscard]] std::string obstacle(NodeId id, const JoinNode& join, const Candidate& found) const {
    const auto& aggregate = *node(found.aggregate).as<AggregateNode>();
    const std::string result = fmt::format("{}({})", found.call->function, flow_text(found.call->args[0].expr));
    if (!same_.are_same(node(id).inputs[0], node(found.aggregate).inputs[0]))
      return fmt::format("`{}` is not of the rows that are joined with it", result);
    if (aggregate.session || aggregate.window_rows != 0)
      return fmt::format("`{}` is of windows that the rows themselves do not have", result);
    if (join.left_bound || join.right_bound) return "its rows are forgotten after a time";
    if (!window_key(aggregate.keys) && time_is_read(id)) return "a step behind it follows the time of its rows";
    if (has_float(found.call->args[0].expr.type)) return "floats may be NaN, which equals nothing";
    if (std::string reason = key_obstacle(join, found, aggregate); !reason.empty()) return reason;
    for (const auto& call : aggregate.calls)
      if (call.name != found.call->name && call_can_fail(call))
        return fmt::format("`{}` may fail, and has to for the same rows", call.name);
    return wanted_obstacle(id, join, found, aggregate);
  }

  // Does a step that follows event time take its rows? A top without windows gives them out when that has passed.
  [[nodiscard]] bool time_is_read(NodeId id) const {
    if (node(id).schema.find(kRowTime) == nullptr) return false;
    return std::ranges::any_of(editor_.graph().users_of(id), [this](NodeId user) {
      const NodeKind kind = node(user).kind();
      const bool passes_on = kind == NodeKind::Filter || kind == NodeKind::Project || kind == NodeKind::Expand;
      return passes_on ? time_is_read(user) : kind != NodeKind::Sink;
    });
  }

  // Are the keys of the groups compared, all of them and nothing else?
  [[nodiscard]] std::string key_obstacle(const JoinNode& join, const Candidate& found,
                                         const AggregateNode& aggregate) const {
    std::vector<bool> is_compared(aggregate.keys.size());
    for (size_t i = 0; i < join.left_keys.size(); ++i) {
      const Expr& left = join.left_keys[i].expr;
      const Expr right = substitute_columns(join.right_keys[i].expr, found.right);
      const bool is_column = right.kind == ExprKind::Column;
      if (is_column && right.name == found.call->name && left == found.call->args[0].expr) continue;
      const auto key = std::ranges::find(aggregate.keys, right.name, &NamedExpr::name);
      if (!is_column || key == aggregate.keys.end() || left != key->expr)
        return fmt::format("it also compares `{}`, which is not what the groups are made by", flow_text(left));
      if (has_float(left.type)) return "floats may be NaN, which equals nothing";
      is_compared[static_cast<size_t>(key - aggregate.keys.begin())] = true;
    }
    for (size_t i = 0; i < is_compared.size(); ++i)
      if (!is_compared[i]) return fmt::format("rows of all groups of `{}` are compared", aggregate.keys[i].name);
    return {};
  }

  // Is all that is read of the other side known of the row itself?
  [[nodiscard]] std::string wanted_obstacle(NodeId id, const JoinNode& join, const Candidate& found,
                                            const AggregateNode& aggregate) const {
    std::vector<std::string> read;
    if (join.residual) collect_columns(*join.residual, read);
    for (const auto& field : node(id).schema.fields) read.push_back(field.name);
    for (const auto& name : read) {
      const auto column = std::ranges::find(found.of_pair, name, &NamedExpr::name);
      if (column == found.of_pair.end()) continue;
      std::vector<std::string> results;
      collect_columns(column->expr, results);
      for (const auto& result : results) {
        const bool is_key = std::ranges::find(aggregate.keys, result, &NamedExpr::name) != aggregate.keys.end();
        if (!is_key && result != found.call->name) return fmt::format("`{}` of the other side is wanted, too", result);
      }
    }
    return {};
  }

  void rewrite(NodeId id, const JoinNode& join, const Candidate& found) {
    Node joined = node(id);
    joined.is_broadcast = false;  // there is no other side any more
    const NodeId left = joined.inputs[0];
    const auto& aggregate = *node(found.aggregate).as<AggregateNode>();
    std::vector<NamedExpr> of_row = aggregate.keys;  // what the aggregate has, as the row itself has it
    of_row.push_back({found.call->name, found.call->args[0].expr});
    std::vector<NamedExpr> of_pair;
    for (const auto& column : found.of_pair) of_pair.push_back({column.name, substitute_columns(column.expr, of_row)});

    Node first = joined;
    first.label = fresh_label(editor_.graph(), joined.label);
    first.inputs = {left};
    first.schema = node(left).schema;
    first.rows.key.clear();
    first.text = text_of(found, aggregate);
    TopNode top;
    top.limit = 1;
    top.with_ties = true;
    top.keys = aggregate.keys;
    top.order = {{found.call->args[0].expr, found.better == ExprOp::Gt}};
    first.payload = std::move(top);
    const std::string first_label = first.label;
    notes_.fired({joined.label, first_label},
                 fmt::format("`{}` keeps what may be the answer; the join kept all rows", first.text));
    auto rest = rest_of(join, found, of_pair);  // before nodes are added, which moves the others
    NodeId rows = editor_.add(std::move(first));
    if (rest) rows = add_filter(rows, joined, std::move(*rest));

    Node columns = joined;
    columns.text.clear();
    columns.name += ".project";
    columns.inputs = {rows};
    ProjectNode project;
    for (const auto& field : joined.schema.fields) {
      const auto other = std::ranges::find(of_pair, field.name, &NamedExpr::name);
      project.columns.push_back({field.name, other == of_pair.end() ? column_of(field, joined.span) : other->expr});
    }
    columns.payload = std::move(project);
    editor_.replace(id, std::move(columns));
  }

  static std::string text_of(const Candidate& found, const AggregateNode& aggregate) {
    std::string text = fmt::format("top 1 with ties by {}{}", flow_text(found.call->args[0].expr),
                                   found.better == ExprOp::Gt ? " desc" : "");
    for (size_t i = 0; i < aggregate.keys.size(); ++i)
      text += (i == 0 ? " per " : ", ") + flow_text(aggregate.keys[i].expr);
    return text;
  }

  // What is left of the residual when the value is known to be the best one, over the columns of the row.
  static std::optional<Expr> rest_of(const JoinNode& join, const Candidate& found,
                                     const std::vector<NamedExpr>& of_pair) {
    std::optional<Expr> rest;
    std::vector<const Expr*> parts;
    if (join.residual) split_conjunction(*join.residual, parts);
    for (const Expr* part : parts) {
      Expr condition = substitute_columns(*part, of_pair);
      const bool holds = part->kind == ExprKind::Op && (part->op == ExprOp::Ge || part->op == ExprOp::Le) &&
                         condition.args[0] == condition.args[1] && condition.args[0] == found.call->args[0].expr;
      if (holds) continue;
      const Span span = condition.span;
      rest = rest ? Expr::make_op(ExprOp::And, {std::move(*rest), std::move(condition)}, Type(TypeKind::Bool), span)
                  : std::move(condition);
    }
    return rest;
  }

  NodeId add_filter(NodeId rows, const Node& joined, Expr condition) {
    Node filter = joined;
    filter.label = fresh_label(editor_.graph(), joined.label);
    filter.name = joined.name + ".where";
    filter.text.clear();
    filter.inputs = {rows};
    filter.schema = node(rows).schema;
    filter.rows.key.clear();
    filter.payload = FilterNode{std::move(condition)};
    return editor_.add(std::move(filter));
  }

  const SameNodes same_;
  GraphEditor editor_;
  Notes notes_{"top_joins"};
};

}  // namespace

PassResult top_joins(FlowGraph graph, const PassOptions&) { return Rewriter(std::move(graph)).run(); }

}  // namespace sluice::passes
