#include "lang/check/items.h"

#include <algorithm>

#include "lang/check/aggregate_definition.h"
#include "lang/check/connectors.h"
#include "lang/check/modules.h"
#include "lang/check/pipelines.h"
#include "lang/check/types.h"
#include "lang/operators/operator_util.h"
#include "lang/operators/operators.h"

namespace sluice {

namespace {

// Marks a definition as being checked; reports when it needs itself.
class Checking {
 public:
  Checking(Session& session, Definition& definition, const Span& use) : definition_(definition) {
    is_cyclic_ = definition.state == CheckState::Checking;
    if (is_cyclic_)
      session.report(diag::E0213, use, definition.name.text).with_label("it cannot be part of its own definition");
    definition.state = CheckState::Checking;
  }
  ~Checking() { definition_.state = CheckState::Done; }
  Checking(const Checking&) = delete;
  Checking& operator=(const Checking&) = delete;
  [[nodiscard]] bool is_cyclic() const { return is_cyclic_; }

 private:
  Definition& definition_;
  bool is_cyclic_ = false;
};

Expr let_value(Session& session, const ast::LetItem& let) {
  if (let.type == nullptr) {
    Expr value = ExprChecker(session, Env()).check(*let.value);
    if (!is_null_type(value.type)) return value;
    session.report(diag::E0316, let.value->span)
        .with_label(fmt::format("for example `let {}: int? = null`", let.name.text));
    return error_expr(let.value->span);
  }
  const Type type = resolve_type(session, *let.type);
  return ExprChecker(session, Env()).check_as(*let.value, type, fmt::format("`{}`", let.name.text));
}

Flow let_flow(Session& session, const ast::LetItem& let) {
  Flow flow = PipelineChecker(session, qualified_name(session, let.name.text)).check(*let.pipeline);
  if (flow.is_broken || session.graph.node(flow.node).kind() != NodeKind::Sink) return flow;
  session.report(diag::E0126, let.pipeline->span)
      .with_label(fmt::format("write the rows elsewhere: from {} |> to ...", let.name.text));
  return Flow::broken();
}

void refuse_source_clauses(Session& session, const ast::SourceItem& item) {
  using enum ast::ClauseKind;
  for (const auto& clause : item.clauses) {
    const bool is_known = clause.kind == Time || clause.kind == Delay || clause.kind == Idle || clause.kind == Key;
    if (!item.is_sink && is_known) continue;
    session.refuse(clause.span,
                   fmt::format("`{}` on a {}", clause_word(clause.kind), item.is_sink ? "sink" : "source"));
  }
}

const ast::Clause* find_clause(const ast::SourceItem& item, ast::ClauseKind kind) {
  const auto it = std::ranges::find(item.clauses, kind, &ast::Clause::kind);
  return it == item.clauses.end() ? nullptr : &*it;
}

// `time ts delay 5s idle 1min` behind the connector.
Flow with_event_time(Session& session, const ast::SourceItem& item, const std::string& clock, Flow flow) {
  using enum ast::ClauseKind;
  const auto* time = find_clause(item, Time);
  const auto* delay = find_clause(item, Delay);
  const auto* idle = find_clause(item, Idle);
  if (time == nullptr) {
    const auto* lonely = delay != nullptr ? delay : idle;
    if (lonely == nullptr) return flow;
    session.report(diag::E0415, lonely->span, clause_word(lonely->kind))
        .with_label("put `time` and a column in front: time ts delay 5s");
    return Flow::broken();
  }
  ast::Step step;
  step.op.text = "time";
  step.op.span = time->keyword_span;
  step.span = time->span;
  for (const auto* clause : {delay, idle})
    if (clause != nullptr) step.span = cover(step.span, clause->span);
  PipelineChecker checker(session, item.name.text);
  return add_time(checker, step, *time->expr, delay, idle, clock, std::move(flow));
}

// `key id`: no two rows have the same values in these columns.
std::optional<std::vector<std::string>> source_key(Session& session, const ast::SourceItem& item,
                                                   const Schema& declared) {
  std::vector<std::string> key;
  const auto* clause = find_clause(item, ast::ClauseKind::Key);
  if (clause == nullptr) return key;
  for (const auto& name : clause->names) {
    if (declared.find(name.text) == nullptr) {
      session.report(diag::E0201, name.span, name.text, did_you_mean(name.text, declared.names()))
          .with_label("here you have: " + list_names(declared.names()));
      return std::nullopt;
    }
    key.push_back(name.text);
  }
  return key;
}

Flow source_flow(Session& session, const ast::SourceItem& item, const Span& span) {
  const auto declared = resolve_row(session, *item.type);
  const auto call = session.test != nullptr ? rows_of_test(session, qualified_name(session, item.name.text))
                                            : check_connector(session, *item.connector, Direction::Read, {});
  if (!declared || !call) return Flow::broken();
  const auto& fixed = call->connector->fixed_schema;
  if (fixed && *fixed != *declared) {
    session.report(diag::E0710, item.type->span, call->connector->name)
        .with_label(fmt::format("write {}", Type::record_of(fixed->fields).to_string()));
    return Flow::broken();
  }
  const auto* record = std::get_if<ast::RecordType>(&item.type->node);
  for (size_t i = 0; i < declared->fields.size() && !call->connector->reads_nested; ++i) {
    const Type& type = declared->fields[i].type;
    if (is_scalar(type)) continue;
    const bool has_field = record != nullptr && i < record->fields.size();
    session
        .report(diag::E0705, has_field ? record->fields[i].type->span : item.type->span, call->connector->name,
                type.to_string())
        .with_label("declare it as string, and take it apart with split(...)");
    return Flow::broken();
  }
  const auto key = source_key(session, item, *declared);
  if (!key) return Flow::broken();
  Flow flow = add_source(session, *call, *declared, qualified_name(session, item.name.text), span, item.hints, *key);
  if (record != nullptr)
    for (const auto& field : record->fields) flow.origins[field.name.text] = field.type->span;
  return with_event_time(session, item, call->connector->clock_column, std::move(flow));
}

void check_function(Session& session, Definition& definition) {
  const auto& fn = *definition.as<ast::FnItem>();
  if (fn.pipeline != nullptr) return check_pipeline_function(session, definition);
  const Expansion expansion(session, definition, fn.name.span);
  Env env;
  bool is_ok = true;
  for (const auto& param : fn.params) {
    const Type type = resolve_type(session, *param.type);
    is_ok = is_ok && !type.is_error();
    env.locals.push_back({param.name.text, Expr::local(param.name.text, type, param.span)});
    if (param.default_value != nullptr) {
      const auto value =
          ExprChecker(session, Env()).check_as(*param.default_value, type, fmt::format("`{}`", param.name.text));
      is_ok = is_ok && !value.type.is_error();
    }
  }
  if (is_ok) static_cast<void>(ExprChecker(session, std::move(env)).body(fn));
}

void check_aggregate_item(Session& session, Definition& definition) {
  const auto& agg = *definition.as<ast::AggItem>();
  std::vector<Expr> args;
  for (const auto& param : agg.params) {
    // A generic definition is checked with the types of each call.
    if (type_variable(session, *param.type) != nullptr || is_any_decimal(*param.type)) return;
    const Type type = resolve_type(session, *param.type);
    if (type.is_error()) return;
    args.push_back(Expr::local(param.name.text, type, param.span));
  }
  AggregateDefinition expanded(session, definition);
  auto bound = expanded.bind(std::move(args), agg.name.span);
  if (bound) static_cast<void>(expanded.expand(std::move(*bound), agg.name.span));
}

void check_config(Session& session, const ast::ConfigItem& config) {
  const auto* record = std::get_if<ast::Record>(&config.record->node);
  if (record == nullptr) return;
  for (const auto& item : record->items) {
    const std::string name = item.name ? item.name->text : implied_name(*item.value).value_or("...");
    if (name == "parallel") {
      const auto value = constant_value(ExprChecker(session, Env()).check(*item.value));
      const auto* tasks = value ? std::get_if<int64_t>(&*value) : nullptr;
      if (tasks != nullptr && *tasks >= 1 && *tasks <= 4096)
        session.graph.set_parallelism(static_cast<uint32_t>(*tasks));
      else
        session.report(diag::E0304, item.value->span, "`parallel`", "a number of tasks", "not one")
            .with_label("for example 8");
      continue;
    }
    session.refuse(item.span, fmt::format("the setting `{}`", name));
  }
}

void check_pipeline_item(Session& session, const ast::Pipeline& pipeline) {
  PipelineChecker checker(session, "");
  const Flow flow = checker.check(pipeline);
  if (flow.is_broken) return;
  if (session.graph.node(flow.node).kind() != NodeKind::Sink) checker.print(flow, pipeline);
}

struct ItemChecker {
  Session& session;
  const ast::Item& item;

  Definition& own(const ast::Name& name) const { return *session.definitions.find(name.text); }
  // The second of two items with the same name was reported and is not checked.
  [[nodiscard]] bool is_declared(const ast::Name& name) const {
    const auto* definition = session.definitions.find(name.text);
    return definition != nullptr && definition->item == &item;
  }

  void operator()(const ast::UseItem&) const {}  // when names were declared
  void operator()(const ast::ParamItem& param) const {
    if (is_declared(param.name)) static_cast<void>(value_of_item(session, own(param.name), param.name.span));
  }
  void operator()(const ast::ConfigItem&) const {}  // before everything else
  void operator()(const ast::TypeItem& type) const {
    if (is_declared(type.name)) static_cast<void>(type_of_item(session, own(type.name), type.name.span));
  }
  void operator()(const ast::EnumItem& declaration) const { session.refuse(declaration.name.span, "an `enum`"); }
  void operator()(const ast::SourceItem& source) const {
    if (!is_declared(source.name)) return;
    refuse_source_clauses(session, source);
    if (!source.is_sink) {
      static_cast<void>(flow_of_item(session, own(source.name), source.name.span));
    } else {
      Node node;
      std::string name;
      apply_hints(session, source.hints, node, name);
      static_cast<void>(resolve_row(session, *source.type));
      static_cast<void>(check_connector(session, *source.connector, Direction::Write, {}));
    }
  }
  void operator()(const ast::LetItem& let) const {
    if (!is_declared(let.name)) return;
    if (let.pipeline != nullptr)
      static_cast<void>(flow_of_item(session, own(let.name), let.name.span));
    else
      static_cast<void>(value_of_item(session, own(let.name), let.name.span));
  }
  void operator()(const ast::FnItem& fn) const {
    if (is_declared(fn.name)) check_function(session, own(fn.name));
  }
  void operator()(const ast::AggItem& agg) const {
    if (agg.is_process)
      session.refuse(agg.name.span, "a `process`");
    else if (is_declared(agg.name))
      check_aggregate_item(session, own(agg.name));
  }
  void operator()(const ast::TestItem&) const {}  // for `sluice test`
  void operator()(const ast::PipelineItem& pipeline) const { check_pipeline_item(session, *pipeline.pipeline); }
};

}  // namespace

void declare_items(Session& session, const ast::Program& program, bool is_standard) {
  for (const auto& item : program.items) {
    const ast::Name* name = name_of(item);
    if (name == nullptr) continue;
    Definition definition;
    definition.name = *name;
    definition.item = &item;
    definition.is_standard = is_standard;
    definition.scope = session.definitions.current();
    if (session.definitions.add(std::move(definition)) != nullptr) continue;
    const auto* first = session.definitions.find(name->text);
    session.report(diag::E0206, name->span, name->text)
        .with_label(fmt::format("the first is at {}", location_text(first->name.span, session.sources)));
  }
  for (const auto& item : program.items)
    if (const auto* use = std::get_if<ast::UseItem>(&item.node)) use_module(session, *use, item.span);
}

const Expr* value_of_item(Session& session, Definition& definition, const Span& use) {
  const auto* let = definition.as<ast::LetItem>();
  const auto* param = definition.as<ast::ParamItem>();
  const bool is_value = param != nullptr || (let != nullptr && let->value != nullptr);
  if (!is_value) return nullptr;
  if (definition.state != CheckState::Done) {
    const Checking checking(session, definition, use);
    const InScopeOf scope(session, definition);
    Expr value = checking.is_cyclic() ? error_expr(use)
                 : let != nullptr     ? let_value(session, *let)
                                      : param_value(session, definition);
    definition.value = std::move(value);
  }
  return &*definition.value;
}

const Flow* flow_of_item(Session& session, Definition& definition, const Span& use) {
  const auto* let = definition.as<ast::LetItem>();
  const auto* source = definition.as<ast::SourceItem>();
  const bool is_flow = (let != nullptr && let->pipeline != nullptr) || (source != nullptr && !source->is_sink);
  if (!is_flow) return nullptr;
  if (definition.state != CheckState::Done) {
    const Checking checking(session, definition, use);
    const InScopeOf scope(session, definition);
    Flow flow = checking.is_cyclic() ? Flow::broken()
                : let != nullptr     ? let_flow(session, *let)
                                     : source_flow(session, *source, definition.item->span);
    definition.flow = std::move(flow);
  }
  return &*definition.flow;
}

Type type_of_item(Session& session, Definition& definition, const Span& use) {
  if (definition.state != CheckState::Done) {
    const Checking checking(session, definition, use);
    const InScopeOf scope(session, definition);
    Type type = checking.is_cyclic() ? Type() : resolve_type(session, *definition.as<ast::TypeItem>()->type);
    definition.type = std::move(type);
  }
  return *definition.type;
}

void check_items(Session& session, const ast::Program& program) {
  for (const auto& item : program.items)
    if (const auto* config = std::get_if<ast::ConfigItem>(&item.node)) check_config(session, *config);
  for (const auto& item : program.items) std::visit(ItemChecker{session, item}, item.node);
}

}  // namespace sluice
