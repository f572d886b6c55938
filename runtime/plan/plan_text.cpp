#include "runtime/plan/plan_text.h"

#include <fmt/format.h>

#include <optional>

#include "lang/graph/graph_text.h"
#include "lang/graph/text_parts.h"
#include "lang/support/text_cursor.h"

namespace sluice {

namespace {

std::string_view state_kind_name(StateKind kind) {
  switch (kind) {
#define STATE(kind, name) \
  case StateKind::kind:   \
    return name;
#include "runtime/plan/states.def"
#undef STATE
  }
  return "?";
}

std::optional<StateKind> find_state_kind(std::string_view name) {
#define STATE(kind, text) \
  if (name == text) return StateKind::kind;
#include "runtime/plan/states.def"
#undef STATE
  return std::nullopt;
}

std::optional<ExchangeKind> find_exchange_kind(std::string_view name) {
#define EXCHANGE(kind, text) \
  if (name == text) return ExchangeKind::kind;
#include "lang/graph/exchanges.def"
#undef EXCHANGE
  return std::nullopt;
}

class Writer {
 public:
  explicit Writer(const JobPlan& plan) : plan_(plan) {}

  std::string run() {
    line("plan", fmt::format("{}", plan_.key_groups));
    for (size_t i = 0; i < plan_.stages.size(); ++i) write_stage(plan_.stages[StageId(i)]);
    for (size_t i = 0; i < plan_.edges.size(); ++i) write_edge(i, plan_.edges[EdgeId(i)]);
    return text_ + write_graph(plan_.graph);
  }

 private:
  void write_stage(const StagePlan& stage) {
    line("stage",
         fmt::format("{} tasks {} finish_phases {}", write_label(stage.name), stage.parallelism, stage.finish_phases));
    if (!stage.nodes.empty()) line("  nodes", labels(stage.nodes));
    for (const auto& input : stage.inputs) {
      if (input.source.is_valid())
        line("  input source", label(input.source));
      else
        line("  input edge", fmt::format("{}", input.edge.value));
    }
    for (const EdgeId edge : stage.outputs) line("  output", fmt::format("{}", edge.value));
    if (!stage.sinks.empty()) line("  sinks", labels(stage.sinks));
    for (const auto& state : stage.states) {
      line("  state", fmt::format("{} {} {}", state_kind_name(state.kind), write_label(state.name), label(state.node)));
      if (!state.key.fields.empty()) line("    key", write_schema(state.key));
      if (!state.value.fields.empty()) line("    value", write_schema(state.value));
    }
  }

  void write_edge(size_t number, const EdgePlan& edge) {
    line("edge", fmt::format("{} {}{} {} from {} to {}", number, exchange_kind_name(edge.kind),
                             edge.is_ordered ? " ordered" : "", label(edge.exchange), edge.from.value, edge.to.value));
    line("  schema", write_schema(edge.schema));
    if (!edge.keys.empty()) line("  keys", write_names(edge.keys));
  }

  [[nodiscard]] std::string label(NodeId id) const { return write_label(plan_.graph.nodes[id].label); }
  [[nodiscard]] std::string labels(const std::vector<NodeId>& ids) const {
    std::string text;
    for (const NodeId id : ids) text += (text.empty() ? "" : ", ") + label(id);
    return text;
  }
  void line(std::string_view key, std::string_view value) {
    text_ += fmt::format("{}{}{}\n", key, value.empty() ? "" : " ", value);
  }

  const JobPlan& plan_;
  std::string text_;
};

// The graph stands last in the text but is read first, because everything else names its nodes.
class Reader {
 public:
  Result<JobPlan> run(std::string_view text) {
    const size_t graph_begin = text.starts_with("graph ") ? 0 : text.find("\ngraph ") + 1;
    if (graph_begin == 0) return user_error("a plan holds the text of its graph, and here is none");
    auto graph = read_graph(text.substr(graph_begin));
    if (!graph) return std::unexpected(std::move(graph).error().with_context("in the plan's graph"));
    plan_.graph = std::move(*graph);
    text = text.substr(0, graph_begin);
    for (size_t number = 1; !text.empty(); ++number) {
      const size_t end = text.find('\n');  // there is one: the graph begins a line
      TextCursor cursor(text.substr(0, end), number);
      text.remove_prefix(end + 1);
      if (cursor.at_end() || cursor.peek() == '#') continue;
      read_line(cursor);
      cursor.expect_end();
      if (!cursor.ok()) return cursor.error();
    }
    if (auto status = check_references(); !status) return std::unexpected(std::move(status).error());
    return std::move(plan_);
  }

 private:
  void read_line(TextCursor& cursor) {
    const std::string key(cursor.word());
    if (!has_head_) {
      if (key != "plan") return cursor.fail("a plan begins with `plan` and its number of key groups");
      has_head_ = true;
      plan_.key_groups = cursor.u32();
      if (plan_.key_groups == 0) cursor.fail("there is at least one key group");
    } else if (key == "stage") {
      read_stage(cursor);
    } else if (key == "edge") {
      read_edge(cursor);
    } else if (edge_ != nullptr && key == "schema") {
      edge_->schema = read_schema(cursor);
    } else if (edge_ != nullptr && key == "keys") {
      edge_->keys = read_names(cursor);
    } else if (edge_ != nullptr || stage_ == nullptr || !read_stage_part(key, cursor)) {
      cursor.fail(fmt::format("`{}` does not belong here", key));
    }
  }

  void read_stage(TextCursor& cursor) {
    if (edge_ != nullptr) return cursor.fail("stages come before edges");
    StagePlan stage;
    stage.name = cursor.label();
    cursor.expect_word("tasks");
    stage.parallelism = cursor.u32();
    cursor.expect_word("finish_phases");
    stage.finish_phases = cursor.u32();
    stage_ = &plan_.stages[plan_.stages.add(std::move(stage))];
  }

  bool read_stage_part(const std::string& key, TextCursor& cursor) {
    if (key == "nodes") {
      stage_->nodes = read_nodes(cursor);
    } else if (key == "input") {
      if (cursor.accept_word("source")) {
        stage_->inputs.push_back({read_node(cursor), {}});
      } else {
        cursor.expect_word("edge");
        stage_->inputs.push_back({{}, EdgeId(cursor.u32())});
      }
    } else if (key == "output") {
      stage_->outputs.emplace_back(cursor.u32());
    } else if (key == "sinks") {
      stage_->sinks = read_nodes(cursor);
    } else if (key == "state") {
      read_state(cursor);
    } else if (key == "key" && !stage_->states.empty()) {
      stage_->states.back().key = read_schema(cursor);
    } else if (key == "value" && !stage_->states.empty()) {
      stage_->states.back().value = read_schema(cursor);
    } else {
      return false;
    }
    return true;
  }

  void read_state(TextCursor& cursor) {
    StatePlan state;
    const auto kind = find_state_kind(cursor.word());
    if (!kind) return cursor.fail("there is no such kind of state");
    state.kind = *kind;
    state.name = cursor.label();
    state.node = read_node(cursor);
    stage_->states.push_back(std::move(state));
  }

  void read_edge(TextCursor& cursor) {
    EdgePlan edge;
    if (cursor.u32() != plan_.edges.size()) cursor.fail("edges are numbered from 0 on");
    const auto kind = find_exchange_kind(cursor.word());
    if (!kind) return cursor.fail("there is no such exchange");
    edge.kind = *kind;
    edge.is_ordered = cursor.accept_word("ordered");
    edge.exchange = read_node(cursor);
    cursor.expect_word("from");
    edge.from = StageId(cursor.u32());
    cursor.expect_word("to");
    edge.to = StageId(cursor.u32());
    edge_ = &plan_.edges[plan_.edges.add(std::move(edge))];
  }

  NodeId read_node(TextCursor& cursor) {
    const std::string label = cursor.label();
    for (const NodeId id : plan_.graph.ids())
      if (plan_.graph.nodes[id].label == label) return id;
    cursor.fail(fmt::format("the graph has no node {}", write_label(label)));
    return {};
  }

  std::vector<NodeId> read_nodes(TextCursor& cursor) {
    std::vector<NodeId> nodes;
    do nodes.push_back(read_node(cursor));
    while (cursor.accept(','));
    return nodes;
  }

  // Later phases index by these numbers.
  [[nodiscard]] Status check_references() const {
    if (!has_head_) return user_error("a plan begins with `plan` and its number of key groups");
    for (const auto& edge : plan_.edges)
      if (!plan_.stages.contains(edge.from) || !plan_.stages.contains(edge.to))
        return user_error("an edge of the plan joins stages that it does not have");
    for (const auto& stage : plan_.stages) {
      if (stage.parallelism == 0) return user_error(fmt::format("stage {} has no tasks", stage.name));
      for (const auto& input : stage.inputs)
        if (!input.source.is_valid() && !plan_.edges.contains(input.edge))
          return user_error(fmt::format("stage {} reads an edge that is not there", stage.name));
      for (const EdgeId edge : stage.outputs)
        if (!plan_.edges.contains(edge))
          return user_error(fmt::format("stage {} feeds an edge that is not there", stage.name));
    }
    return {};
  }

  JobPlan plan_;
  StagePlan* stage_ = nullptr;  // the one being read
  EdgePlan* edge_ = nullptr;    // the one being read, once the stages are done
  bool has_head_ = false;
};

}  // namespace

std::string write_plan(const JobPlan& plan) { return Writer(plan).run(); }

Result<JobPlan> read_plan(std::string_view text) { return Reader().run(text); }

}  // namespace sluice
