// Functions over pipelines: `|> top_pages(10, 1min)` is replaced by the body's steps.
#include <algorithm>

#include "lang/check/items.h"
#include "lang/check/pipelines.h"
#include "lang/check/types.h"
#include "lang/operators/operator_util.h"

namespace sluice {

namespace {

const ast::KindType* flow_type(const ast::Param& param) { return std::get_if<ast::KindType>(&param.type->node); }

// The row a flow parameter asks for; nothing when it was reported. Open records ask for at least their fields.
std::optional<Schema> wanted_row(Session& session, const ast::KindType& type, bool& is_open) {
  const auto* record = std::get_if<ast::RecordType>(&type.row->node);
  is_open = record != nullptr && record->is_open;
  if (!is_open) return resolve_row(session, *type.row);
  ast::TypeExpr closed = *type.row;
  std::get<ast::RecordType>(closed.node).is_open = false;
  return resolve_row(session, closed);
}

// The input as the parameter's row: columns of other types are refused, further ones only fit an open record.
bool accepts(Session& session, const std::string& function, const ast::Param& param, const Flow& input,
             const Span& span) {
  bool is_open = false;
  const auto row = wanted_row(session, *flow_type(param), is_open);
  if (!row || input.is_broken) return !input.is_broken && row.has_value();
  for (const auto& field : row->fields) {
    const Field* column = input.schema.find(field.name);
    const Type type = column == nullptr ? Type() : column_of(input, *column, span).type;
    if (column != nullptr && (type == field.type || type.is_error())) continue;
    session.report(diag::E0519, span, function, fmt::format("the column `{}: {}`", field.name, field.type.to_string()))
        .with_label(column == nullptr ? "here you have: " + list_names(input.schema.names())
                                      : fmt::format("`{}` is {}", field.name, type.to_string()));
    return false;
  }
  for (const auto& field : input.schema.fields) {
    if (is_open || row->find(field.name) != nullptr) continue;
    session.report(diag::E0519, span, function, fmt::format("rows without the column `{}`", field.name))
        .with_label(fmt::format("drop it first, or write `...` at the end of the type of `{}`", param.name.text));
    return false;
  }
  return true;
}

// Some value of the type: where a number of rows or a path must be known, any will do for checking.
Expr sample_of(Session& session, const Type& type, const Span& span) {
  Expr value = Expr::local(session.fresh("sample"), type.as_nullable(false), span);
  if (type.kind == TypeKind::Bool) value = bool_literal(true, span);
  if (type.kind == TypeKind::Int || type.kind == TypeKind::Duration || type.kind == TypeKind::Timestamp)
    value = Expr::literal(int64_t{1}, type.as_nullable(false), span);
  if (type.kind == TypeKind::Float) value = Expr::literal(1.0, type.as_nullable(false), span);
  if (type.kind == TypeKind::String) value = Expr::literal(std::string("sample"), type.as_nullable(false), span);
  return type.nullable ? some(std::move(value)) : value;
}

void bind_value(Session& session, PipelineChecker& body, const std::string& function, const ast::Param& param,
                Expr value, bool& is_ok) {
  const Type type = resolve_type(session, *param.type);
  const auto converted = convert(session, value, type, Widening::IntToFloat);
  if (!converted) {
    session.report(diag::E0304, value.span, fmt::format("`{}`", function), type.to_string(), value.type.to_string())
        .with_label(fmt::format("`{}` is {}", param.name.text, type.to_string()));
  }
  is_ok = is_ok && converted && !converted->type.is_error() && !type.is_error();
  if (is_ok) body.bind(param.name.text, *converted);
}

}  // namespace

Flow PipelineChecker::call_function(Definition& definition, const ast::Step& step, Flow input) {
  const auto& fn = *definition.as<ast::FnItem>();
  check_clauses(*this, step, {});
  if (fn.params.empty() || flow_type(fn.params.front()) == nullptr) {
    session_.report(diag::E0518, step.op.span, fn.name.text)
        .with_label("its first parameter must be the rows: `rows: stream { ... }`");
    return Flow::broken();
  }
  const Expansion expansion(session_, definition, step.op.span);
  if (expansion.is_recursive()) return Flow::broken();
  std::vector<ParamSlot> slots;
  for (size_t i = 1; i < fn.params.size(); ++i)
    slots.push_back({fn.params[i].name.text, fn.params[i].default_value != nullptr});
  const auto bound = bind_args(session_, fn.name.text, step.op.span, slots, step.args);
  if (!bound) return Flow::broken();
  bool is_ok = true;
  {
    const InScopeOf scope(session_, definition);
    is_ok = accepts(session_, fn.name.text, fn.params.front(), input, step.op.span);
  }
  PipelineChecker body(session_, name_of_node(fn.name.text));
  body.bind(fn.params.front().name.text, std::move(input));
  for (size_t i = 1; i < fn.params.size(); ++i) {
    const ast::Arg* arg = (*bound)[i - 1];
    if (flow_type(fn.params[i]) != nullptr) {
      session_.refuse(fn.params[i].span, "a second pipeline as a parameter");
      return Flow::broken();
    }
    Env env;
    env.locals = locals_;
    Expr value = arg != nullptr ? ExprChecker(session_, std::move(env)).check(*arg->value) : error_expr(step.op.span);
    const InScopeOf scope(session_, definition);
    if (arg == nullptr) value = ExprChecker(session_, Env()).check(*fn.params[i].default_value);
    bind_value(session_, body, fn.name.text, fn.params[i], std::move(value), is_ok);
  }
  if (!is_ok) return Flow::broken();
  Node hinted;
  std::string name;
  apply_hints(session_, step.hints, hinted, name);
  const InScopeOf scope(session_, definition);
  return body.check(*fn.pipeline);
}

void check_pipeline_function(Session& session, Definition& definition) {
  const auto& fn = *definition.as<ast::FnItem>();
  const Expansion expansion(session, definition, fn.name.span);
  PipelineChecker body(session, fn.name.text);
  for (const auto& param : fn.params) {
    if (const auto* type = flow_type(param)) {
      bool is_open = false;
      const auto row = wanted_row(session, *type, is_open);
      if (!row) return;
      Node node;
      node.payload = SourceNode{"print", {}, *row, std::nullopt};  // never runs: no sink reads it
      node.schema = *row;
      for (const auto name : {kRowTime, kRowMark})
        node.schema.fields.push_back({std::string(name), Type(TypeKind::Timestamp)});
      Flow flow;
      flow.schema = *row;
      flow.is_timed = true;  // what steps need of the time is checked where the function is used
      flow.rows.is_table = type->is_table;
      flow.node = session.graph.add(std::move(node), param.name.text);
      body.bind(param.name.text, std::move(flow));
    } else {
      const Type resolved = resolve_type(session, *param.type);
      if (resolved.is_error()) return;
      body.bind(param.name.text, sample_of(session, resolved, param.span));
    }
  }
  static_cast<void>(body.check(*fn.pipeline));
}

}  // namespace sluice
