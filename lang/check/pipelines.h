// PipelineChecker: a pipeline's inputs and steps to graph nodes; what the operators ask of the checker.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "lang/check/expr_checker.h"
#include "lang/operators/operator_context.h"

namespace sluice {

class PipelineChecker final : public OperatorContext {
 public:
  // `prefix` comes before the names of the nodes: the `let` the pipeline belongs to, or nothing.
  PipelineChecker(Session& session, std::string prefix) : session_(session), prefix_(std::move(prefix)) {}

  // The pipeline's rows; a node of kind Sink when it ended in `to`.
  [[nodiscard]] Flow check(const ast::Pipeline& pipeline);
  // Adds the sink of a pipeline that names none.
  void print(const Flow& rows, const ast::Pipeline& pipeline);

  // Inside a function over pipelines: what its parameters stand for.
  void bind(const std::string& name, Expr value) { locals_.push_back({name, std::move(value)}); }
  void bind(const std::string& name, Flow flow) { flows_[name] = std::move(flow); }

  [[nodiscard]] Diagnostics& diagnostics() override { return *session_.diagnostics; }
  [[nodiscard]] const SourceMap& sources() const override { return session_.sources; }
  [[nodiscard]] Expr check_expr(const ast::Expr& expr, const Flow& row) override;
  [[nodiscard]] Expr check_condition(const ast::Expr& expr, const Flow& row, std::string_view op) override;
  [[nodiscard]] std::optional<uint64_t> check_count(const ast::Expr& expr, std::string_view op) override;
  [[nodiscard]] std::optional<int64_t> check_duration(const ast::Expr& expr, std::string_view who,
                                                      int64_t least) override;
  [[nodiscard]] std::optional<Expr> convert(const Expr& value, const Type& type) override;
  [[nodiscard]] Expr check_aggregate_column(const ast::Column& column, const std::string& name,
                                            const AggregateInput& rows, std::vector<AggregateCall>& calls) override;
  [[nodiscard]] Expr check_frame_column(const ast::Column& column, const std::string& name, const Flow& input,
                                        FrameNode& frame) override;
  [[nodiscard]] Flow check_input(const ast::Input& input) override;
  [[nodiscard]] Flow late_input(const ast::Path& path);
  [[nodiscard]] std::optional<CheckedSink> check_sink(const ast::Expr& target) override;
  [[nodiscard]] const FlowGraph& graph() const override { return session_.graph.graph(); }
  [[nodiscard]] const std::vector<bool>& endless() const override { return session_.graph.endless(); }
  [[nodiscard]] Flow add(const ast::Step& step, NodePayload payload, std::vector<NodeId> inputs, Flow next) override;

 private:
  [[nodiscard]] bool add_wanted_time(const ast::Step& step, Node& node);
  [[nodiscard]] Flow check_inputs(const ast::Pipeline& pipeline);
  [[nodiscard]] Expr check_collecting(const ast::Column& column, const Flow& row, AggregateColumn& collected);
  [[nodiscard]] Flow check_step(const ast::Step& step, Flow input);
  [[nodiscard]] Flow call_function(Definition& definition, const ast::Step& step, Flow input);
  void report_unknown_step(const ast::Step& step);
  [[nodiscard]] Flow path_input(const ast::Input& input);
  [[nodiscard]] Flow module_input(size_t module, const ast::Input& input);
  [[nodiscard]] Flow late_rows_of(const Flow& flow, const ast::Path& path);
  [[nodiscard]] Flow connector_input(const ast::Input& input);
  [[nodiscard]] std::string name_of_node(const std::string& op) const {
    return prefix_.empty() ? op : prefix_ + "." + op;
  }

  Session& session_;
  std::string prefix_;
  std::vector<Local> locals_;
  std::map<std::string, Flow> flows_;
};

// The flow of a source node for `call` with the declared columns.
[[nodiscard]] Flow add_source(Session& session, const struct ConnectorCall& call, const Schema& declared,
                              const std::string& name, const Span& span, const std::vector<ast::Hint>& hints = {},
                              const std::vector<std::string>& key = {});

// Applies @parallel, @name and the like to a node; reports unknown hints.
void apply_hints(Session& session, const std::vector<ast::Hint>& hints, Node& node, std::string& name);

// Checks the body of a function over pipelines on its own, with inputs of the declared types.
void check_pipeline_function(Session& session, Definition& definition);

}  // namespace sluice
