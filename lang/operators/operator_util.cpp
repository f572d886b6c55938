#include "lang/operators/operator_util.h"

#include <algorithm>

#include "lang/operators/narrowing.h"

namespace sluice {

namespace {

std::string gone_reason(const std::string& op) {
  if (op == "aggregate") return "only keys and aggregates remain";
  if (op == "drop") return "it was dropped there";
  if (op == "rename") return "it got a new name there";
  return "only the columns named there remain";
}

std::string gone_help(const Flow& flow, const GoneColumn& gone) {
  std::string text = "now: " + list_names(flow.schema.names());
  const uint32_t line = gone.step.begin.line;
  if (gone.op == "aggregate") {
    std::string keys;
    for (const auto& key : flow.rows.key) keys += key + ", ";
    text += fmt::format(". Move this step above line {}, or write `per {}{}` there", line, keys, gone.name);
  } else if (gone.op == "select") {
    text += fmt::format(". Add `{}` to the `select` on line {}", gone.name, line);
  }
  return text;
}

// Does the column only pass on the input's column of the same name?
bool passes_on(const NamedExpr& column) { return place_of(column.expr) == column_place(column.name); }

}  // namespace

bool is_scalar(const Type& type) {
  return type.is_window || (type.kind != TypeKind::List && type.kind != TypeKind::Record);
}

Expr column_of(const Flow& flow, const Field& field, const Span& span) {
  return narrowed(Expr::column(field.name, field.type, span), flow.present);
}

std::vector<NamedExpr> all_columns(const Flow& flow, const Span& span) {
  std::vector<NamedExpr> columns;
  for (const auto& field : flow.schema.fields) columns.push_back({field.name, column_of(flow, field, span)});
  return columns;
}

std::optional<std::string> implied_name(const ast::Expr& expr) {
  if (const auto* name = std::get_if<ast::NameExpr>(&expr.node)) return name->name.text;
  if (const auto* member = std::get_if<ast::Member>(&expr.node)) return member->name.text;
  if (const auto* call = std::get_if<ast::Call>(&expr.node)) return implied_name(*call->callee);
  if (const auto* paren = std::get_if<ast::Paren>(&expr.node)) return implied_name(*paren->inner);
  return std::nullopt;
}

std::optional<std::string> name_or_report(OperatorContext& context, const std::optional<ast::Name>& name,
                                          const ast::Expr& expr) {
  if (name) return name->text;
  if (auto implied = implied_name(expr)) return implied;
  context.diagnostics()
      .report(diag::E0209, expr.span)
      .with_label(fmt::format("for example `result = {}`", text_of(context.sources(), expr.span)));
  return std::nullopt;
}

bool ColumnList::has(const std::string& name) const {
  return std::ranges::find(columns_, name, &NamedExpr::name) != columns_.end();
}

bool ColumnList::add(std::string name, Expr expr, const Span& span) {
  if (has(name)) {
    context_.diagnostics()
        .report(diag::E0208, span, name)
        .with_label(fmt::format("give it another name: `{}_2 = ...`", name));
    return false;
  }
  columns_.push_back({std::move(name), std::move(expr)});
  return true;
}

Flow projected(const Flow& input, const std::vector<NamedExpr>& columns, const ast::Step& step) {
  Flow next;
  next.is_broken = input.is_broken;
  for (const auto& column : columns) {
    next.schema.fields.push_back({column.name, column.expr.type});
    const bool is_same = passes_on(column);
    const auto origin = input.origins.find(column.name);
    next.origins[column.name] = is_same && origin != input.origins.end() ? origin->second : column.expr.span;
    if (column.expr.kind == ExprKind::Column && input.windows.contains(column.expr.name))
      next.windows.insert(column.name);
    if (!is_same) continue;
    for (const auto& place : input.present)
      if (is_below_column(place, column.name)) next.present.insert(place);
  }
  next.gone = input.gone;
  for (const auto& field : input.schema.fields) next.gone.push_back({field.name, step.op.text, step.span});
  std::erase_if(next.gone, [&](const GoneColumn& gone) { return next.schema.find(gone.name) != nullptr; });
  next.rows = input.rows;
  next.is_timed = input.is_timed;
  next.late = input.late;
  const bool keeps_key = std::ranges::all_of(input.rows.key, [&](const std::string& key) {
    return std::ranges::any_of(columns, [&](const NamedExpr& c) { return c.name == key && passes_on(c); });
  });
  if (!keeps_key) next.rows.key.clear();
  return next;
}

Flow add_project(OperatorContext& context, const ast::Step& step, const Flow& input, std::vector<NamedExpr> columns) {
  Flow next = projected(input, columns, step);
  return context.add(step, ProjectNode{std::move(columns)}, {input.node}, std::move(next));
}

std::string_view clause_word(ast::ClauseKind kind) {
  using enum ast::ClauseKind;
  switch (kind) {
    case Per:
      return "per";
    case By:
      return "by";
    case Over:
      return "over";
    case On:
      return "on";
    case Within:
      return "within";
    case Keep:
      return "keep";
    case Emit:
      return "emit";
    case Until:
      return "until";
    case Max:
      return "max";
    case As:
      return "as";
    case With:
      return "with";
    case Key:
      return "key";
    case Time:
      return "time";
    case Delay:
      return "delay";
    case Idle:
      return "idle";
  }
  return "?";
}

namespace {

// What to write instead of a clause that the step does not take; `takes` lists those that it does.
std::string clause_advice(OperatorContext& context, const ast::Step& step, const ast::Clause& clause,
                          const std::string& takes) {
  const bool is_name = clause.kind == ast::ClauseKind::As && clause.path.parts.size() == 1;
  if (is_name && !step.columns.empty() && step.columns.back().expr != nullptr)
    return fmt::format("a name stands in front: {} = {}", clause.path.parts.front().text,
                       text_of(context.sources(), step.columns.back().expr->span));
  if (step.op.text == "take" && clause.kind == ast::ClauseKind::Keep)
    return "it counts the rows of all keys; of each key that is not forgotten: top 3 by ts per user keep 1d";
  return takes.empty() ? fmt::format("`{}` takes no clauses", step.op.text) : "it takes " + takes;
}

// What to make of a clause that is given twice: only lists and conditions hold both.
std::string advice_to_join(ast::ClauseKind kind) {
  if (kind == ast::ClauseKind::Per || kind == ast::ClauseKind::By) return "join the two with a comma";
  return kind == ast::ClauseKind::On ? "join the two with `and`" : "keep one of them";
}

}  // namespace

bool check_clauses(OperatorContext& context, const ast::Step& step, std::initializer_list<ast::ClauseKind> allowed,
                   std::initializer_list<ast::ClauseKind> later) {
  bool is_ok = true;
  for (const auto& clause : step.clauses) {
    const std::string_view word = clause_word(clause.kind);
    if (std::ranges::find(later, clause.kind) != later.end()) {
      context.diagnostics().report(diag::E0901, clause.span, fmt::format("`{}` with `{}`", step.op.text, word));
      is_ok = false;
    } else if (std::ranges::find(allowed, clause.kind) == allowed.end()) {
      std::string takes;
      for (const auto kind : allowed) takes += fmt::format("{}`{}`", takes.empty() ? "" : ", ", clause_word(kind));
      context.diagnostics()
          .report(diag::E0120, clause.keyword_span, step.op.text, word)
          .with_label(clause_advice(context, step, clause, takes));
      is_ok = false;
    } else if (find_clause(step, clause.kind) != &clause) {
      context.diagnostics().report(diag::E0122, clause.keyword_span, word).with_label(advice_to_join(clause.kind));
      is_ok = false;
    }
  }
  return is_ok;
}

const ast::Clause* find_clause(const ast::Step& step, ast::ClauseKind kind) {
  const auto it = std::ranges::find(step.clauses, kind, &ast::Clause::kind);
  return it == step.clauses.end() ? nullptr : &*it;
}

bool refuse_other_window(OperatorContext& context, const Flow& input, const Expr& key, const Span& span,
                         std::string text) {
  if (!key.type.is_window || input.is_broken) return false;
  if (key.kind == ExprKind::Column && !key.type.nullable && input.windows.contains(key.name)) return false;
  if (text.empty()) text = text_of(context.sources(), span);
  const std::string_view dot = key.type.nullable ? "?." : ".";
  context.diagnostics()
      .report(diag::E0901, span, "a window that is not the one of its row as a key")
      .with_label("rows with this window may come behind its end")
      .with_help(fmt::format("use its parts: {}{}start, {}{}end", text, dot, text, dot));
  return true;
}

std::optional<std::vector<NamedExpr>> check_keys(OperatorContext& context, const Flow& input,
                                                 const std::vector<ast::KeyItem>& items) {
  ColumnList keys(context);
  bool is_ok = true;
  for (const auto& item : items) {
    Expr key = context.check_expr(*item.expr, input);
    const auto name = name_or_report(context, item.name, *item.expr);
    if (!key.type.is_error() && !is_scalar(key.type)) {
      context.diagnostics().report(diag::E0901, item.expr->span, fmt::format("a key of type {}", key.type.to_string()));
      is_ok = false;
    }
    is_ok = !refuse_other_window(context, input, key, item.expr->span) && is_ok;
    is_ok = name && keys.add(*name, std::move(key), item.expr->span) && is_ok;
  }
  if (!is_ok) return std::nullopt;
  return std::move(keys.columns());
}

std::optional<std::vector<OrderKey>> check_orders(OperatorContext& context, const Flow& input,
                                                  const std::vector<ast::OrderItem>& items) {
  std::vector<OrderKey> orders;
  bool is_ok = true;
  for (const auto& item : items) {
    Expr key = context.check_expr(*item.expr, input);
    if (!key.type.is_error() && !is_scalar(key.type)) {
      context.diagnostics()
          .report(diag::E0306, item.expr->span, "by", "values with an order", key.type.to_string())
          .with_label("order by one of its parts");
      is_ok = false;
    }
    orders.push_back({std::move(key), item.descending});
  }
  if (!is_ok) return std::nullopt;
  return orders;
}

std::string list_names(const std::vector<std::string>& names) {
  constexpr size_t kMaxShown = 20;
  std::string text;
  for (size_t i = 0; i < names.size() && i < kMaxShown; ++i) text += (i == 0 ? "" : ", ") + names[i];
  if (names.size() > kMaxShown) text += fmt::format(" and {} more", names.size() - kMaxShown);
  return text;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates) {
  const auto closest = closest_name(word, candidates);
  return closest ? fmt::format("; did you mean `{}`?", *closest) : std::string();
}

std::string text_of(const SourceMap& sources, const Span& span) {
  if (!span.is_valid() || span.file >= sources.size()) return {};
  std::string text;
  bool is_space = false;
  bool is_comment = false;
  char quote = 0;
  for (const char c : sources.file(span.file).text_of(span)) {
    if (is_comment) {
      is_comment = c != '\n';
    } else if (quote != 0) {
      if (c == quote && !text.ends_with('\\')) quote = 0;
      text += c == '\n' ? ' ' : c;
      continue;
    } else if (c == '#') {
      is_comment = true;
    }
    if (is_comment || c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      is_space = true;
      continue;
    }
    if (is_space && !text.empty()) text += ' ';
    is_space = false;
    if (c == '"' || c == '`') quote = c;
    text += c;
  }
  return text;
}

void report_no_column(Diagnostics& diagnostics, const Flow& flow, const std::string& name, const Span& span) {
  if (flow.is_broken) return;
  const auto gone = std::find_if(flow.gone.rbegin(), flow.gone.rend(), [&](const auto& g) { return g.name == name; });
  if (gone != flow.gone.rend()) {
    diagnostics.report(diag::E0202, span, name, gone->op, gone_reason(gone->op)).with_label(gone_help(flow, *gone));
    return;
  }
  const auto names = flow.schema.names();
  diagnostics.report(diag::E0201, span, name, did_you_mean(name, names))
      .with_label("here you have: " + list_names(names));
}

}  // namespace sluice
