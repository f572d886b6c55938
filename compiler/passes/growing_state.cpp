#include "compiler/passes/growing_state.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <optional>
#include <set>
#include <string>

#include "lang/graph/endless.h"
#include "lang/support/quantity_text.h"

namespace sluice {

namespace {

// What a task adds to a row or key: its hash, its place in a table, the link to the next one.
constexpr uint64_t kOverhead = 24;
constexpr double kSecondsPerDay = 86'400;
constexpr auto kBounds = "bound it with a window, over tumble(1h), or forget keys after a time: keep 7d";

// Of a value in a table. How long texts and lists are is not known: a guess.
uint64_t bytes_of(const Type& type) {
  constexpr uint64_t kText = 8 + 24;
  uint64_t bytes = type.nullable ? 1 : 0;
  if (type.kind == TypeKind::String || type.kind == TypeKind::List) return bytes + kText;
  if (type.kind == TypeKind::Bool) return bytes + 1;
  if (type.kind == TypeKind::Decimal) return bytes + 16;
  if (type.kind != TypeKind::Record) return bytes + 8;
  for (const auto& field : type.fields) bytes += bytes_of(field.type);
  return bytes;
}

uint64_t bytes_of(const Schema& row) {
  const auto add = [](uint64_t sum, const Field& field) { return sum + bytes_of(field.type); };
  return std::accumulate(row.fields.begin(), row.fields.end(), kOverhead, add);
}

uint64_t bytes_of(const std::vector<NamedExpr>& keys) {
  const auto add = [](uint64_t sum, const NamedExpr& key) { return sum + bytes_of(key.expr.type); };
  return std::accumulate(keys.begin(), keys.end(), kOverhead, add);
}

// Is the number of keys that there can be small, whatever comes?
bool has_few_values(const std::vector<NamedExpr>& keys) {
  return std::ranges::all_of(keys, [](const NamedExpr& key) { return key.expr.type.kind == TypeKind::Bool; });
}

// Does it group by several sets of keys, which `keep` does not know yet?
bool has_several_sets(const Node& aggregate) {
  constexpr std::array kWords = {" rollup(", " cube(", " sets("};
  return std::ranges::any_of(kWords, [&](const char* word) { return aggregate.text.find(word) != std::string::npos; });
}

// One thing that is remembered for each row of an input.
struct Part {
  uint64_t bytes = 0;
  std::string of;  // "key", "row of the other side"
  NodeId input;
  uint64_t bytes_per_row = 0;  // that one row adds at most
};

class GrowingState {
 public:
  GrowingState(const FlowGraph& graph, const ConnectorCatalog& connectors, Diagnostics& diagnostics)
      : graph_(graph), connectors_(connectors), diagnostics_(diagnostics), endless_(endless_nodes(graph)) {}

  void run() {
    find_lasting();
    for (const NodeId id : graph_.ids()) {
      if (!lasting_.contains(id)) continue;
      if (const auto* join = node(id).as<JoinNode>()) look_at(*join, id);
      if (const auto* aggregate = node(id).as<AggregateNode>()) look_at(*aggregate, id);
      if (const auto* top = node(id).as<TopNode>()) look_at(*top, id);
      if (const auto* frame = node(id).as<FrameNode>()) look_at(*frame, id);
    }
  }

 private:
  [[nodiscard]] const Node& node(NodeId id) const { return graph_.nodes[id]; }

  // A `take` that has its rows ends what feeds it: only what leads to an endless sink runs for ever.
  void find_lasting() {
    const auto ids = graph_.ids();
    for (auto id = ids.rbegin(); id != ids.rend(); ++id) {
      if (!endless_[id->value]) continue;
      if (node(*id).kind() == NodeKind::Sink) lasting_.insert(*id);
      if (lasting_.contains(*id)) lasting_.insert(node(*id).inputs.begin(), node(*id).inputs.end());
    }
  }

  // Do new rows come for ever? A table that changes has as many rows as it has keys, and who makes it remembers those.
  [[nodiscard]] bool grows(NodeId input) const {
    return endless_[input.value] && node(input).schema.find(kRowWeight) == nullptr && !node(input).rows.is_table;
  }

  [[nodiscard]] Part of_rows(const std::string& of, NodeId input) const {
    const uint64_t bytes = bytes_of(node(input).schema);
    return {bytes, of, input, bytes};
  }

  void look_at(const JoinNode& join, NodeId id) {
    if (join.is_lookup || window_key(join.left_keys)) return;
    const NodeId left = node(id).inputs[0];
    const NodeId right = node(id).inputs[1];
    std::vector<Part> parts;
    if (grows(left) && !join.left_bound) parts.push_back(of_rows("row", left));
    if (grows(right) && !join.right_bound) parts.push_back(of_rows("row of the other side", right));
    if (parts.empty()) return;
    const bool can_bound = is_streamed(join) && !join.is_incremental && !join.left_keys.empty();
    warn(id, "row", parts)
        .with_label(parts.size() == 2        ? "both sides are unbounded"
                    : parts[0].input == left ? "rows in front of it are unbounded"
                                             : "the other side is unbounded")
        .with_help(can_bound ? "bound it with `over tumble(..)`, `within 1h`, a time range in `on`, or `keep 7d`"
                             : "bound it with `over tumble(..)`");
  }

  void look_at(const AggregateNode& aggregate, NodeId id) {
    const NodeId input = node(id).inputs[0];
    if (aggregate.phase == AggregatePhase::Partial || aggregate.session || aggregate.window_rows != 0) return;
    if (window_key(aggregate.keys) || !grows(input)) return;
    const bool is_distinct = std::ranges::any_of(aggregate.calls, &AggregateCall::is_distinct);
    if (has_few_values(aggregate.keys) && !is_distinct) return;
    uint64_t bytes = bytes_of(aggregate.keys);
    for (const auto& call : aggregate.calls) {
      for (const auto& state : call.states) bytes += bytes_of(state.type);
      if (call.is_distinct) bytes += bytes_of(call.args);
    }
    const std::string what = has_few_values(aggregate.keys) ? "value" : "key";
    warn(id, what, {{bytes, what, input, bytes}})
        .with_label(what + "s are unbounded")
        .with_help(aggregate.calls.empty()                     ? "forget rows after a time: keep 1d"
                   : is_distinct || has_several_sets(node(id)) ? "bound it with a window: over tumble(1h)"
                                                               : kBounds);
  }

  void look_at(const TopNode& top, NodeId id) {
    const NodeId input = node(id).inputs[0];
    if (window_key(top.keys) || top.session || has_few_values(top.keys) || !grows(input)) return;
    const uint64_t rows = std::max<uint64_t>(top.limit, 1);
    const uint64_t row = bytes_of(node(input).schema);
    const uint64_t key = bytes_of(top.keys);
    const uint64_t bytes = key + (row > UINT64_MAX / 2 / rows ? UINT64_MAX / 2 : row * rows);
    warn(id, "key", {{bytes, "key", input, key + row}}).with_label("keys are unbounded").with_help(kBounds);
  }

  void look_at(const FrameNode& frame, NodeId id) {
    const NodeId input = node(id).inputs[0];
    const bool is_asof_join = node(id).text.starts_with("asof");
    if (frame.keep != 0 || is_asof_join || has_few_values(frame.keys) || !grows(input)) return;
    uint64_t bytes = bytes_of(frame.keys) + bytes_of(node(input).schema);
    for (const auto& call : frame.calls)
      for (const auto& state : call.states) bytes += bytes_of(state.type);
    warn(id, "key", {{bytes, "key", input, bytes}})
        .with_label("keys are unbounded")
        .with_help("forget keys after a time: keep 7d");
  }

  Diagnostic& warn(NodeId id, const std::string& what, const std::vector<Part>& parts) {
    std::string text = "about ";
    double per_second = 0;
    for (const auto& part : parts) {
      text += fmt::format("{}{} per {}", &part == parts.data() ? "" : " + ", bytes_text(part.bytes), part.of);
      per_second += static_cast<double>(part.bytes_per_row) * rate_of(part.input);
    }
    const double all = std::accumulate(parts.begin(), parts.end(), 0.0, [](double sum, const Part& part) {
      return sum + static_cast<double>(part.bytes_per_row);
    });
    const auto [span, word] = operator_of(node(id));
    return diagnostics_.report(diag::W0404, span, word, what).with_note(text + "; " + growth(parts, per_second, all));
  }

  [[nodiscard]] std::string growth(const std::vector<Part>& parts, double per_second, double all) const {
    if (per_second == 0) return fmt::format("that is {} for a million", bytes_text(static_cast<uint64_t>(all * 1e6)));
    double rows = 0;
    for (const auto& part : parts) rows = std::max(rows, rate_of(part.input));
    const double day = std::min(per_second * kSecondsPerDay, 1e18);
    return fmt::format("at {} rows/s that is at most {} a day", grouped(rows), bytes_text(static_cast<uint64_t>(day)));
  }

  static std::string grouped(double number) {
    std::string digits = fmt::format("{:.0f}", number);
    for (size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, ",");
    return digits;
  }

  // Rows in a second, at most, of what the sources say of themselves; 0 when they do not.
  [[nodiscard]] double rate_of(NodeId at) const {
    std::set<NodeId> seen;
    return rate_of(at, seen);
  }
  double rate_of(NodeId at, std::set<NodeId>& seen) const {
    if (!seen.insert(at).second || !endless_[at.value]) return 0;
    double rate = 0;
    for (const NodeId input : node(at).inputs) rate += rate_of(input, seen);
    const auto* source = node(at).as<SourceNode>();
    const auto* entry = source == nullptr ? nullptr : connectors_.find(source->connector);
    if (entry == nullptr) return rate;
    const auto option = std::ranges::find(source->options, entry->rate_option, &ConnectorOption::name);
    const auto* value = option == source->options.end() ? nullptr : std::get_if<int64_t>(&option->value);
    return value == nullptr ? rate : static_cast<double>(*value);
  }

  // Where the words of the operator stand, `left join`, and its name, `join`.
  static std::pair<Span, std::string> operator_of(const Node& node) {
    const std::string& text = node.text;
    size_t begin = 0;
    size_t end = std::min(text.find(' '), text.size());
    if (node.kind() == NodeKind::Join && !text.starts_with("join")) {
      begin = std::min(text.find("join"), text.size() - 1);
      end = begin + 4;
    }
    Span span = node.span;
    span.end = {span.begin.line, span.begin.column + static_cast<uint32_t>(end)};
    return {span, text.substr(begin, end - begin)};
  }

  const FlowGraph& graph_;
  const ConnectorCatalog& connectors_;
  Diagnostics& diagnostics_;
  const std::vector<bool> endless_;
  std::set<NodeId> lasting_;
};

}  // namespace

void report_growing_state(const FlowGraph& graph, const ConnectorCatalog& connectors, Diagnostics& diagnostics) {
  GrowingState(graph, connectors, diagnostics).run();
}

}  // namespace sluice
