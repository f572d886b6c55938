#include <fmt/format.h>

#include "lang/graph/graph_text.h"
#include "lang/graph/node_parts.h"
#include "lang/graph/text_parts.h"

namespace sluice {

namespace {

class Writer {
 public:
  explicit Writer(const FlowGraph& graph) : graph_(graph) {}

  std::string run() {
    text_ = "graph " + write_string(graph_.name) + "\n";
    for (size_t i = 0; i < graph_.files.size(); ++i)
      text_ += fmt::format("file {} {}\n", i, write_string(graph_.files[i]));
    for (const auto& node : graph_.nodes) write_node(node);
    return std::move(text_);
  }

 private:
  void write_node(const Node& node) {
    text_ += fmt::format("node {} {}", write_label(node.label), node_kind_name(node.kind()));
    if (!node.inputs.empty()) {
      text_ += " (";
      for (size_t i = 0; i < node.inputs.size(); ++i)
        text_ += (i == 0 ? "" : ", ") + write_label(graph_.nodes[node.inputs[i]].label);
      text_ += ")";
    }
    if (!node.text.empty()) text_ += " " + write_string(node.text);
    if (node.span != Span{}) text_ += " " + write_span(node.span);
    text_ += "\n";
    if (!node.name.empty()) line("name", write_name(node.name));
    std::visit([this](const auto& payload) { write_payload(payload); }, node.payload);
    line("schema", write_schema(node.schema));
    if (node.rows != RowKind{}) line(node.rows.is_table ? "table" : "stream", write_names(node.rows.key));
    if (node.parallelism != 0) line("parallelism", fmt::format("{}", node.parallelism));
    if (node.combine) line("hint", *node.combine ? "combine on" : "combine off");
    if (node.is_cut) line("hint", "cut");
    if (node.is_broadcast) line("hint", "broadcast");
    if (node.stage) line("stage", fmt::format("{}", *node.stage));
  }

  void write_payload(const SourceNode& source) {
    line("connector", write_name(source.connector));
    write_options(source.options);
    line("declared", write_schema(source.declared));
    if (source.is_endless) line("endless", "");
    if (source.filter) line("filter", text_of(*source.filter));
  }
  void write_payload(const FilterNode& filter) { line("condition", text_of(filter.condition)); }
  void write_payload(const ProjectNode& project) {
    for (const auto& column : project.columns) line("column", write_named(column));
  }
  void write_payload(const ExpandNode& expand) {
    line("element", write_name(expand.column));
    line("list", text_of(expand.list));
  }
  void write_payload(const TimeNode& time) {
    if (time.time) line("time", text_of(*time.time));
    if (time.clock) line("clock", text_of(*time.clock));
    if (time.delay != 0) line("delay", fmt::format("{}", time.delay));
    if (time.idle) line("idle", fmt::format("{}", *time.idle));
  }
  void write_payload(const WindowNode& window) {
    line("window", fmt::format("{}{}{}", write_windows(window), window.late_rows ? " late_rows" : "",
                               window.counts_late ? "" : " late_read"));
    if (window.late != 0) line("late", fmt::format("{}", window.late));
    if (window.pane != 0) line("pane", fmt::format("{}", window.pane));
    if (!window.column.empty()) line("column", write_name(window.column));
  }
  void write_payload(const AggregateNode& aggregate) {
    switch (aggregate.phase) {
      case AggregatePhase::Single:
        break;
      case AggregatePhase::Partial:
        line("phase", "partial");
        break;
      case AggregatePhase::Final:
        line("phase", "final");
        break;
    }
    if (aggregate.is_incremental) line("incremental", "");
    for (const auto& key : aggregate.keys) line("key", write_named(key));
    if (aggregate.window_rows != 0) line("rows", fmt::format("{}", aggregate.window_rows));
    if (aggregate.windows) line("windows", write_windows(*aggregate.windows));
    if (aggregate.session) line("session", write_session(*aggregate.session));
    if (aggregate.every) line("every", write_interval(*aggregate.every));
    for (const auto& call : aggregate.calls) write_call(call);
  }
  void write_payload(const TopNode& top) {
    line("limit", fmt::format("{}{}", top.limit, top.with_ties ? " with_ties" : ""));
    if (top.is_incremental) line("incremental", "");
    if (!top.rank_column.empty()) line("rank", write_name(top.rank_column));
    if (top.session) line("session", write_session(*top.session));
    if (top.every) line("every", write_interval(*top.every));
    for (const auto& key : top.keys) line("key", write_named(key));
    write_orders(top.order);
  }
  void write_payload(const FrameNode& frame) {
    for (const auto& key : frame.keys) line("key", write_named(key));
    write_orders(frame.order);
    if (frame.rows != 0) line("rows", fmt::format("{}", frame.rows));
    if (frame.last != 0) line("last", fmt::format("{}", frame.last));
    if (frame.keep != 0) line("keep", fmt::format("{}", frame.keep));
    if (!frame.counts_late) line("late_read", "");
    write_shifts("shift", frame.shifts);
    write_shifts("lead", frame.leads);
    if (!frame.number_column.empty()) line("number", write_name(frame.number_column));
    if (!frame.rank_column.empty()) line("rank", write_name(frame.rank_column));
    for (const auto& call : frame.calls) write_call(call);
  }
  void write_payload(const SortNode& sort) { write_orders(sort.order); }
  void write_payload(const LimitNode& limit) {
    if (limit.skip != 0) line("skip", fmt::format("{}", limit.skip));
    if (limit.take) line("take", fmt::format("{}", *limit.take));
  }
  void write_payload(const UnionNode&) {}
  void write_payload(const JoinNode& join) {
    line("join", join_kind_name(join.kind));
    for (const auto& key : join.left_keys) line("left_key", write_named(key));
    for (const auto& key : join.right_keys) line("right_key", write_named(key));
    for (const auto& column : join.right) line("right", write_named(column));
    if (join.is_incremental) line("incremental", "");
    if (join.is_lookup) line("lookup", "");
    if (join.residual) line("condition", text_of(*join.residual));
    if (!join.match_column.empty()) line("match", write_name(join.match_column));
    if (join.left_is_unique) line("unique", "left");
    if (join.right_is_unique) line("unique", "right");
    if (join.left_bound) line("left_bound", text_of(*join.left_bound));
    if (join.right_bound) line("right_bound", text_of(*join.right_bound));
  }
  void write_payload(const ChangesNode& changes) { line("column", write_name(changes.column)); }
  void write_payload(const SinkNode& sink) {
    line("connector", write_name(sink.connector));
    write_options(sink.options);
  }
  void write_payload(const ExchangeNode& exchange) {
    line("kind", exchange_kind_name(exchange.kind));
    if (!exchange.keys.empty()) line("keys", write_names(exchange.keys));
  }
  void write_payload(std::monostate) {}

  void write_call(const AggregateCall& call) {
    std::string head = write_name(call.name) + " " + write_name(call.function);
    if (call.is_distinct) head += " distinct";
    if (call.span != Span{}) head += " " + write_span(call.span);
    line("call", head);
    for (const auto& arg : call.args) line("  arg", write_named(arg));
    if (call.filter) line("  where", text_of(*call.filter));
    for (const auto& state : call.states) {
      line("  state", write_name(state.name) + ": " + write_type(state.type));
      line("    init", text_of(state.init));
      line("    step", text_of(state.step));
      if (state.merge) line("    merge", text_of(*state.merge));
      if (state.retract) line("    retract", text_of(*state.retract));
    }
    line("  finish", text_of(call.finish));
  }

  void write_shifts(std::string_view word, const std::vector<FrameShift>& shifts) {
    for (const auto& shift : shifts)
      line(word, fmt::format("{} {}", shift.rows, write_named({shift.name, shift.value})));
  }
  void write_orders(const std::vector<OrderKey>& order) {
    for (const auto& key : order) line("order", write_order(key));
  }
  void write_options(const std::vector<ConnectorOption>& options) {
    for (const auto& option : options) line("option", write_option(option));
  }

  static std::string text_of(const Expr& expr) { return write_expr(expr, true); }
  static std::string text_of(const JoinBound& bound) { return fmt::format("{} {}", bound.after, text_of(bound.time)); }

  void line(std::string_view key, std::string_view value) {
    text_ += fmt::format("  {}{}{}\n", key, value.empty() ? "" : " ", value);
  }

  const FlowGraph& graph_;
  std::string text_;
};

}  // namespace

std::string write_graph(const FlowGraph& graph) { return Writer(graph).run(); }

}  // namespace sluice
