#include "lang/check/pipelines.h"

#include <algorithm>

#include "lang/check/connectors.h"
#include "lang/check/items.h"
#include "lang/check/modules.h"
#include "lang/check/types.h"
#include "lang/operators/kinds.h"
#include "lang/operators/operator_util.h"
#include "lang/operators/operators.h"
#include "lang/operators/windows.h"
#include "lang/support/time_text.h"
#include "lang/syntax/operator_words.h"

namespace sluice {

Expr PipelineChecker::check_expr(const ast::Expr& expr, const Flow& row) {
  return ExprChecker(session_, row_env(row, locals_)).check(expr);
}

Expr PipelineChecker::check_condition(const ast::Expr& expr, const Flow& row, std::string_view op) {
  return ExprChecker(session_, row_env(row, locals_)).condition(expr, op);
}

std::optional<Expr> PipelineChecker::convert(const Expr& value, const Type& type) {
  return sluice::convert(session_, value, type);
}

std::optional<uint64_t> PipelineChecker::check_count(const ast::Expr& expr, std::string_view op) {
  Env env;
  env.locals = locals_;
  const Expr value = ExprChecker(session_, std::move(env)).check(expr);
  if (value.type.is_error()) return std::nullopt;
  if (value.type != Type(TypeKind::Int)) {
    session_.report(diag::E0304, expr.span, fmt::format("`{}`", op), "a number of rows", value.type.to_string())
        .with_label(fmt::format("for example `{} 10`", op));
    return std::nullopt;
  }
  const auto constant = constant_value(value);
  const auto* count = constant ? std::get_if<int64_t>(&*constant) : nullptr;
  if (count == nullptr) {
    session_.report(diag::E0314, expr.span, fmt::format("the number of rows of `{}`", op))
        .with_label("use literals and `param`s only");
    return std::nullopt;
  }
  if (*count >= 0) return static_cast<uint64_t>(*count);
  session_.report(diag::E0304, expr.span, fmt::format("`{}`", op), "0 or more rows", "less")
      .with_label("a negative number");
  return std::nullopt;
}

std::optional<int64_t> PipelineChecker::check_duration(const ast::Expr& expr, std::string_view who, int64_t least) {
  Env env;
  env.locals = locals_;
  const Expr value = ExprChecker(session_, std::move(env)).check(expr);
  if (value.type.is_error()) return std::nullopt;
  if (value.type != Type(TypeKind::Duration)) {
    const std::string text = text_of(session_.sources, expr.span);
    auto& report = session_.report(diag::E0304, expr.span, who, "a duration", value.type.to_string());
    if (value.type.kind == TypeKind::Int && value.is_literal())
      report.with_label(fmt::format("write {}s, {}min or {}h", text, text, text));
    return std::nullopt;
  }
  const auto constant = constant_value(value);
  const auto* duration = constant ? std::get_if<int64_t>(&*constant) : nullptr;
  if (duration == nullptr) {
    session_.report(diag::E0314, expr.span, fmt::format("the duration of {}", who))
        .with_label("use literals and `param`s only");
    return std::nullopt;
  }
  if (*duration >= least) return *duration;
  session_
      .report(diag::E0304, expr.span, who, least > 0 ? "a duration above 0s" : "a duration of at least 0s",
              duration_text(*duration))
      .with_label("for example 10s");
  return std::nullopt;
}

namespace {

void add_time_columns(Schema& schema) {
  for (const auto name : {kRowTime, kRowMark})
    if (schema.find(name) == nullptr) schema.fields.push_back({std::string(name), Type(TypeKind::Timestamp)});
}

void pass_time_on(ProjectNode& project, const Span& span) {
  for (const auto name : {kRowTime, kRowMark}) {
    const bool is_there = std::ranges::find(project.columns, name, &NamedExpr::name) != project.columns.end();
    if (is_there) continue;
    const std::string column(name);
    project.columns.push_back({column, Expr::column(column, Type(TypeKind::Timestamp), span)});
  }
}

}  // namespace

// Puts a node in front of `node` that has the time of day, when an expression of the step wants it. False when it was
// refused.
bool PipelineChecker::add_wanted_time(const ast::Step& step, Node& node) {
  const auto wanted = session_.wanted_time;
  const auto input = wanted ? std::ranges::find(node.inputs, wanted->rows) : node.inputs.end();
  if (input == node.inputs.end()) return true;
  session_.wanted_time.reset();
  const NodeKind kind = node.kind();
  if (kind != NodeKind::Project && kind != NodeKind::Aggregate && kind != NodeKind::Filter) {
    session_.report(diag::E0901, wanted->span, fmt::format("`now()` in `{}`", step.op.text))
        .with_help("make it a column in front of this step: |> extend seen = now()");
    return false;
  }
  const Node& below = session_.graph.node(*input);
  Node stamp;
  ProjectNode columns;
  for (const auto& field : below.schema.fields)
    columns.columns.push_back({field.name, Expr::column(field.name, field.type, wanted->span)});
  const auto* overload = session_.functions.find("now").front();
  columns.columns.push_back({std::string(kTimeOfDay),
                             Expr::call(overload->name, overload->symbol, {}, overload->result, wanted->span, false)});
  stamp.payload = std::move(columns);
  stamp.span = step.span;
  stamp.inputs = {*input};
  stamp.rows = below.rows;
  stamp.schema = below.schema;
  stamp.schema.fields.push_back({std::string(kTimeOfDay), overload->result});
  if (kind == NodeKind::Filter) node.schema = stamp.schema;
  *input = session_.graph.add(std::move(stamp), name_of_node("now"));
  return true;
}

Flow PipelineChecker::add(const ast::Step& step, NodePayload payload, std::vector<NodeId> inputs, Flow next) {
  std::string op = step.op.text.empty() ? std::string("union") : step.op.text;
  Node node;
  node.payload = std::move(payload);
  // What the operator adds besides its own node, such as the projection behind an aggregate.
  if (node.kind() == NodeKind::Project && (op == "aggregate" || op == "union" || op == "to")) op = "project";
  if (node.kind() == NodeKind::Window) op = "window";
  if (node.kind() == NodeKind::Union) op = "union";
  if (node.kind() == NodeKind::Time) op = "time";
  std::string name = name_of_node(op);
  apply_hints(session_, step.hints, node, name);
  if (next.is_broken) return next;
  // What a person did not write has no text.
  const bool is_step = step.op.text != "project" && op != "window" && !(op == "time" && step.op.text != "time");
  if (is_step) node.text = text_of(session_.sources, step.span);
  if (is_step && step.op.text.empty()) node.text = "from " + node.text;
  node.span = step.span;
  node.inputs = std::move(inputs);
  node.schema = next.schema;
  if (next.is_timed) {
    if (auto* project = node.as<ProjectNode>()) pass_time_on(*project, step.span);
    // Where they stand among the columns is decided by what makes them.
    add_time_columns(node.schema);
  }
  node.rows = next.rows;
  if (!add_wanted_time(step, node)) return Flow::broken();
  const bool has_time_of_day = node.kind() == NodeKind::Filter && node.schema.find(kTimeOfDay) != nullptr;
  next.node = session_.graph.add(std::move(node), name);
  if (!has_time_of_day) return next;
  ProjectNode rest;  // what is known not to be null stays known
  for (const auto& field : next.schema.fields)
    rest.columns.push_back({field.name, Expr::column(field.name, field.type, step.span)});
  return add(added_at(step), std::move(rest), {next.node}, next);
}

Flow PipelineChecker::check(const ast::Pipeline& pipeline) {
  Flow flow = check_inputs(pipeline);
  for (size_t i = 0; i < pipeline.steps.size(); ++i) {
    const auto& step = pipeline.steps[i];
    if (i != 0 && pipeline.steps[i - 1].op.text == "to") {
      session_.report(diag::E0125, step.op.span, step.op.text).with_label("move it in front of the `to`");
      break;
    }
    flow = check_step(step, std::move(flow));
  }
  return flow;
}

Flow PipelineChecker::check_inputs(const ast::Pipeline& pipeline) {
  std::vector<Flow> flows;
  std::vector<Span> spans;
  for (const auto& input : pipeline.inputs) {
    if (input.alias) session_.refuse(input.alias->span, "a name for the input of `from`");
    flows.push_back(check_input(input.input));
    spans.push_back(input.input.span);
  }
  if (flows.size() == 1) return std::move(flows.front());
  ast::Step from;  // `from a, b` is a union
  from.span = cover(spans.front(), spans.back());
  return unite(*this, from, std::move(flows), spans);
}

Flow PipelineChecker::check_step(const ast::Step& step, Flow input) {
  session_.wanted_time.reset();
  if (const auto* row = find_operator(step.op.text)) {
    if (row->check != nullptr) return row->check(*this, step, std::move(input));
    const Span span = step.join_kind ? cover(step.join_kind->span, step.op.span) : step.op.span;
    session_.refuse(span, fmt::format("`{}`", text_of(session_.sources, span)));
    return Flow::broken();
  }
  auto* definition = session_.definitions.find(step.op.text);
  if (definition != nullptr && definition->as<ast::FnItem>() != nullptr) {
    if (definition->as<ast::FnItem>()->pipeline != nullptr) return call_function(*definition, step, std::move(input));
    session_.report(diag::E0518, step.op.span, step.op.text)
        .with_label(fmt::format("to compute a column: |> extend result = {}(...)", step.op.text));
    return Flow::broken();
  }
  report_unknown_step(step);
  return Flow::broken();
}

void PipelineChecker::report_unknown_step(const ast::Step& step) {
  const std::string& name = step.op.text;
  const auto alias = operator_alias(name);
  auto names = operator_names();
  for (const auto* definition : session_.definitions.visible())
    if (const auto* fn = definition->as<ast::FnItem>(); fn != nullptr && fn->pipeline != nullptr)
      names.push_back(fn->name.text);
  auto& report = session_.report(diag::E0104, step.op.span, name);
  if (alias)
    report.with_label(fmt::format("Flow calls this `{}`", *alias));
  else if (const auto closest = closest_name(name, names))
    report.with_label(fmt::format("did you mean `{}`?", *closest));
  else
    report.with_label("define it: fn " + name + "(rows: stream {...}) = from rows |> ...");
}

Flow PipelineChecker::check_input(const ast::Input& input) {
  if (input.pipeline != nullptr) {
    Flow flow = check(*input.pipeline);
    if (!flow.is_broken && session_.graph.node(flow.node).kind() == NodeKind::Sink) {
      session_.report(diag::E0126, input.span).with_label("leave out the `to`");
      return Flow::broken();
    }
    return flow;
  }
  if (input.list != nullptr) {
    session_.refuse(input.span, "a list of rows as an input");
    return Flow::broken();
  }
  return path_input(input);
}

Flow PipelineChecker::path_input(const ast::Input& input) {
  const ast::Name& name = input.path.parts.front();
  const auto& parts = input.path.parts;
  if (const auto module = session_.definitions.find_module(name.text); module && !input.has_args)
    return module_input(*module, input);
  if (parts.size() == 2 && parts[1].text == "late" && !input.has_args) return late_input(input.path);
  if (parts.size() != 1) {
    session_.refuse(input.path.span, fmt::format("reading `{}`", text_of(session_.sources, input.path.span)));
    return Flow::broken();
  }
  if (const auto it = flows_.find(name.text); it != flows_.end() && !input.has_args) return it->second;
  auto* definition = session_.definitions.find(name.text);
  if (definition != nullptr && !input.has_args) {
    if (const Flow* flow = flow_of_item(session_, *definition, name.span)) return *flow;
    session_.report(diag::E0212, name.span, name.text, kind_of(*definition), "a source or a pipeline")
        .with_label("it has no rows to read");
    return Flow::broken();
  }
  if (input.has_args && definition != nullptr && session_.connectors.find(name.text) == nullptr) {
    if (definition->as<ast::FnItem>() != nullptr)
      session_.refuse(input.span, "a function call after `from`");
    else
      session_.report(diag::E0212, name.span, name.text, kind_of(*definition), "a connector")
          .with_label("leave out the parentheses");
    return Flow::broken();
  }
  return connector_input(input);
}

// name.late: the rows that the windows of `name` leave out.
Flow PipelineChecker::late_input(const ast::Path& path) {
  ast::Input whole;
  whole.span = path.parts.front().span;
  whole.path.span = whole.span;
  whole.path.parts = {path.parts.front()};
  return late_rows_of(path_input(whole), path);
}

Flow PipelineChecker::late_rows_of(const Flow& flow, const ast::Path& path) {
  if (flow.is_broken) return Flow::broken();
  if (flow.late == nullptr) {
    session_.report(diag::E0416, path.parts.back().span, path.parts.front().text)
        .with_label("its steps have no window");
    return Flow::broken();
  }
  const LateRows& late = *flow.late;
  if (late.is_several) {
    session_.refuse(path.span, "reading the late rows of several inputs");
    return Flow::broken();
  }
  session_.graph.note_late_read(late.step);
  ast::Step step;
  step.op.text = "window";
  step.span = path.span;
  return add(step, late.windows, {late.input.node}, late.input);
}

Flow PipelineChecker::module_input(size_t module, const ast::Input& input) {
  const auto& parts = input.path.parts;
  if (parts.size() == 1) {
    const std::string& name = parts[0].text;
    session_.report(diag::E0212, input.path.span, name, "a module", "a source or a pipeline")
        .with_label(fmt::format("read one of its pipelines: from {}.name", name));
    return Flow::broken();
  }
  Definition* definition = find_in_module(session_, module, parts[1]);
  if (definition == nullptr) return Flow::broken();
  if (parts.size() > 2) {
    session_.refuse(input.path.span, fmt::format("reading `{}`", text_of(session_.sources, input.path.span)));
    return Flow::broken();
  }
  if (const Flow* flow = flow_of_item(session_, *definition, parts[1].span)) return *flow;
  session_.report(diag::E0212, parts[1].span, parts[1].text, kind_of(*definition), "a source or a pipeline")
      .with_label("it has no rows to read");
  return Flow::broken();
}

Flow PipelineChecker::connector_input(const ast::Input& input) {
  const ast::Name& name = input.path.parts.front();
  if (!input.has_args && session_.connectors.find(name.text) == nullptr) {
    std::vector<std::string> names;
    for (const auto* definition : session_.definitions.visible()) {
      const auto* let = definition->as<ast::LetItem>();
      const auto* source = definition->as<ast::SourceItem>();
      if ((let != nullptr && let->pipeline != nullptr) || (source != nullptr && !source->is_sink))
        names.push_back(definition->name.text);
    }
    auto& report = session_.report(diag::E0205, name.span, name.text, did_you_mean(name.text, names));
    if (names.empty())
      report.with_label("declare it: source " + name.text + ": { ... } = csv(\"file.csv\")");
    else
      report.with_label("here you have: " + list_names(names));
    return Flow::broken();
  }
  const auto call = check_connector(session_, name, input.args, input.span, Direction::Read, locals_);
  if (!call) return Flow::broken();
  if (!call->connector->fixed_schema) {
    session_.report(diag::E0704, input.span, name.text)
        .with_label(fmt::format("declare it: source rows: {{ name: string, ... }} = {}",
                                text_of(session_.sources, input.span)));
    return Flow::broken();
  }
  return add_source(session_, *call, *call->connector->fixed_schema, name.text, input.span);
}

Flow add_source(Session& session, const ConnectorCall& call, const Schema& declared, const std::string& name,
                const Span& span, const std::vector<ast::Hint>& hints, const std::vector<std::string>& key) {
  Node node;
  const bool is_endless = !session.options.input_ends && sluice::is_endless(*call.connector, call.options);
  node.payload = SourceNode{call.connector->name, call.options, declared, std::nullopt, is_endless};
  node.schema = declared;
  node.rows.key = key;
  // A declared source is known by its name, another by its call.
  node.text = "from " + (name == call.connector->name ? text_of(session.sources, span) : name);
  node.span = span;
  std::string node_name = name;
  apply_hints(session, hints, node, node_name);
  Flow flow;
  flow.schema = declared;
  flow.rows.key = key;
  flow.node = session.graph.add(std::move(node), node_name);
  return flow;
}

std::optional<CheckedSink> PipelineChecker::check_sink(const ast::Expr& target) {
  const ast::Expr& expr = without_parens(target);
  if (const auto* name = std::get_if<ast::NameExpr>(&expr.node)) {
    auto* definition = session_.definitions.find(name->name.text);
    const auto* item = definition == nullptr ? nullptr : definition->as<ast::SourceItem>();
    if (definition != nullptr && (item == nullptr || !item->is_sink)) {
      session_.report(diag::E0212, expr.span, name->name.text, kind_of(*definition), "a sink")
          .with_label("declare one: sink out: { ... } = csv(\"out.csv\")");
      return std::nullopt;
    }
    if (item != nullptr) {
      const auto call = check_connector(session_, *item->connector, Direction::Write, {});
      auto row = resolve_row(session_, *item->type);
      if (!call || !row) return std::nullopt;
      return CheckedSink{SinkNode{call->connector->name, call->options}, std::move(row), item->name.text};
    }
  }
  const auto call = check_connector(session_, expr, Direction::Write, locals_);
  if (!call) return std::nullopt;
  return CheckedSink{SinkNode{call->connector->name, call->options}, std::nullopt, {}};
}

void PipelineChecker::print(const Flow& rows, const ast::Pipeline& pipeline) {
  const Span& span = pipeline.span;
  const Span& last = pipeline.steps.empty() ? span : pipeline.steps.back().span;
  if (rows.is_broken || refuse_changing(*this, rows, last, {})) return;
  ast::Step step;
  step.op.text = "to";
  step.span = span;
  const Flow flow = without_time(*this, step, rows);
  Node node;
  node.payload = SinkNode{"print", {}};
  node.text = "to print()";
  node.span = span;
  node.inputs = {flow.node};
  node.schema = flow.schema;
  node.rows = flow.rows;
  session_.graph.add(std::move(node), name_of_node("to"));
}

}  // namespace sluice
