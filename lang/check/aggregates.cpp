// Aggregate calls: a definition in Flow (`agg`) is expanded into the states, steps and merges of an AggregateCall.
#include <algorithm>

#include "lang/check/aggregate_definition.h"
#include "lang/check/expr_checker.h"
#include "lang/check/optional_states.h"
#include "lang/check/pipelines.h"
#include "lang/operators/operator_util.h"

namespace sluice {

namespace {

Expr and_also(std::optional<Expr> left, Expr right) {
  if (!left) return right;
  const Span span = left->span;
  return op2(ExprOp::And, std::move(*left), std::move(right), Type(TypeKind::Bool), span);
}

// A window is its begin and its end.
std::vector<Expr> single_values(Expr value) {
  if (!value.type.is_window) return {std::move(value)};
  std::vector<Expr> parts;
  for (const auto& field : value.type.fields) parts.push_back(Expr::field(value, field.name, field.type, value.span));
  return parts;
}

}  // namespace

bool ExprChecker::may_aggregate(const ast::Name& name, const Span& span) {
  if (env_.aggregates != nullptr) return true;
  auto& report = session_.report(diag::E0506, span, name.text);
  if (env_.row != nullptr)
    report.with_label(fmt::format("for example |> aggregate {} per key", text_of(session_.sources, span)));
  return false;
}

// The arguments over the input's columns, present in every row that counts: a nullable one adds to the filter.
std::vector<Expr> ExprChecker::check_counted(const std::vector<const ast::Expr*>& args, std::optional<Expr>& filter) {
  const AggregateColumn& column = *env_.aggregates;
  Env env = row_env(*column.input, env_.locals);
  if (column.filter) add_present(*column.filter, true, env.present);
  filter = column.filter;
  std::vector<Expr> values;
  for (const auto* arg : args) values.push_back(ExprChecker(session_, env).check(*arg));
  return values;
}

Expr ExprChecker::aggregate_call(Definition& definition, const std::vector<ast::Arg>& args, const Span& span) {
  const auto& agg = *definition.as<ast::AggItem>();
  if (!may_aggregate(agg.name, span)) return error_expr(span);
  std::vector<ParamSlot> slots;
  for (const auto& param : agg.params) slots.push_back({param.name.text, param.default_value != nullptr});
  const auto bound = bind_args(session_, agg.name.text, span, slots, args);
  if (!bound) return error_expr(span);
  std::vector<const ast::Expr*> exprs;
  for (size_t i = 0; i < bound->size(); ++i)
    exprs.push_back((*bound)[i] != nullptr ? (*bound)[i]->value : agg.params[i].default_value);
  std::optional<Expr> filter;
  std::vector<Expr> values = check_counted(exprs, filter);
  if (std::ranges::any_of(values, [](const Expr& value) { return value.type.is_error(); })) return error_expr(span);
  return expanded_call(definition, agg.name.text, std::move(values), std::move(filter), span);
}

Expr ExprChecker::expanded_call(Definition& definition, const std::string& function, std::vector<Expr> values,
                                std::optional<Expr> filter, const Span& span) {
  Definition* overload = choose_overload(session_, definition, values, span);
  if (overload == nullptr) return error_expr(span);
  AggregateDefinition expanded(session_, *overload);
  auto fitted = expanded.bind(std::move(values), span);
  if (!fitted) return error_expr(span);
  for (auto& test : fitted->present_tests) filter = and_also(std::move(filter), std::move(test));
  auto call = expanded.expand(std::move(*fitted), span);
  if (!call) return error_expr(span);
  call->function = function;
  call->filter = std::move(filter);
  return add_aggregate(std::move(*call), span);
}

// first(x) and last(x) are min_by and max_by over the event time.
Expr ExprChecker::first_or_last(const ast::Name& name, const std::vector<ast::Arg>& args, const Span& span) {
  if (!may_aggregate(name, span)) return error_expr(span);
  const bool is_first = name.text == "first";
  Definition* definition = session_.definitions.find_standard(is_first ? "min_by" : "max_by");
  const auto bound = bind_args(session_, name.text, span, {{"x", false}}, args);
  if (!bound || definition == nullptr) return error_expr(span);
  const Flow& input = *env_.aggregates->input;
  if (input.is_broken) return error_expr(span);
  if (!input.is_timed) {
    session_.report(diag::E0402, span, name.text)
        .with_label(fmt::format("or say what decides: {}({}, ts)", is_first ? "min_by" : "max_by",
                                text_of(session_.sources, (*bound)[0]->value->span)));
    return error_expr(span);
  }
  std::optional<Expr> filter;
  std::vector<Expr> values = check_counted({(*bound)[0]->value}, filter);
  const Type type = values.front().type;
  if (type.is_error()) return values.front();
  if (!is_scalar(type) || type.is_window) {  // of several rows with the same time one value is the smallest
    session_.report(diag::E0504, (*bound)[0]->span, name.text, type.to_string()).with_label("name one of its parts");
    return error_expr(span);
  }
  values.push_back(Expr::column(std::string(kRowTime), Type(TypeKind::Timestamp), span));
  return expanded_call(*definition, name.text, std::move(values), std::move(filter), span);
}

Expr ExprChecker::count_distinct(const ast::Name& name, const std::vector<ast::Arg>& args, const Span& span) {
  if (!may_aggregate(name, span)) return error_expr(span);
  if (env_.aggregates->frame != nullptr) {
    session_.refuse(span, fmt::format("`{}` over the rows before a row", name.text));
    return error_expr(span);
  }
  Definition* count = session_.definitions.find_standard("count");
  if (args.empty() || count == nullptr) {
    session_.report(diag::E0503, span, name.text, arguments(1), "none are").with_label("write count_distinct(value)");
    return error_expr(span);
  }
  std::vector<const ast::Expr*> exprs;
  for (const auto& arg : args) exprs.push_back(arg.value);
  std::optional<Expr> filter;
  std::vector<Expr> values = check_counted(exprs, filter);
  if (std::ranges::any_of(values, [](const Expr& value) { return value.type.is_error(); })) return error_expr(span);
  std::vector<Expr> parts;
  for (size_t i = 0; i < values.size(); ++i) {
    if (!is_scalar(values[i].type) || is_null_type(values[i].type)) {
      session_.refuse(exprs[i]->span, fmt::format("`count_distinct` of {}", values[i].type.to_string()));
      return error_expr(span);
    }
    if (values[i].type.nullable) {
      filter = and_also(std::move(filter),
                        op1(ExprOp::Not, is_null(values[i], exprs[i]->span), Type(TypeKind::Bool), exprs[i]->span));
      values[i] = required(std::move(values[i]));
    }
    for (auto& part : single_values(std::move(values[i]))) parts.push_back(std::move(part));
  }
  std::vector<NamedExpr> named;
  for (auto& part : parts)
    named.push_back({parts.size() == 1 ? "x" : fmt::format("x{}", named.size() + 1), std::move(part)});
  AggregateDefinition expanded(session_, *count);
  auto call = expanded.expand({}, span);
  if (!call) return error_expr(span);
  call->function = name.text;
  call->args = std::move(named);
  call->is_distinct = true;
  call->filter = std::move(filter);
  return add_aggregate(std::move(*call), span);
}

Expr ExprChecker::add_aggregate(AggregateCall call, const Span& span) {
  const AggregateColumn& column = *env_.aggregates;
  call.span = span;
  // A group whose rows were all filtered out has no first row to begin a state with.
  const bool may_be_empty = call.filter || !column.has_rows;
  if (may_be_empty && begins_with_row(call)) make_states_optional(call);
  const Type type = call.finish.type;
  const auto is_same = [&](AggregateCall other) {
    other.name = call.name;
    return other == call;
  };
  const bool is_whole = column.whole == span;
  const auto same = std::ranges::find_if(*column.calls, is_same);
  if (!is_whole && same != column.calls->end()) return Expr::column(same->name, type, span);
  call.name = is_whole ? column.name : fmt::format("{}.{}", column.name, column.calls->size() + 1);
  std::string name = call.name;
  column.calls->push_back(std::move(call));
  return Expr::column(std::move(name), type, span);
}

Expr PipelineChecker::check_aggregate_column(const ast::Column& column, const std::string& name,
                                             const AggregateInput& rows, std::vector<AggregateCall>& calls) {
  AggregateColumn collected;
  collected.input = rows.rows;
  collected.name = name;
  collected.has_rows = rows.has_rows;
  collected.calls = &calls;
  return check_collecting(column, *rows.keys, collected);
}

Expr PipelineChecker::check_frame_column(const ast::Column& column, const std::string& name, const Flow& input,
                                         FrameNode& frame) {
  AggregateColumn collected;
  collected.input = &input;
  collected.name = name;
  collected.has_rows = true;  // a frame has at least the row itself
  collected.calls = &frame.calls;
  collected.frame = &frame;
  return check_collecting(column, input, collected);
}

Expr PipelineChecker::check_collecting(const ast::Column& column, const Flow& row, AggregateColumn& collected) {
  collected.whole = without_parens(*column.expr).span;
  if (column.where != nullptr) {
    Expr filter = check_condition(*column.where, *collected.input, "where");
    if (filter.type.is_error()) return filter;
    collected.filter = std::move(filter);
  }
  Env env = row_env(row, locals_);
  env.aggregates = &collected;
  Expr value = ExprChecker(session_, std::move(env)).check(*column.expr);
  if (!is_null_type(value.type)) return value;
  session_.report(diag::E0316, column.expr->span).with_label("for example `if true then null else 0`");
  return error_expr(column.expr->span);
}

}  // namespace sluice
