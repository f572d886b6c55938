#include <fmt/format.h>

#include <map>
#include <optional>

#include "lang/graph/graph_text.h"
#include "lang/graph/node_parts.h"
#include "lang/graph/text_parts.h"

namespace sluice {

namespace {

std::optional<NodeKind> find_node_kind(std::string_view name) {
#define NODE(kind, text) \
  if (name == text) return NodeKind::kind;
#include "lang/graph/nodes.def"
#undef NODE
  return std::nullopt;
}

std::optional<ExchangeKind> find_exchange_kind(std::string_view name) {
#define EXCHANGE(kind, text) \
  if (name == text) return ExchangeKind::kind;
#include "lang/graph/exchanges.def"
#undef EXCHANGE
  return std::nullopt;
}

std::optional<JoinKind> find_join_kind(std::string_view name) {
#define JOIN(kind, text) \
  if (name == text) return JoinKind::kind;
#include "lang/graph/joins.def"
#undef JOIN
  return std::nullopt;
}

NodePayload empty_payload(NodeKind kind) {
  switch (kind) {
#define NODE(kind, name) \
  case NodeKind::kind:   \
    return kind##Node{};
#include "lang/graph/nodes.def"
#undef NODE
  }
  return std::monostate{};
}

// What the node being read cannot do without, as far as it has been seen; `finish` is that of its last call.
struct Seen {
  bool condition = false, list = false, finish = false, schema = false;
};

// One line is one attribute of the node, call or state above it. Each read_* returns false for a key it does not know.
class Reader {
 public:
  Result<FlowGraph> run(std::string_view text) {
    size_t number = 0;
    while (!text.empty()) {
      const size_t end = std::min(text.find('\n'), text.size());
      std::string_view content = text.substr(0, end);
      text.remove_prefix(std::min(end + 1, text.size()));
      if (content.ends_with('\r')) content.remove_suffix(1);
      TextCursor cursor(content, ++number);
      if (cursor.at_end() || cursor.peek() == '#') continue;
      read_line(cursor);
      if (!cursor.ok()) return cursor.error();
    }
    TextCursor end({}, number);
    if (!has_head_) end.fail("expected `graph \"name\"`");
    finish_node(end);
    if (!end.ok()) return end.error();
    return std::move(graph_);
  }

 private:
  void read_line(TextCursor& cursor) {
    const std::string key(cursor.word());
    if (!has_head_) {
      if (key != "graph") return cursor.fail("a graph begins with `graph \"name\"`");
      graph_.name = cursor.string();
      has_head_ = true;
      return cursor.expect_end();
    }
    if (key == "file") return read_file(cursor);
    if (key == "node") {
      finish_node(cursor);
      return read_node(cursor);
    }
    if (node_ == nullptr) return cursor.fail("expected `file` or `node`");
    const bool is_known = read_common(key, cursor) ||
                          std::visit([&](auto& payload) { return read_payload(payload, key, cursor); }, node_->payload);
    if (!is_known) return cursor.fail(fmt::format("`{}` does not belong here", key));
    cursor.expect_end();
  }

  void read_file(TextCursor& cursor) {
    if (cursor.u32() != graph_.files.size()) cursor.fail("files are numbered from 0 on");
    graph_.files.push_back(cursor.string());
    cursor.expect_end();
  }

  void read_node(TextCursor& cursor) {
    Node node;
    node.label = cursor.label();
    const std::string kind_name(cursor.word());
    const auto kind = find_node_kind(kind_name);
    if (!kind) return cursor.fail(fmt::format("there is no node kind `{}`", kind_name));
    node.payload = empty_payload(*kind);
    if (cursor.accept('(')) {
      do node.inputs.push_back(read_node_ref(cursor));
      while (cursor.accept(','));
      cursor.expect(')');
    }
    if (cursor.peek() == '"') node.text = cursor.string();
    node.span = read_span(cursor);
    cursor.expect_end();
    if (!labels_.emplace(node.label, NodeId(graph_.nodes.size())).second)
      cursor.fail(fmt::format("there are two nodes {}", write_label(node.label)));
    if (!cursor.ok()) return;
    node_ = &graph_.nodes[graph_.nodes.add(std::move(node))];
    has_ = {};
  }

  NodeId read_node_ref(TextCursor& cursor) {
    const std::string label = cursor.label();
    const auto it = labels_.find(label);
    if (it != labels_.end()) return it->second;
    cursor.fail(fmt::format("there is no node {} above", write_label(label)));
    return {};
  }

  static void read_hint(Node& node, TextCursor& cursor) {
    if (cursor.accept_word("cut")) {
      node.is_cut = true;
    } else if (cursor.accept_word("broadcast")) {
      node.is_broadcast = true;
    } else if (cursor.accept_word("combine")) {
      node.combine = !cursor.accept_word("off");
      if (*node.combine && !cursor.accept_word("on")) cursor.fail("expected on or off");
    } else {
      cursor.fail("expected cut, broadcast or combine");
    }
  }

  bool read_common(const std::string& key, TextCursor& cursor) {
    if (key == "name") {
      node_->name = cursor.name();
    } else if (key == "schema") {
      node_->schema = read_schema(cursor);
      has_.schema = true;
    } else if (key == "table" || key == "stream") {
      node_->rows = RowKind{key == "table", read_names(cursor)};
    } else if (key == "parallelism") {
      node_->parallelism = cursor.u32();
    } else if (key == "hint") {
      read_hint(*node_, cursor);
    } else if (key == "stage") {
      node_->stage = cursor.u32();
    } else {
      return false;
    }
    return true;
  }

  bool read_payload(SourceNode& source, const std::string& key, TextCursor& cursor) {
    if (key == "connector") {
      source.connector = cursor.name();
    } else if (key == "option") {
      source.options.push_back(read_option(cursor));
    } else if (key == "declared") {
      source.declared = read_schema(cursor);
    } else if (key == "filter") {
      source.filter = read_expr(cursor);
    } else if (key == "endless") {
      source.is_endless = true;
    } else {
      return false;
    }
    return true;
  }

  bool read_payload(FilterNode& filter, const std::string& key, TextCursor& cursor) {
    if (key != "condition") return false;
    filter.condition = read_expr(cursor);
    has_.condition = true;
    return true;
  }

  bool read_payload(ProjectNode& project, const std::string& key, TextCursor& cursor) {
    if (key != "column") return false;
    project.columns.push_back(read_named(cursor));
    return true;
  }

  bool read_payload(ExpandNode& expand, const std::string& key, TextCursor& cursor) {
    if (key == "element") {
      expand.column = cursor.name();
    } else if (key == "list") {
      expand.list = read_expr(cursor);
      has_.list = true;
    } else {
      return false;
    }
    return true;
  }

  static bool read_payload(TimeNode& time, const std::string& key, TextCursor& cursor) {
    if (key == "time") {
      time.time = read_expr(cursor);
    } else if (key == "clock") {
      time.clock = read_expr(cursor);
    } else if (key == "delay") {
      time.delay = read_micros(cursor);
    } else if (key == "idle") {
      time.idle = read_micros(cursor);
    } else {
      return false;
    }
    return true;
  }

  static bool read_payload(WindowNode& window, const std::string& key, TextCursor& cursor) {
    if (key == "window") {
      static_cast<WindowShape&>(window) = read_windows(cursor);
      window.late_rows = cursor.accept_word("late_rows");
      window.counts_late = !cursor.accept_word("late_read");
    } else if (key == "late") {
      window.late = read_micros(cursor);
    } else if (key == "pane") {
      window.pane = read_micros(cursor);
    } else if (key == "column") {
      window.column = cursor.name();
    } else {
      return false;
    }
    return true;
  }

  bool read_payload(AggregateNode& aggregate, const std::string& key, TextCursor& cursor) {
    if (key == "phase") {
      if (cursor.accept_word("partial"))
        aggregate.phase = AggregatePhase::Partial;
      else if (cursor.accept_word("final"))
        aggregate.phase = AggregatePhase::Final;
      else
        cursor.fail("expected `partial` or `final`");
    } else if (key == "incremental") {
      aggregate.is_incremental = true;
    } else if (key == "key") {
      aggregate.keys.push_back(read_named(cursor));
    } else if (key == "rows") {
      aggregate.window_rows = cursor.u64();
    } else if (key == "windows") {
      aggregate.windows = read_windows(cursor);
    } else if (key == "session") {
      aggregate.session = read_session(cursor);
    } else if (key == "every") {
      aggregate.every = read_interval(cursor);
    } else if (key == "call") {
      finish_call(cursor);
      read_call(aggregate.calls.emplace_back(), cursor);
      has_.finish = false;
    } else {
      return !aggregate.calls.empty() && read_call_part(aggregate.calls.back(), key, cursor);
    }
    return true;
  }

  static void read_call(AggregateCall& call, TextCursor& cursor) {
    call.name = cursor.name();
    call.function = cursor.name();
    call.is_distinct = cursor.accept_word("distinct");
    call.span = read_span(cursor);
  }

  bool read_call_part(AggregateCall& call, const std::string& key, TextCursor& cursor) {
    if (key == "arg") {
      call.args.push_back(read_named(cursor));
    } else if (key == "where") {
      call.filter = read_expr(cursor);
    } else if (key == "state") {
      auto& state = call.states.emplace_back();
      state.name = cursor.name();
      cursor.expect(':');
      state.type = read_type(cursor);
    } else if (key == "finish") {
      call.finish = read_expr(cursor);
      has_.finish = true;
    } else {
      return !call.states.empty() && read_state_part(call.states.back(), key, cursor);
    }
    return true;
  }

  static bool read_state_part(AggregateState& state, const std::string& key, TextCursor& cursor) {
    if (key == "init") {
      state.init = read_expr(cursor);
    } else if (key == "step") {
      state.step = read_expr(cursor);
    } else if (key == "merge") {
      state.merge = read_expr(cursor);
    } else if (key == "retract") {
      state.retract = read_expr(cursor);
    } else {
      return false;
    }
    return true;
  }

  static bool read_payload(TopNode& top, const std::string& key, TextCursor& cursor) {
    if (key == "limit") {
      top.limit = cursor.u64();
      top.with_ties = cursor.accept_word("with_ties");
    } else if (key == "incremental") {
      top.is_incremental = true;
    } else if (key == "rank") {
      top.rank_column = cursor.name();
    } else if (key == "session") {
      top.session = read_session(cursor);
    } else if (key == "every") {
      top.every = read_interval(cursor);
    } else if (key == "key") {
      top.keys.push_back(read_named(cursor));
    } else if (key == "order") {
      top.order.push_back(read_order(cursor));
    } else {
      return false;
    }
    return true;
  }

  bool read_payload(FrameNode& frame, const std::string& key, TextCursor& cursor) {
    if (key == "key") {
      frame.keys.push_back(read_named(cursor));
    } else if (key == "order") {
      frame.order.push_back(read_order(cursor));
    } else if (key == "rows") {
      frame.rows = cursor.u64();
    } else if (key == "last") {
      frame.last = read_micros(cursor);
    } else if (key == "keep") {
      frame.keep = read_micros(cursor);
    } else if (key == "late_read") {
      frame.counts_late = false;
    } else if (key == "shift" || key == "lead") {
      auto& shift = (key == "lead" ? frame.leads : frame.shifts).emplace_back();
      shift.rows = cursor.u64();
      NamedExpr value = read_named(cursor);
      shift.name = std::move(value.name);
      shift.value = std::move(value.expr);
    } else if (key == "number") {
      frame.number_column = cursor.name();
    } else if (key == "rank") {
      frame.rank_column = cursor.name();
    } else if (key == "call") {
      finish_call(cursor);
      read_call(frame.calls.emplace_back(), cursor);
      has_.finish = false;
    } else {
      return !frame.calls.empty() && read_call_part(frame.calls.back(), key, cursor);
    }
    return true;
  }

  static bool read_payload(SortNode& sort, const std::string& key, TextCursor& cursor) {
    if (key != "order") return false;
    sort.order.push_back(read_order(cursor));
    return true;
  }

  static bool read_payload(LimitNode& limit, const std::string& key, TextCursor& cursor) {
    if (key == "skip") {
      limit.skip = cursor.u64();
    } else if (key == "take") {
      limit.take = cursor.u64();
    } else {
      return false;
    }
    return true;
  }

  static bool read_payload(UnionNode&, const std::string&, TextCursor&) { return false; }

  static bool read_payload(JoinNode& join, const std::string& key, TextCursor& cursor) {
    if (key == "join") {
      const auto kind = find_join_kind(cursor.word());
      if (!kind) cursor.fail("there is no such join");
      join.kind = kind.value_or(JoinKind::Inner);
    } else if (key == "incremental") {
      join.is_incremental = true;
    } else if (key == "lookup") {
      join.is_lookup = true;
    } else if (key == "left_key") {
      join.left_keys.push_back(read_named(cursor));
    } else if (key == "right_key") {
      join.right_keys.push_back(read_named(cursor));
    } else if (key == "right") {
      join.right.push_back(read_named(cursor));
    } else if (key == "condition") {
      join.residual = read_expr(cursor);
    } else if (key == "match") {
      join.match_column = cursor.name();
    } else if (key == "unique") {
      const bool is_left = cursor.accept_word("left");
      if (!is_left) cursor.expect_word("right");
      (is_left ? join.left_is_unique : join.right_is_unique) = true;
    } else if (key == "left_bound" || key == "right_bound") {
      JoinBound bound;
      bound.after = cursor.i64();
      bound.time = read_expr(cursor);
      (key == "left_bound" ? join.left_bound : join.right_bound) = std::move(bound);
    } else {
      return false;
    }
    return true;
  }

  static bool read_payload(ChangesNode& changes, const std::string& key, TextCursor& cursor) {
    if (key != "column") return false;
    changes.column = cursor.name();
    return true;
  }

  static bool read_payload(SinkNode& sink, const std::string& key, TextCursor& cursor) {
    if (key == "connector") {
      sink.connector = cursor.name();
    } else if (key == "option") {
      sink.options.push_back(read_option(cursor));
    } else {
      return false;
    }
    return true;
  }

  static bool read_payload(ExchangeNode& exchange, const std::string& key, TextCursor& cursor) {
    if (key == "kind") {
      const auto kind = find_exchange_kind(cursor.word());
      if (!kind) cursor.fail("there is no such exchange");
      exchange.kind = kind.value_or(ExchangeKind::Forward);
    } else if (key == "keys") {
      exchange.keys = read_names(cursor);
    } else {
      return false;
    }
    return true;
  }

  static bool read_payload(std::monostate, const std::string&, TextCursor&) { return false; }

  void finish_call(TextCursor& cursor) const {
    const auto* aggregate = node_ == nullptr ? nullptr : node_->as<AggregateNode>();
    if (aggregate != nullptr && !aggregate->calls.empty() && !has_.finish)
      cursor.fail(fmt::format("call {} above has no `finish`", write_name(aggregate->calls.back().name)));
  }

  void finish_node(TextCursor& cursor) const {
    if (node_ == nullptr) return;
    finish_call(cursor);
    const std::string where = fmt::format("node {} above has no ", write_label(node_->label));
    if (!has_.schema) cursor.fail(where + "`schema`");
    if (node_->kind() == NodeKind::Filter && !has_.condition) cursor.fail(where + "`condition`");
    if (node_->kind() == NodeKind::Expand && !has_.list) cursor.fail(where + "`list`");
  }

  FlowGraph graph_;
  std::map<std::string, NodeId, std::less<>> labels_;
  Node* node_ = nullptr;  // the one being read
  Seen has_;
  bool has_head_ = false;
};

}  // namespace

Result<FlowGraph> read_graph(std::string_view text) { return Reader().run(text); }

}  // namespace sluice
