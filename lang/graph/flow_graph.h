// FlowGraph: the checked program as a graph of dataflow operators, from sources to sinks. The checker builds it,
// passes rewrite it (through GraphEditor only), lowering cuts it into stages. It is a value: copy, compare, print,
// read back. Nodes carry their own types, spans and stable names; there are no side tables.
//
// Invariants (verify.h checks them): inputs come before their users in `nodes`; node.schema is what the payload
// computes from the schemas of the inputs; every column an expression names exists in the input with that type.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "lang/graph/expr.h"
#include "lang/source/span.h"
#include "lang/support/ids.h"
#include "lang/types/type.h"

namespace sluice {

// What a graph may ask for: more is refused where it is written.
inline constexpr uint32_t kMostTasks = 4096;           // of one stage
inline constexpr int64_t kMostWindows = 1'000'000;     // that one row falls into
inline constexpr uint64_t kMostFrameRows = 1'000'000;  // that one row looks back or ahead

struct NodeTag;
using NodeId = Id<NodeTag>;

enum class NodeKind : uint8_t {
#define NODE(kind, name) kind,
#include "lang/graph/nodes.def"
#undef NODE
};
[[nodiscard]] std::string_view node_kind_name(NodeKind kind);

// Append-only stream, or table whose rows can be replaced (`key` names its key columns).
struct RowKind {
  bool is_table = false;
  std::vector<std::string> key;
  bool operator==(const RowKind&) const = default;
};

// `name = value` of a connector call such as csv("a.csv", header = false). Positional arguments got their names
// from stdlib/connectors.def while checking.
struct ConnectorOption {
  std::string name;
  LiteralValue value;
  bool operator==(const ConnectorOption&) const = default;
};

struct SourceNode {
  std::string connector;  // a row of stdlib/connectors.def: "csv"
  std::vector<ConnectorOption> options;
  Schema declared;             // all columns the program declares; the node's schema is the decoded subset
  std::optional<Expr> filter;  // over declared columns; rows that fail are dropped before decoding the rest
  bool is_endless = false;     // its rows never end (endless.h)
  bool operator==(const SourceNode&) const = default;
};

struct FilterNode {
  Expr condition;  // bool, never null
  bool operator==(const FilterNode&) const = default;
};

// select, extend, set, drop, rename: the output row, column by column.
struct ProjectNode {
  std::vector<NamedExpr> columns;
  bool operator==(const ProjectNode&) const = default;
};

// One output row per element of `list`: the input's columns (those in the node's schema) and the element as `column`.
struct ExpandNode {
  std::string column;
  Expr list;
  bool operator==(const ExpandNode&) const = default;
};

// Columns that programs do not see: the event time of a row, and the watermark its partition had before it. Rows that
// have a time carry both from the TimeNode on, until a node drops them because nobody below reads them.
inline constexpr std::string_view kRowTime = "@time";
inline constexpr std::string_view kRowMark = "@mark";

// How a row changes a table: 1, it came; -1, it went. Only where rows of a table travel as changes (see ChangesNode).
inline constexpr std::string_view kRowWeight = "@weight";

// Gives rows their event time: kRowTime becomes `time`, kRowMark the watermark before the row: the largest time so far
// less `delay` (both in microseconds). A source that makes its rows by a clock has a column for it, which never goes
// back: the watermark is `clock` less `delay`, whatever rows came before. Wall clock: the time of day when the row is
// read.
struct TimeNode {
  std::optional<Expr> time;   // timestamp, never null; absent: wall clock
  std::optional<Expr> clock;  // timestamp, never null
  int64_t delay = 0;
  std::optional<int64_t> idle;  // without rows for so long, the source holds nobody up
  bool operator==(const TimeNode&) const = default;
};

enum class WindowKind : uint8_t {
#define WINDOW(kind, name) kind,
#include "lang/graph/windows.def"
#undef WINDOW
};
[[nodiscard]] std::string_view window_kind_name(WindowKind kind);

// Windows begin at multiples of `step` (all in microseconds), moved by `offset`, and are `size` long; those of cumulate
// begin at multiples of `size` and end at each `step` behind. With a `zone` they do so by the clock of that time zone
// (time_zone.h), from its midnight of 1970-01-01 on.
struct WindowShape {
  WindowKind kind = WindowKind::Tumble;
  int64_t size = 0;
  int64_t step = 0;
  int64_t offset = 0;
  std::string zone;  // empty: none
  bool operator==(const WindowShape&) const = default;
};

// One output row per window that the row's time falls into, with the window as `column`. A row is left out of windows
// whose end, and `late` behind it, its partition's watermark has passed.
struct WindowNode : WindowShape {
  int64_t late = 0;
  // The opposite: rows that are late for all their windows, without a window column.
  bool late_rows = false;
  // Nobody reads the rows that are late for all their windows: they are counted.
  bool counts_late = true;
  // Not 0: instead of its windows a row gets the pane that it falls into, so long that every window is made of some,
  // for a window node over the panes. A row that is late for its pane may still be in time for some windows: its pane
  // ends with the one that the watermark is in, and counts in no window that ended before.
  int64_t pane = 0;
  std::string column;
  bool operator==(const WindowNode&) const = default;
};

// One field of an aggregate function's state. `init` sees the arguments of the group's first row (locals named as in
// AggregateCall::args); `step` sees state fields and arguments as locals; `merge` sees state fields as locals and
// those of the other state as locals "o.<field>"; `retract` takes a row back, and sees what `step` sees. All of them
// have exactly `type`.
struct AggregateState {
  std::string name;
  Type type;
  Expr init;
  Expr step;
  std::optional<Expr> merge;
  std::optional<Expr> retract;
  bool operator==(const AggregateState&) const = default;
};

// One aggregate of an `aggregate` step, already expanded from its definition in Flow (stdlib/modules/aggregates.flow).
// Per row that passes `filter`: step every state field at once from the old values. Result: `finish` over the states.
struct AggregateCall {
  std::string name;             // output column
  std::string function;         // "avg", for people
  std::vector<NamedExpr> args;  // over input columns; bound to locals by name
  std::optional<Expr> filter;   // over input columns; bool, never null
  bool is_distinct = false;     // only the first row per (keys, args) counts
  std::vector<AggregateState> states;
  Expr finish;  // over states as locals
  Span span;
  bool operator==(const AggregateCall& other) const;  // spans do not count
  [[nodiscard]] bool can_merge() const;
  [[nodiscard]] bool can_retract() const;
};

enum class AggregatePhase : uint8_t {
  Single,   // rows in, results out
  Partial,  // rows in; out: keys and state columns "<call>.<state>"
  Final,    // partial rows in, results out
};

// Sessions of a key: rows less than `gap` (microseconds) apart. Their window is the output column behind the keys.
struct SessionWindow {
  int64_t gap = 0;
  int64_t max = 0;  // 0: none
  int64_t late = 0;
  bool counts_late = true;  // as in WindowNode
  std::string column;
  bool operator==(const SessionWindow&) const = default;
};

// When changes are given out: those of a group together, when the watermark passes a multiple of `length`. A row counts
// in the first one that lies behind the watermark that its partition has with it: `delay` is that of the source.
struct Interval {
  int64_t length = 0;
  int64_t delay = 0;
  bool operator==(const Interval&) const = default;
};

// Without keys there is exactly one output row, also for no input. With a window among the keys (window_key) groups are
// final when the watermark passes its end: they leave then, and their state with them.
//
// With `windows`, in the final phase, the window among the keys is made of panes: that key reads the pane of the
// partial rows, and the group of a window has the states of its panes merged.
//
// With a `session`, a group is a session of a key. The input is timed; rows that lie more than `late` behind their
// partition's watermark are late. With a `max` the first row that lies so much behind the session's first one begins
// the next session.
//
// With `window_rows`, a group is so many rows of a key, one behind the other as they arrive; the last one may have
// less.
//
// Incremental: no result waits for the end. Each row takes back the result of its group and gives out the new one, in
// rows with a kRowWeight; rows that have one come in as changes. In one phase, and with no window but one among the
// keys, which says when the group is forgotten, one of rows, or sessions of any length. The same for top, but without
// sessions, and for joins without any window. What can only grow (distinct rows, pairs of streams) has no kRowWeight.
//
// With `every`, an incremental aggregate of timed rows, which does not read changes, collects what changes: a group
// takes back its result and gives out the new one once per interval at most. It means nothing where the aggregate is
// not incremental.
struct AggregateNode {
  AggregatePhase phase = AggregatePhase::Single;
  bool is_incremental = false;
  std::vector<NamedExpr> keys;  // in Final phase: plain columns of the partial rows
  std::vector<AggregateCall> calls;
  std::optional<SessionWindow> session;
  uint64_t window_rows = 0;
  std::optional<WindowShape> windows;
  std::optional<Interval> every;
  bool operator==(const AggregateNode&) const = default;
};

// The first key whose type is a window.
[[nodiscard]] std::optional<size_t> window_key(const std::vector<NamedExpr>& keys);
// The keys whose rows must meet in one task: all of them, but not the panes of windows, which meet later.
[[nodiscard]] std::vector<NamedExpr> meeting_keys(const AggregateNode& aggregate);

// Positions of the calls that count distinct values, those with the same arguments together: each group has one table,
// whose entries say for which of its calls the values count already. Rows that may go again are counted one by one, so
// there every call is a group of its own.
[[nodiscard]] std::vector<std::vector<size_t>> distinct_groups(const AggregateNode& aggregate);

struct OrderKey {
  Expr expr;
  bool descending = false;
  bool operator==(const OrderKey&) const = default;
};

// The first `limit` rows of each group (one group without keys) in `order`. Ties are broken by the remaining columns
// of the row, left to right, ascending, so the result does not depend on arrival. Output within a group is ordered. A
// window among the keys, and a session, work as in AggregateNode.
struct TopNode {
  uint64_t limit = 0;
  bool is_incremental = false;  // see AggregateNode
  bool with_ties = false;       // rows equal to the last one under `order` are kept too
  std::string rank_column;      // 1-based position, empty when not asked for
  std::vector<NamedExpr> keys;
  std::vector<OrderKey> order;
  std::optional<SessionWindow> session;
  std::optional<Interval> every;  // see AggregateNode
  bool operator==(const TopNode&) const = default;
};

// The value of the row that comes so many rows earlier (or later) in the order of a key, null where there is none.
struct FrameShift {
  std::string name;  // output column, nullable
  Expr value;        // over input columns
  uint64_t rows = 1;
  bool operator==(const FrameShift&) const = default;
};

// Every row with columns computed from those of its key that come earlier in `order` (ties as in TopNode): `calls` over
// the rows of its frame, which ends with the row itself. Rows come out in that order: where it is that of event time
// (follows_time), when the watermark has passed their time, and rows behind their partition's watermark are left out;
// else when the input ends.
struct FrameNode {
  std::vector<NamedExpr> keys;
  std::vector<OrderKey> order;
  uint64_t rows = 0;  // not 0: the frame has so many rows at most
  int64_t last = 0;   // not 0: those less than so many microseconds before the row, by the one expression in `order`
  std::vector<AggregateCall> calls;
  std::vector<FrameShift> shifts;
  std::vector<FrameShift> leads;  // later rows: a row goes on when they are there, or the input ends; nothing else then
  std::string number_column;      // 1-based position among the rows of the key; empty when not asked for
  std::string rank_column;        // the same, but rows equal under `order` have that of the first of them
  bool counts_late = true;        // as in WindowNode
  // Not 0, and only in the order of event time: a row that comes more than so many microseconds behind the row of its
  // key before it sees nothing of those; the key begins anew with it.
  int64_t keep = 0;
  bool operator==(const FrameNode&) const = default;
};

// Are its rows in the order of their event time?
[[nodiscard]] bool follows_time(const FrameNode& frame);
// The columns it adds to those of its input.
[[nodiscard]] std::vector<Field> made_columns(const FrameNode& frame);

struct SortNode {  // ties as in TopNode
  std::vector<OrderKey> order;
  bool operator==(const SortNode&) const = default;
};

struct LimitNode {  // skip, then take
  uint64_t skip = 0;
  std::optional<uint64_t> take;
  bool operator==(const LimitNode&) const = default;
};

struct UnionNode {  // all inputs have the schema of the node
  bool operator==(const UnionNode&) const = default;
};

enum class JoinKind : uint8_t {
#define JOIN(kind, name) kind,
#include "lang/graph/joins.def"
#undef JOIN
};
[[nodiscard]] std::string_view join_kind_name(JoinKind kind);

// Until when a join needs a row of one side: once no row of the other side can come any more whose time is up to `time`
// (over columns of the row), which is when the watermark is `after` microseconds behind it.
struct JoinBound {
  Expr time;  // timestamp, never null, cannot fail
  int64_t after = 0;
  bool operator==(const JoinBound&) const = default;
};

// Pairs of a left row (input 0) and a right row (input 1) with equal keys, key by key, for which `residual` holds. With
// a window among the keys it is the first of both; pairs are complete when the watermark passes its end.
//
// A lookup has no window and needs nothing of a left row once it has passed; nothing but the join reads what its right
// side is made of, and nothing there holds rows back.
//
// The node's schema says which columns are passed on: those of the left row under their names, those of the right row
// under the names in `right`. Where a side may be missing its columns are nullable, but not the window of a key.
struct JoinNode {
  JoinKind kind = JoinKind::Inner;
  bool is_incremental = false;        // see AggregateNode
  bool is_lookup = false;             // the right side is read whole first; left rows are answered as they come
  std::vector<NamedExpr> left_keys;   // over left columns, never null; names are those of right_keys
  std::vector<NamedExpr> right_keys;  // over right columns, of the same types
  std::vector<NamedExpr> right;       // over right columns: what a pair has of its right row
  std::optional<Expr> residual;       // over left columns and those of `right`; bool, never null
  std::string match_column;           // Left, Full: bool, is there a right row? Empty when not asked for
  bool left_is_unique = false;        // no two left rows have the same keys
  bool right_is_unique = false;
  std::optional<JoinBound> left_bound;  // streamed joins only; absent: its rows are needed until the end
  std::optional<JoinBound> right_bound;
  bool operator==(const JoinNode&) const = default;
};

// Does the join give out pairs as rows arrive? Otherwise when the window or the input ends.
[[nodiscard]] bool is_streamed(const JoinNode& join);
// The left column that holds the window among the keys; empty when there is none.
[[nodiscard]] std::string window_of(const JoinNode& join);
// May the join be a lookup, as far as its kind and keys go?
[[nodiscard]] bool can_look_up(const JoinNode& join);
// May a pair be without its left or its right row?
[[nodiscard]] bool may_lack_left(JoinKind kind);
[[nodiscard]] bool may_lack_right(JoinKind kind);
// Does the join give out left rows only?
[[nodiscard]] bool gives_left_only(JoinKind kind);

// The changes of a table as rows of a stream: its columns, and `column`: 1 for a row that came, -1 for one that went.
// Only in checked programs: the pass derive_changes replaces it by incremental forms of the steps above it.
struct ChangesNode {
  std::string column;
  bool operator==(const ChangesNode&) const = default;
};

struct SinkNode {
  std::string connector;
  std::vector<ConnectorOption> options;
  bool operator==(const SinkNode&) const = default;
};

enum class ExchangeKind : uint8_t {
#define EXCHANGE(kind, name) kind,
#include "lang/graph/exchanges.def"
#undef EXCHANGE
};
[[nodiscard]] std::string_view exchange_kind_name(ExchangeKind kind);

// Rows change tasks here. Gather keeps the order of the rows where the input has one (see JobPlan).
struct ExchangeNode {
  ExchangeKind kind = ExchangeKind::Forward;
  std::vector<std::string> keys;  // Hash only: columns
  bool operator==(const ExchangeNode&) const = default;
};

using NodePayload = std::variant<
#define NODE(kind, name) kind##Node,
#include "lang/graph/nodes.def"
#undef NODE
    std::monostate>;

struct Node {
  std::string label;  // stable display id: "3", after a split "3a", "3b"; unique in the graph
  std::string name;   // stable state identity: "counts.aggregate"
  std::string text;   // the step as written, one line, for people: `where status < 400`
  Span span;
  std::vector<NodeId> inputs;
  Schema schema;  // of the output
  RowKind rows;
  uint32_t parallelism = 0;       // wanted number of tasks (@parallel); 0: the job's default
  std::optional<bool> combine;    // of aggregate and top: on each task first (@combine); absent: where that is possible
  bool is_cut = false;            // wanted: another task goes on behind it (@cut)
  bool is_broadcast = false;      // of joins, wanted: each task has the whole table of the other side (@broadcast)
  std::optional<uint32_t> stage;  // set by the fusion pass; Exchange nodes stay outside of stages
  NodePayload payload;

  bool operator==(const Node& other) const;  // spans and text do not count
  [[nodiscard]] NodeKind kind() const { return static_cast<NodeKind>(payload.index()); }
  template <class T>
  [[nodiscard]] const T* as() const {
    return std::get_if<T>(&payload);
  }
  template <class T>
  [[nodiscard]] T* as() {
    return std::get_if<T>(&payload);
  }
};

// Is this node one whose output appears only when its input, or a window of it, has ended? It has a finish phase in its
// stage then.
[[nodiscard]] bool is_blocking(const Node& node);

struct FlowGraph {
  std::string name;                // of the job: the file's name without .flow
  std::vector<std::string> files;  // paths that Span::file indexes
  IdVector<NodeId, Node> nodes;    // in topological order

  bool operator==(const FlowGraph&) const = default;
  [[nodiscard]] std::vector<NodeId> users_of(NodeId node) const;
  [[nodiscard]] std::vector<NodeId> ids() const;
};

// Does it give out the changes of its groups now and then, instead of with every row?
[[nodiscard]] bool collects_changes(const AggregateNode& aggregate);
[[nodiscard]] bool collects_changes(const TopNode& top);
// The interval of an aggregate or top that has one; else null.
[[nodiscard]] const Interval* every_of(const Node& node);

// The sessions that the node makes; null when it makes none.
[[nodiscard]] const SessionWindow* session_of(const Node& node);

// How far behind the ends of its windows the node gives out their results: they wait for late rows, here or above.
[[nodiscard]] int64_t window_lag(const FlowGraph& graph, NodeId node);

// The only way to rewire a graph. Collects edits against an unchanged graph; finish() returns a new graph in
// topological order, without nodes that no sink needs.
class GraphEditor {
 public:
  explicit GraphEditor(FlowGraph graph);

  [[nodiscard]] const FlowGraph& graph() const { return graph_; }
  // Adds a node; its inputs may be any nodes, old or added.
  NodeId add(Node node);
  // Replaces what a node does, keeping its users.
  void replace(NodeId node, Node replacement);
  // Every user of `from` (except `except`) reads `to` instead.
  void redirect(NodeId from, NodeId to, NodeId except = NodeId());
  void set_inputs(NodeId node, std::vector<NodeId> inputs);
  [[nodiscard]] FlowGraph finish() &&;

 private:
  FlowGraph graph_;
};

}  // namespace sluice
