#include "lang/check/tests.h"

#include <algorithm>
#include <map>
#include <set>

#include "lang/check/connectors.h"
#include "lang/check/items.h"
#include "lang/check/modules.h"
#include "lang/check/pipelines.h"
#include "lang/check/test_rows.h"
#include "lang/graph/graph_text.h"
#include "lang/graph/verify.h"
#include "lang/operators/operator_util.h"
#include "lang/operators/operators.h"
#include "lang/operators/windows.h"
#include "lang/support/invariant.h"
#include "lang/support/time_text.h"

namespace sluice {

namespace {

// What the rows of a pipeline get their time from.
struct RowTime {
  Expr time;
  int64_t delay = 0;
};

// Looks for it above the node: the step that gave the rows their time, when its columns are still there.
std::optional<RowTime> row_time(const GraphBuilder& graph, const Flow& flow) {
  for (NodeId id = flow.node; graph.node(id).inputs.size() == 1; id = graph.node(id).inputs[0]) {
    std::optional<RowTime> found;
    if (const auto* node = graph.node(id).as<TimeNode>(); node != nullptr && node->time)
      found = RowTime{*node->time, node->delay};
    if (const auto* project = graph.node(id).as<ProjectNode>()) {
      const auto it = std::ranges::find(project->columns, kRowTime, &NamedExpr::name);
      if (it != project->columns.end() && it->expr.kind != ExprKind::Column) found = RowTime{it->expr, 0};
    }
    if (!found) continue;
    std::vector<std::string> columns;
    collect_columns(found->time, columns);
    for (const auto& column : columns) {
      const Field* own = flow.schema.find(column);
      const Field* there = graph.node(graph.node(id).inputs[0]).schema.find(column);
      if (own == nullptr || there == nullptr || own->type != there->type) return std::nullopt;
    }
    return found;
  }
  return std::nullopt;
}

// A session for one test: its parameters stand in the place of those of the program.
class TestSession {
 public:
  TestSession(const ast::Program& program, Session session, const TestScope& scope) : session_(std::move(session)) {
    add_prelude(session_);
    session_.definitions.enter(session_.definitions.add_scope(""));
    declare_items(session_, program, false);
    session_.test = &scope;
  }

  [[nodiscard]] Session& session() { return session_; }

  // The source or pipeline that a statement names; null when it was reported.
  Definition* find(const ast::Path& path) {
    const ast::Name& first = path.parts.front();
    const auto module = session_.definitions.find_module(first.text);
    if (module && path.parts.size() == 2) return checked(find_in_module(session_, *module, path.parts[1]), path);
    auto* definition = path.parts.size() == 1 ? session_.definitions.find(first.text) : nullptr;
    if (definition != nullptr) return checked(definition, path);
    std::vector<std::string> names;
    for (const auto* each : session_.definitions.visible())
      if (has_rows(*each)) names.push_back(each->name.text);
    const std::string name = text_of(session_.sources, path.span);
    auto& report = session_.report(diag::E0205, path.span, name, did_you_mean(name, names));
    if (!names.empty()) report.with_label("here you have: " + list_names(names));
    return nullptr;
  }

 private:
  static bool has_rows(const Definition& definition) {
    const auto* let = definition.as<ast::LetItem>();
    const auto* source = definition.as<ast::SourceItem>();
    return (let != nullptr && let->pipeline != nullptr) || (source != nullptr && !source->is_sink);
  }

  Definition* checked(Definition* definition, const ast::Path& path) {
    if (definition == nullptr || has_rows(*definition)) return definition;
    session_.report(diag::E0212, path.span, definition->name.text, kind_of(*definition), "a source or a pipeline")
        .with_label("it has no rows");
    return nullptr;
  }

  Session session_;
};

class TestChecker {
 public:
  TestChecker(const ast::Program& program, const ast::TestItem& item, const Session& empty)
      : program_(program), item_(item), empty_(empty) {}

  std::optional<CheckedTest> check() {
    const size_t errors = empty_.diagnostics->error_count();
    collect_params();
    replace_pipelines();
    TestSession opened(program_, empty_, scope_);
    session_ = &opened;
    check_param_names();
    for (const auto& [name, replacement] : replacements_) use_replacement(name, replacement);
    CheckedTest test;
    test.item = &item_;
    for (const auto& statement : item_.stmts) check_statement(statement, test);
    if (!expects_) session().report(diag::E0809, item_.title_span).with_label("say what comes of it: expect name ...");
    if (empty_.diagnostics->error_count() != errors) return std::nullopt;
    test.graph = std::move(session().graph).finish(item_.title, session().sources);
    if (!check_sources(test.graph)) return std::nullopt;
    const Status status = verify(test.graph);
    SLUICE_INVARIANT(status.has_value(), status.error().to_string() + "\n" + write_graph(test.graph));
    return test;
  }

 private:
  // A pipeline for which the test gives rows.
  struct Replacement {
    const ast::TestStmt* statement;
    Flow flow;  // of the pipeline itself; its node means nothing here
    std::optional<RowTime> time;
  };

  Session& session() { return session_->session(); }

  void collect_params() {
    for (const auto& statement : item_.stmts) {
      if (statement.kind != ast::TestStmtKind::With) continue;
      if (!scope_.params.emplace(statement.name.text, statement.expr).second)
        empty_.diagnostics->report(diag::E0122, statement.span, "with " + statement.name.text)
            .with_label("give it once");
    }
  }

  void check_param_names() {
    for (const auto& statement : item_.stmts) {
      if (statement.kind != ast::TestStmtKind::With) continue;
      const auto names = session().definitions.names_of<ast::ParamItem>();
      if (std::ranges::find(names, statement.name.text) != names.end()) {
        // Also when nothing that is expected here depends on it.
        static_cast<void>(value_of_item(session(), *session().definitions.find(statement.name.text), statement.span));
        continue;
      }
      auto& report = session().report(diag::E0709, statement.name.span, statement.name.text,
                                      did_you_mean(statement.name.text, names));
      if (!names.empty()) report.with_label("its parameters: " + list_names(names));
    }
  }

  // The columns of pipelines that the test replaces come from checking them as they are, in a session of its own, so
  // that nothing keeps what they were made of.
  void replace_pipelines() {
    TestSession scout(program_, empty_, scope_);
    for (const auto& statement : item_.stmts) {
      if (statement.kind != ast::TestStmtKind::Given) continue;
      Definition* definition = scout.find(statement.path);
      if (definition == nullptr || definition->as<ast::LetItem>() == nullptr) continue;
      const Flow* flow = flow_of_item(scout.session(), *definition, statement.path.span);
      if (flow->is_broken) continue;
      Replacement replacement{&statement, *flow, std::nullopt};
      if (flow->is_timed) replacement.time = row_time(scout.session().graph, *flow);
      if (flow->is_timed && !replacement.time) {
        empty_.diagnostics->report(diag::E0807, statement.path.span, definition->name.text)
            .with_label("give rows to its source instead");
        continue;
      }
      replacements_.emplace(name_of(statement.path), std::move(replacement));
    }
  }

  [[nodiscard]] std::string name_of(const ast::Path& path) const { return text_of(empty_.sources, path.span); }

  void use_replacement(const std::string& name, const Replacement& replacement) {
    Definition* definition = session_->find(replacement.statement->path);
    const auto call = rows_of_test(session(), name);
    if (definition == nullptr || !call) return;
    Flow flow = add_source(session(), *call, replacement.flow.schema, name, replacement.statement->path.span);
    flow.rows = replacement.flow.rows;
    flow.windows = replacement.flow.windows;
    if (replacement.time) {
      ast::Step step;
      step.op.text = "time";
      step.span = replacement.statement->path.span;
      TimeNode node;
      node.time = replacement.time->time;
      node.delay = replacement.time->delay;
      PipelineChecker checker(session(), name);
      Flow timed = flow;
      timed.is_timed = true;
      flow = checker.add(step, std::move(node), {flow.node}, std::move(timed));
    }
    definition->flow = std::move(flow);
    definition->state = CheckState::Done;
  }

  void check_statement(const ast::TestStmt& statement, CheckedTest& test) {
    switch (statement.kind) {
      case ast::TestStmtKind::Given:
        return check_given(statement, test);
      case ast::TestStmtKind::Expect:
        expects_ = true;
        return check_expect(statement, test);
      case ast::TestStmtKind::Advance:
        test.has_advance = true;
        return check_advance(statement, test);
      case ast::TestStmtKind::With:
        return;
    }
  }

  // The flow and the unique name of what a statement is about.
  const Flow* flow_of(const ast::TestStmt& statement, std::string& name) {
    const auto& parts = statement.path.parts;
    const bool is_late =
        parts.size() == 2 && parts[1].text == "late" && !session().definitions.find_module(parts[0].text);
    if (is_late && statement.kind == ast::TestStmtKind::Expect) {
      name = name_of(statement.path);
      late_ = PipelineChecker(session(), name).late_input(statement.path);
      return late_.is_broken ? nullptr : &late_;
    }
    Definition* definition = session_->find(statement.path);
    if (definition == nullptr) return nullptr;
    const std::string& module = session().definitions.module_of(definition->scope);
    name = module.empty() ? definition->name.text : module + "." + definition->name.text;
    if (replacements_.contains(name_of(statement.path))) name = name_of(statement.path);
    const Flow* flow = flow_of_item(session(), *definition, statement.path.span);
    return flow->is_broken ? nullptr : flow;
  }

  void check_given(const ast::TestStmt& statement, CheckedTest& test) {
    TestGiven given;
    given.span = statement.span;
    const Flow* flow = flow_of(statement, given.name);
    const auto table = read_table(session(), statement);
    if (flow == nullptr || !table) return;
    std::vector<TestColumn> columns;
    bool is_ok = true;
    for (const auto& column : table->columns) {
      const Field* field = column.path.size() == 1 ? flow->schema.find(column.path[0].text) : nullptr;
      is_ok = is_ok && field != nullptr;
      if (field == nullptr) {
        report_no_column(*session().diagnostics, *flow, text_of(session().sources, column.span), column.span);
        continue;
      }
      columns.push_back({{field->name}, field->type});
      given.columns.push_back(*field);
    }
    std::vector<std::string> missing;
    for (const auto& field : flow->schema.fields)
      if (!field.type.nullable && std::ranges::find(given.columns, field.name, &Field::name) == given.columns.end())
        missing.push_back(fmt::format("`{}`", field.name));
    if (!is_ok) return;
    if (!missing.empty()) {
      session()
          .report(diag::E0803, statement.path.span, name_of(statement.path), list_names(missing))
          .with_label(missing.size() == 1 ? "add the column" : "add the columns");
      return;
    }
    auto rows = check_rows(session(), *table, columns);
    if (!rows) return;
    given.rows = std::move(*rows);
    test.steps.emplace_back(std::move(given));
  }

  void check_advance(const ast::TestStmt& statement, CheckedTest& test) {
    const auto value = check_constant(session(), *statement.expr, Type(TypeKind::Timestamp), "`advance`");
    if (!value) return;
    const int64_t time = std::get<int64_t>(value->value);
    if (now_ && time < *now_) {
      session().report(diag::E0805, statement.expr->span, instant_text(*now_)).with_label("it is later already");
      return;
    }
    now_ = time;
    test.steps.emplace_back(TestAdvance{time});
  }

  void check_expect(const ast::TestStmt& statement, CheckedTest& test) {
    TestExpect expect;
    expect.statement = &statement;
    const Flow* flow = flow_of(statement, expect.name);
    if (flow == nullptr) return;
    expect.sink = expect.name;
    Flow changes;
    const bool is_none = statement.mode == ast::ExpectMode::None || statement.mode == ast::ExpectMode::NoChanges;
    if (statement.mode == ast::ExpectMode::Changes || statement.mode == ast::ExpectMode::NoChanges) {
      if (!flow->rows.is_table) {
        session().report(diag::E0417, statement.path.span).with_label("expect its rows, without `changes`");
        return;
      }
      expect.key = flow->rows.key;
      expect.sink += ".changes";
      changes = changes_of(*flow, expect.name, statement.path.span);
      if (changes.is_broken) return;
      flow = &changes;
    }
    expect.schema = flow->schema;
    add_sink(*flow, expect.sink, statement.path.span);
    if (!is_none && !check_expected_rows(statement, *flow, expect)) return;
    test.steps.emplace_back(std::move(expect));
  }

  // The pipeline behind |> changes.
  Flow changes_of(const Flow& table, const std::string& name, const Span& span) {
    ast::Step step;
    step.op.text = "changes";
    step.op.span = step.span = span;
    PipelineChecker checker(session(), name);
    return check_changes(checker, step, table);
  }

  bool check_expected_rows(const ast::TestStmt& statement, const Flow& flow, TestExpect& expect) {
    const auto table = read_table(session(), statement);
    if (!table) return false;
    bool is_ok = true;
    for (const auto& column : table->columns) {
      auto found = find_column(flow, column);
      is_ok = is_ok && found.has_value();
      if (found) expect.columns.push_back(std::move(*found));
    }
    if (!is_ok) return false;
    auto rows = check_rows(session(), *table, expect.columns);
    if (!rows) return false;
    expect.rows = std::move(*rows);
    return true;
  }

  std::optional<TestColumn> find_column(const Flow& flow, const TestTable::Column& column) {
    const Field* field = flow.schema.find(column.path[0].text);
    if (field == nullptr) {
      report_no_column(*session().diagnostics, flow, column.path[0].text, column.path[0].span);
      return std::nullopt;
    }
    TestColumn result{{field->name}, field->type};
    for (size_t i = 1; i < column.path.size(); ++i) {
      const ast::Name& name = column.path[i];
      const auto it = std::ranges::find(result.type.fields, name.text, &Field::name);
      if (it == result.type.fields.end()) {
        std::vector<std::string> names;
        for (const auto& each : result.type.fields) names.push_back(each.name);
        session()
            .report(diag::E0201, name.span, name.text, did_you_mean(name.text, names))
            .with_label(names.empty() ? fmt::format("`{}` is {}", result.text(), result.type.to_string())
                                      : "here you have: " + list_names(names));
        return std::nullopt;
      }
      const bool is_nullable = result.type.nullable || it->type.nullable;
      result.path.push_back(name.text);
      result.type = Type(it->type).as_nullable(is_nullable);
    }
    return result;
  }

  void add_sink(const Flow& flow, const std::string& name, const Span& span) {
    if (!sinks_.insert(name).second) return;
    ast::Step step;
    step.op.text = "to";
    step.span = span;
    PipelineChecker checker(session(), name);
    const Flow rows = without_time(checker, step, flow);
    Node node;
    node.payload = SinkNode{"json", {{"path", name}}};
    node.text = "expect " + name;
    node.span = span;
    node.inputs = {rows.node};
    node.schema = rows.schema;
    node.rows = rows.rows;
    session().graph.add(std::move(node), name + ".expect");
  }

  // A source without a name cannot be given rows.
  bool check_sources(const FlowGraph& graph) {
    bool is_ok = true;
    for (const auto& node : graph.nodes) {
      const auto* source = node.as<SourceNode>();
      if (source == nullptr || source->connector == "json") continue;
      session()
          .report(diag::E0806, node.span, text_of(session().sources, node.span))
          .with_label("declare a source, so that the test can give it rows");
      is_ok = false;
    }
    return is_ok;
  }

  const ast::Program& program_;
  const ast::TestItem& item_;
  const Session& empty_;
  TestScope scope_;
  TestSession* session_ = nullptr;
  std::map<std::string, Replacement> replacements_;
  Flow late_;  // what flow_of() found last, when it was late rows
  std::set<std::string> sinks_;
  std::optional<int64_t> now_;
  bool expects_ = false;
};

}  // namespace

std::string instant_text(int64_t microseconds) {
  const std::string text = timestamp_text(microseconds);
  const std::string day = timestamp_text(kTestDay).substr(0, 11);  // "2000-01-01T"
  return "@" + (text.starts_with(day) ? text.substr(day.size(), text.size() - day.size() - 1) : text);
}

std::string TestColumn::text() const {
  std::string text;
  for (const auto& name : path) text += (text.empty() ? "" : ".") + name;
  return text;
}

std::vector<CheckedTest> check_tests(const ast::Program& program, const FunctionCatalog& functions,
                                     const ConnectorCatalog& connectors, const CheckOptions& options,
                                     SourceMap& sources, Diagnostics& diagnostics) {
  std::vector<CheckedTest> tests;
  for (const auto& item : program.items) {
    const auto* test = std::get_if<ast::TestItem>(&item.node);
    if (test == nullptr) continue;
    const Session empty{sources, &diagnostics, functions, connectors, options, {}, {}, {}, 0, 0, nullptr, false, {}};
    if (auto checked = TestChecker(program, *test, empty).check()) tests.push_back(std::move(*checked));
  }
  return tests;
}

}  // namespace sluice
