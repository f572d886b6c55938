// Random graphs for property tests: every field of every node takes arbitrary values, well typed or not.
#pragma once

#include <bit>
#include <random>
#include <string>

#include "lang/graph/flow_graph.h"

namespace sluice::testing {

class RandomGraph {
 public:
  explicit RandomGraph(uint32_t seed) : random_(seed) {}

  FlowGraph make() {
    FlowGraph graph;
    graph.name = text();
    for (size_t i = below(3); i > 0; --i) graph.files.push_back(text());
    const size_t count = 1 + below(8);
    for (size_t i = 0; i < count; ++i) graph.nodes.add(node(i));
    return graph;
  }

  size_t below(size_t limit) { return random_() % limit; }
  bool coin() { return below(2) == 0; }

  std::string text() {
    static constexpr std::string_view kPieces[] = {"a",    "B",   "_",      "7",  ".", " ",   "\"",   "\\",
                                                   "`",    "\n",  "\t",     "\r", "#", "ü",   "\x01", "\xff",
                                                   "true", "nan", "graph ", "$",  "@", "\x7f"};
    std::string result;
    for (size_t i = below(5); i > 0; --i) result += kPieces[below(std::size(kPieces))];
    return result;
  }

  Type type(int depth = 0) {
    Type result;
    const size_t shape = below(depth > 2 ? 1 : 5);
    if (shape == 1) {
      result = Type::list_of(type(depth + 1));
    } else if (shape == 2) {
      std::vector<Field> fields;
      for (size_t i = below(3); i > 0; --i) fields.push_back({text(), type(depth + 1)});
      result = Type::record_of(std::move(fields));
    } else if (shape == 3) {
      result = Type(TypeKind::Map);
      result.elements = {type(depth + 1), type(depth + 1)};
    } else {
      static constexpr TypeKind kKinds[] = {TypeKind::Error,    TypeKind::Null,   TypeKind::Bool,
                                            TypeKind::Int,      TypeKind::Float,  TypeKind::String,
                                            TypeKind::Duration, TypeKind::UInt16, TypeKind::Decimal};
      result = Type(kKinds[below(std::size(kKinds))]);
      if (result.kind == TypeKind::Decimal) result.precision = static_cast<uint8_t>(1 + below(38));
      if (result.kind == TypeKind::Decimal) result.scale = static_cast<uint8_t>(below(result.precision + 1u));
    }
    result.nullable = coin();
    return result;
  }

  LiteralValue value() {
    switch (below(5)) {
      case 0:
        return std::monostate{};
      case 1:
        return coin();
      case 2:
        return static_cast<int64_t>(bits());
      case 3:
        return coin() ? std::bit_cast<double>(bits()) : static_cast<double>(below(100)) / 4;
      default:
        return text();
    }
  }

  Span span() {
    if (coin()) return {};
    const auto number = [&] { return static_cast<uint32_t>(below(1000)); };
    return {number(), {number(), number()}, {number(), number()}};
  }

  Expr expr(int depth = 0) {
    Expr result;
    result.kind = static_cast<ExprKind>(below(depth > 3 ? 3 : 10));
    result.type = type(2);
    result.span = span();
    const auto add_args = [&](size_t count) {
      for (size_t i = 0; i < count; ++i) result.args.push_back(expr(depth + 1));
    };
    switch (result.kind) {
      case ExprKind::Literal:
        result.value = value();
        break;
      case ExprKind::Column:
      case ExprKind::Local:
        result.name = text();
        break;
      case ExprKind::Let:
        result.name = text();
        add_args(2);
        break;
      case ExprKind::If:
        add_args(3);
        break;
      case ExprKind::Op:
        result.op = static_cast<ExprOp>(below(static_cast<size_t>(ExprOp::Contains) + 1));
        add_args(row_of(result.op).arity < 0 ? below(4) : static_cast<size_t>(row_of(result.op).arity));
        break;
      case ExprKind::Call:
        result.name = text();
        result.overload = text();
        result.may_fail = coin();
        add_args(below(3));
        break;
      case ExprKind::Field:
        result.name = text();
        add_args(1);
        break;
      case ExprKind::Record:
      case ExprKind::List:
        add_args(below(3));
        break;
    }
    return result;
  }

 private:
  uint64_t bits() { return (uint64_t{random_()} << 32) | random_(); }

  template <class Make>
  auto several(const Make& make) {
    std::vector<decltype(make())> items;
    for (size_t i = below(3); i > 0; --i) items.push_back(make());
    return items;
  }
  std::vector<NamedExpr> named() {
    return several([&] { return NamedExpr{text(), expr()}; });
  }
  std::vector<OrderKey> order() {
    return several([&] { return OrderKey{expr(), coin()}; });
  }
  std::vector<ConnectorOption> options() {
    return several([&] { return ConnectorOption{text(), static_cast<int64_t>(below(9))}; });
  }
  Schema schema() {
    return Schema{several([&] { return Field{text(), type()}; })};
  }
  std::optional<Expr> maybe_expr() { return coin() ? std::optional(expr()) : std::nullopt; }

  int64_t duration() { return static_cast<int64_t>(bits() >> 1); }

  AggregateCall call() {
    AggregateCall result;
    result.name = text();
    result.function = text();
    result.args = named();
    result.filter = maybe_expr();
    result.is_distinct = coin();
    result.states = several([&] { return AggregateState{text(), type(), expr(), expr(), maybe_expr(), maybe_expr()}; });
    result.finish = expr();
    result.span = span();
    return result;
  }

  NodePayload payload(NodeKind kind) {
    switch (kind) {
      case NodeKind::Source:
        return SourceNode{text(), options(), schema(), maybe_expr()};
      case NodeKind::Filter:
        return FilterNode{expr()};
      case NodeKind::Project:
        return ProjectNode{named()};
      case NodeKind::Expand:
        return ExpandNode{text(), expr()};
      case NodeKind::Time:
        return TimeNode{maybe_expr(), maybe_expr(), duration(), coin() ? std::optional(duration()) : std::nullopt};
      case NodeKind::Window:
        return WindowNode{windows(), duration(), coin(), coin(), duration(), text()};
      case NodeKind::Aggregate:
        return AggregateNode{
            static_cast<AggregatePhase>(below(3)),
            coin(),
            named(),
            several([&] { return call(); }),
            coin() ? std::optional(SessionWindow{duration(), duration(), duration(), coin(), text()}) : std::nullopt,
            bits(),
            coin() ? std::optional(windows()) : std::nullopt,
            coin() ? std::optional(Interval{duration(), duration()}) : std::nullopt};
      case NodeKind::Top:
        return TopNode{
            bits(),
            coin(),
            coin(),
            text(),
            named(),
            order(),
            coin() ? std::optional(SessionWindow{duration(), duration(), duration(), coin(), text()}) : std::nullopt,
            coin() ? std::optional(Interval{duration(), duration()}) : std::nullopt};
      case NodeKind::Frame:
        return FrameNode{named(),
                         order(),
                         bits(),
                         duration(),
                         several([&] { return call(); }),
                         several([&] { return FrameShift{text(), expr(), bits()}; }),
                         several([&] { return FrameShift{text(), expr(), bits()}; }),
                         text(),
                         text(),
                         coin(),
                         duration()};
      case NodeKind::Sort:
        return SortNode{order()};
      case NodeKind::Limit:
        return LimitNode{bits(), coin() ? std::optional<uint64_t>(bits()) : std::nullopt};
      case NodeKind::Union:
        return UnionNode{};
      case NodeKind::Join:
        return join();
      case NodeKind::Changes:
        return ChangesNode{text()};
      case NodeKind::Sink:
        return SinkNode{text(), options()};
      case NodeKind::Exchange:
        return ExchangeNode{static_cast<ExchangeKind>(below(4)), several([&] { return text(); })};
    }
    return std::monostate{};
  }

  WindowShape windows() { return {static_cast<WindowKind>(below(3)), duration(), duration(), duration(), text()}; }

  JoinNode join() {
    JoinNode join;
    join.kind = static_cast<JoinKind>(below(6));
    join.is_incremental = coin();
    join.is_lookup = coin();
    join.left_keys = named();
    join.right_keys = named();
    join.right = named();
    if (coin()) join.residual = expr();
    if (coin()) join.match_column = text();
    join.left_is_unique = coin();
    join.right_is_unique = coin();
    if (coin()) join.left_bound = JoinBound{expr(), -static_cast<int64_t>(below(1000))};
    if (coin()) join.right_bound = JoinBound{expr(), static_cast<int64_t>(below(1000))};
    return join;
  }

  Node node(size_t index) {
    Node result;
    result.label = std::to_string(index) + text();
    result.name = text();
    result.text = text();
    result.span = span();
    if (index > 0) result.inputs = several([&] { return NodeId(below(index)); });
    result.schema = schema();
    result.rows = {coin(), several([&] { return text(); })};
    result.parallelism = static_cast<uint32_t>(below(5));
    if (coin()) result.combine = coin();
    result.is_cut = coin();
    if (coin()) result.stage = static_cast<uint32_t>(below(5));
    result.payload = payload(static_cast<NodeKind>(below(std::variant_size_v<NodePayload> - 1)));
    return result;
  }

  std::mt19937 random_;
};

}  // namespace sluice::testing
