// [left|right|full|semi|anti|cross|asof] join INPUT as NAME on CONDITION [over WINDOW] [within D] [keep D]: rows of
// both inputs that belong together. The row of the other side becomes a record column NAME, which is null where there
// is none. What is special about an asof join stands in asof_join.cpp.
#include <algorithm>

#include "lang/operators/asof_join.h"
#include "lang/operators/keep.h"
#include "lang/operators/missing_time.h"
#include "lang/operators/open_record.h"
#include "lang/operators/operator_util.h"
#include "lang/operators/operators.h"
#include "lang/operators/windows.h"
#include "lang/support/invariant.h"

namespace sluice {

namespace {

const Type kTimestamp(TypeKind::Timestamp);
const Type kBool(TypeKind::Bool);

bool is_cross(const ast::Step& step) { return step.join_kind && step.join_kind->text == "cross"; }
bool is_asof(const ast::Step& step) { return step.join_kind && step.join_kind->text == "asof"; }

JoinKind kind_of(const ast::Step& step) {
  if (!step.join_kind || is_cross(step) || is_asof(step)) return JoinKind::Inner;
#define JOIN(kind, name) \
  if (step.join_kind->text == name) return JoinKind::kind;
#include "lang/graph/joins.def"
#undef JOIN
  SLUICE_INVARIANT(false, "a word in front of `join` that is no kind of join");
}

// `person.id == seller` as one would write it with the name `p` for person.
std::string renamed(std::string condition, const std::string& input, const std::string& name) {
  const std::string wanted = input + ".";
  for (size_t at = condition.find(wanted); at != std::string::npos; at = condition.find(wanted, at + name.size())) {
    const bool is_word = at == 0 || (std::isalnum(static_cast<unsigned char>(condition[at - 1])) == 0 &&
                                     condition[at - 1] != '_' && condition[at - 1] != '.');
    if (!is_word) {
      at += wanted.size();
      continue;
    }
    condition.replace(at, input.size(), name);
  }
  return condition;
}

void report_no_name(OperatorContext& context, const ast::Step& step) {
  const ast::Input& input = step.inputs.front().input;
  const auto* on = find_clause(step, ast::ClauseKind::On);
  const bool has_path = !input.path.parts.empty() && !input.has_args && input.pipeline == nullptr;
  const std::string path = has_path ? text_of(context.sources(), input.span) : std::string("...");
  const std::string name = has_path ? input.path.parts.back().text.substr(0, 1) : std::string("other");
  std::string example = fmt::format("join {} as {}", path, name);
  if (step.join_kind) example = step.join_kind->text + " " + example;
  if (on != nullptr) example += " on " + renamed(text_of(context.sources(), on->expr->span), path, name);
  context.diagnostics().report(diag::E0203, input.span).with_label(fmt::format("for example `{}`", example));
}

void split_conjunction(const Expr& condition, std::vector<Expr>& parts) {
  if (!condition.is_op(ExprOp::And)) return parts.push_back(condition);
  for (const auto& arg : condition.args) split_conjunction(arg, parts);
}

class JoinChecker {
 public:
  JoinChecker(OperatorContext& context, const ast::Step& step, JoinKind kind, Flow left, Flow right)
      : context_(context), step_(step), left_(std::move(left)), right_(std::move(right)) {
    node_.kind = kind;
    name_ = step.inputs.front().alias->text;
  }

  Flow run(const std::optional<WindowClause>& window) {
    left_key_ = left_.rows.key;
    right_key_ = right_.rows.key;
    read_right_once();
    if (is_asof(step_) && !both_have_time(cover(step_.join_kind->span, step_.op.span), "asof join"))
      return Flow::broken();
    if (!drop_late_rows()) return Flow::broken();
    if (window && left_.schema.find(window->node.column) != nullptr) replaced_window_ = window->node.column;
    if (window && (replaces_other(*window, left_) || replaces_other(*window, right_))) return Flow::broken();
    if (window) {
      left_ = assign_windows(context_, step_, *window, std::move(left_));
      right_ = assign_windows(context_, step_, *window, std::move(right_));
    }
    if (left_.is_broken || right_.is_broken) return Flow::broken();
    if (left_.schema.find(name_) != nullptr) {
      const Span& span = step_.inputs.front().alias->span;
      context_.diagnostics().report(diag::E0208, span, name_).with_label("give the other side another name");
      return Flow::broken();
    }
    collect_right(window ? window->node.column : std::string());
    if (!add_condition() || !add_within()) return Flow::broken();
    if (keep_ && !add_keep()) return Flow::broken();
    if (window) add_window_key(*window);
    if (node_.left_keys.empty() && !is_cross(step_)) return report_no_equality();
    if (is_asof(step_)) return add_asof_join(context_, step_, asof_parts());
    note_unique();
    // Equality of two windows is the same as `over` in front of them.
    const std::string by = window_of(node_);
    if (window_key(node_.left_keys) && by.empty()) {
      context_.diagnostics().report(diag::E0901, find_clause(step_, ast::ClauseKind::On)->expr->span,
                                    "a join by a window that is computed");
      return Flow::broken();
    }
    return finish(by);
  }

 private:
  // The rows' own windows give way to those of the join; any other column of that name would be lost.
  bool replaces_other(const WindowClause& window, const Flow& side) {
    const Field* own = side.schema.find(window.node.column);
    return own != nullptr && !own->type.is_window && refuse_own_window(context_, window, side);
  }

  // The record of the other side, and its fields as columns of a pair.
  void collect_right(const std::string& window) {
    const Span& span = step_.span;
    std::vector<Field> fields;
    for (const auto& field : right_.schema.fields) {
      if (field.name == window) continue;
      const Expr value = column_of(right_, field, span);
      fields.push_back({field.name, value.type});
      node_.right.push_back({flat_name(field.name), value});
      flat_[field.name] = node_.right.back().name;
    }
    record_ = Type::record_of(std::move(fields));
  }

  std::string flat_name(const std::string& field) const {
    std::string name = name_ + "." + field;
    while (left_.schema.find(name) != nullptr) name = "@" + name;
    return name;
  }

  // A field of the other side as a column of a pair, or as the other side itself has it.
  [[nodiscard]] Expr of_pair(const std::string& field) const {
    const auto& name = flat_.at(field);
    const auto it = std::ranges::find(node_.right, name, &NamedExpr::name);
    return Expr::column(name, it->expr.type, it->expr.span);
  }
  [[nodiscard]] Expr of_right(const std::string& field) const {
    return std::ranges::find(node_.right, flat_.at(field), &NamedExpr::name)->expr;
  }

  bool add_condition() {
    const auto* on = find_clause(step_, ast::ClauseKind::On);
    if (on == nullptr) return true;
    Flow pair = left_;
    pair.schema.fields.push_back({name_, record_});
    pair.origins[name_] = step_.inputs.front().input.span;
    const Expr condition = context_.check_condition(*on->expr, pair, "on");
    if (condition.type.is_error() || reads_replaced_window(condition)) return false;
    std::vector<Expr> parts;
    split_conjunction(condition, parts);
    bool is_ok = true;
    for (const auto& part : parts) is_ok = add_part(part) && is_ok;
    return is_ok;
  }

  // `window` of the rows, or that of `over`, which is in its place?
  bool reads_replaced_window(const Expr& condition) {
    std::vector<std::string> columns;
    if (!replaced_window_.empty()) collect_columns(condition, columns);
    const bool is_read = std::ranges::find(columns, replaced_window_) != columns.end();
    if (is_read) report_own_window(context_, condition.span, replaced_window_);
    return is_read;
  }

  enum class Reads : uint8_t { Nothing, Left, Right, Both };
  [[nodiscard]] Reads reads_of(const Expr& expr) const {
    std::vector<std::string> columns;
    collect_columns(expr, columns);
    const bool right = std::ranges::find(columns, name_) != columns.end();
    if (columns.empty()) return Reads::Nothing;
    if (!right) return Reads::Left;
    return columns.size() == 1 ? Reads::Right : Reads::Both;
  }

  // Equality of something left and something right is a key, whatever else is a condition on pairs.
  bool add_part(const Expr& part) {
    if (part.is_op(ExprOp::Eq) && is_scalar(part.args[0].type)) {
      const bool is_plain = reads_of(part.args[0]) == Reads::Left && reads_of(part.args[1]) == Reads::Right;
      const bool is_swapped = reads_of(part.args[0]) == Reads::Right && reads_of(part.args[1]) == Reads::Left;
      if (is_plain) return add_key(part, part.args[0], part.args[1]);
      if (is_swapped) return add_key(part, part.args[1], part.args[0]);
    }
    if (is_asof(step_)) return report_no_key(part);
    add_residual(part);
    return true;
  }

  bool report_no_key(const Expr& part) {
    const std::string text = text_of(context_.sources(), part.span);
    const Reads reads = reads_of(part);
    const std::string help = reads == Reads::Right
                                 ? "choose among the rows of the other side in front of the join: asof "
                                   "join (from ... |> where ...) as " +
                                       name_
                             : reads == Reads::Both ? "drop pairs behind the join: |> where " + text
                                                    : "drop rows in front of the join: |> where " + text;
    context_.diagnostics().report(diag::E0418, part.span).with_label("this is none").with_help(help);
    return false;
  }

  AsofJoin asof_parts() {
    AsofJoin join{left_, right_, node_.left_keys, node_.right_keys, {}, name_, record_, flat_, within_, {}};
    if (within_) join.right_time = right_time(kRowTime);
    join.right_columns = node_.right;
    return join;
  }

  void add_residual(const Expr& part) {
    Expr condition = open_record(part, name_, [this](const std::string& field) { return of_pair(field); });
    if (!node_.residual) {
      node_.residual = std::move(condition);
      return;
    }
    const Span span = cover(node_.residual->span, condition.span);
    node_.residual = Expr::make_op(ExprOp::And, {std::move(*node_.residual), std::move(condition)}, kBool, span);
  }

  bool add_key(const Expr& part, const Expr& left, const Expr& right) {
    for (const Expr* side : {&left, &right}) {
      const Expr& value = side->is_op(ExprOp::Some) ? side->args[0] : *side;
      if (!value.type.nullable) continue;
      const std::string text = text_of(context_.sources(), value.span);
      context_.diagnostics()
          .report(diag::E0320, value.span)
          .with_label(fmt::format("`{}` is {}", text, value.type.to_string()))
          .with_help(fmt::format("drop such rows in front of the join: |> where {} is not null", text));
      return false;
    }
    // NaN is a key like any other, but equals nothing.
    if (left.type.kind == TypeKind::Float && !is_asof(step_)) add_residual(part);
    const auto unwrapped = [](const Expr& side) { return side.is_op(ExprOp::Some) ? side.args[0] : side; };
    const Expr of_left = unwrapped(left);
    const Expr of_right_side =
        open_record(unwrapped(right), name_, [this](const std::string& field) { return of_right(field); });
    if (refuse_other_window(context_, left_, of_left, left.span)) return false;
    if (refuse_other_window(context_, right_, of_right_side, right.span)) return false;
    add_keys(of_left, of_right_side);
    return true;
  }

  void add_keys(Expr left, Expr right) {
    const std::string name = fmt::format("key.{}", node_.left_keys.size());
    const bool is_column = left.kind == ExprKind::Column;
    node_.left_keys.push_back({is_column ? left.name : name, std::move(left)});
    node_.right_keys.push_back({node_.left_keys.back().name, std::move(right)});
  }

  void add_window_key(const WindowClause& window) {
    const Expr column = Expr::column(window.node.column, Type::window(), window.span);
    add_keys(column, column);
  }

  // Of the clause or step `who`, which needs it.
  bool both_have_time(const Span& span, std::string_view who) {
    for (const Flow* side : {&left_, &right_}) {
      if (side->is_timed) continue;
      report_no_time(context_, span, who, *side,
                     side == &left_ ? "the rows in front of the join have no time" : "the other side has no time");
      return false;
    }
    return true;
  }

  // |left time - right time| <= d
  bool add_within() {
    const auto* within = find_clause(step_, ast::ClauseKind::Within);
    if (within == nullptr) return true;
    const auto distance = context_.check_duration(*within->expr, "`within`", 0);
    if (!distance || !both_have_time(within->span, "within")) return false;
    within_ = distance;
    if (!is_asof(step_)) add_distance(*distance, within->span);
    return true;
  }

  void add_distance(int64_t distance, const Span& span) {
    const Expr left = Expr::column(std::string(kRowTime), kTimestamp, span);
    const Expr right = Expr::column(right_time(kRowTime), kTimestamp, span);
    const Type duration(TypeKind::Duration);
    const auto is_near = [&](const Expr& a, const Expr& b) {
      Expr difference = Expr::make_op(ExprOp::Sub, {a, b}, duration, span);
      return Expr::make_op(ExprOp::Le, {std::move(difference), Expr::literal(distance, duration, span)}, kBool, span);
    };
    add_residual(Expr::make_op(ExprOp::And, {is_near(left, right), is_near(right, left)}, kBool, span));
  }

  // With `keep` no row comes behind the watermark, so that it says which rows find no partner any more.
  bool drop_late_rows() {
    const auto* clause = find_clause(step_, ast::ClauseKind::Keep);
    if (clause == nullptr) return true;
    keep_ = check_keep(context_, step_, *clause, left_);
    if (!keep_ || !both_have_time(clause->span, "keep")) return false;
    if (node_.kind != JoinKind::Inner && node_.kind != JoinKind::Semi) {
      context_.diagnostics().report(diag::E0901, clause->span,
                                    fmt::format("`{} join` with `keep`", step_.join_kind->text));
      return false;
    }
    if (left_.rows.is_table || right_.rows.is_table) {
      context_.diagnostics().report(diag::E0901, clause->span, "a join of a table with `keep`");
      return false;
    }
    left_ = without_late_rows(context_, step_, left_);
    right_ = without_late_rows(context_, step_, right_);
    return true;
  }

  bool add_keep() {
    const auto& clause = *find_clause(step_, ast::ClauseKind::Keep);
    if (window_key(node_.left_keys)) {
      context_.diagnostics()
          .report(diag::E0120, clause.keyword_span, "a join by a window", "keep")
          .with_label("leave it out: the rows of a window are forgotten when it is complete");
      return false;
    }
    const Span& span = clause.span;
    add_distance(*keep_, span);
    node_.left_bound = node_.right_bound = JoinBound{Expr::column(std::string(kRowTime), kTimestamp, span), *keep_};
    return true;
  }

  // The hidden column of the other side's time in a pair, made when it is asked for.
  std::string right_time(std::string_view column) {
    std::string name = flat_name(std::string(column));
    if (std::ranges::find(node_.right, name, &NamedExpr::name) == node_.right.end())
      node_.right.push_back({name, Expr::column(std::string(column), kTimestamp, step_.span)});
    return name;
  }

  Flow report_no_equality() {
    const auto* on = find_clause(step_, ast::ClauseKind::On);
    if (on == nullptr) {
      context_.diagnostics()
          .report(diag::E0121, step_.op.span, "join", "on")
          .with_label(fmt::format("say which rows belong together: on {}.id == id", name_));
    } else {
      context_.diagnostics()
          .report(diag::E0403, on->expr->span)
          .with_label(fmt::format("for example {}.id == id", name_))
          .with_help(fmt::format("every row with every row is a `cross join`: |> cross join {} as {} |> where ...",
                                 text_of(context_.sources(), step_.inputs.front().input.span), name_));
    }
    return Flow::broken();
  }

  static bool covers(const std::vector<NamedExpr>& keys, const std::vector<std::string>& unique) {
    return !unique.empty() && std::ranges::all_of(unique, [&](const std::string& column) {
      return std::ranges::any_of(
          keys, [&](const NamedExpr& key) { return key.expr.kind == ExprKind::Column && key.expr.name == column; });
    });
  }

  void note_unique() {
    node_.left_is_unique = covers(node_.left_keys, left_key_);
    node_.right_is_unique = covers(node_.right_keys, right_key_);
  }

  // A node reads each input once: rows that are read twice come by two ways.
  void read_right_once() {
    if (right_.node != left_.node) return;
    right_ = add_project(context_, added(), right_, all_columns(right_, step_.span));
  }

  // What the checker adds is no step that a person wrote.
  [[nodiscard]] ast::Step added() const {
    ast::Step step;
    step.op.text = "project";
    step.op.span = step_.op.span;
    step.span = step_.span;
    return step;
  }

  // The later of the two times is that of the pair, and it is late if one of its rows would be.
  void add_time(Flow& pair, std::vector<NamedExpr>& columns) {
    for (const auto column : {kRowTime, kRowMark}) {
      const std::string name(column);
      const Span& span = step_.span;
      Expr left = Expr::column(name, kTimestamp, span);
      if (!right_.is_timed) {
        columns.push_back({name, std::move(left)});
      } else {
        const std::string flat = right_time(column);
        pair.schema.fields.push_back({flat, kTimestamp});
        Expr right = Expr::column(flat, kTimestamp, span);
        Expr is_later = Expr::make_op(ExprOp::Ge, {left, right}, kBool, span);
        Expr later = Expr::if_else(std::move(is_later), left, right, span);
        columns.push_back({name, left_.is_timed ? std::move(later) : std::move(right)});
      }
      if (left_.is_timed) pair.schema.fields.push_back({name, kTimestamp});
    }
  }

  [[nodiscard]] RowKind rows_of_result(bool is_windowed) const {
    RowKind rows;
    const bool changes = node_.kind != JoinKind::Inner && node_.kind != JoinKind::Semi;
    rows.is_table = left_.rows.is_table || right_.rows.is_table || (changes && !is_windowed);
    const bool keeps_key = gives_left_only(node_.kind) || (!may_lack_left(node_.kind) && node_.right_is_unique);
    if (keeps_key) rows.key = left_.rows.key;
    return rows;
  }

  Flow finish(const std::string& window) {
    Flow pair = left_;
    pair.late = late_of_several(left_, right_);
    pair.rows = rows_of_result(!window.empty());
    const bool is_left_only = gives_left_only(node_.kind);
    // Which of several partners comes first depends on how the inputs are read, so they say nothing about time.
    const bool keeps_time = is_streamed(node_) && (!is_left_only || !right_.is_timed);
    pair.is_timed = false;
    if (window.empty() && (right_.is_timed || !keeps_time)) pair.windows.clear();
    if (is_left_only) {
      pair.is_timed = keeps_time && left_.is_timed;
      pair = context_.add(step_, std::move(node_), {left_.node, right_.node}, std::move(pair));
      return window.empty() ? pair : timed_by_window(context_, step_, pair, window);
    }
    if (may_lack_left(node_.kind)) {
      pair.present.clear();
      for (auto& field : pair.schema.fields) field.type.nullable |= field.name != window;
    }
    Flow result = pair;
    std::vector<NamedExpr> columns = all_columns(result, step_.span);
    columns.push_back({name_, record_of_pair(pair)});
    const bool is_timed = keeps_time && (left_.is_timed || right_.is_timed);
    if (is_timed) add_time(pair, columns);
    pair = context_.add(step_, std::move(node_), {left_.node, right_.node}, std::move(pair));
    Flow next = projected(result, columns, step_);
    std::erase_if(next.schema.fields,
                  [](const Field& field) { return field.name == kRowTime || field.name == kRowMark; });
    next.origins[name_] = step_.inputs.front().input.span;
    next.is_timed = is_timed;
    next = context_.add(added(), ProjectNode{std::move(columns)}, {pair.node}, std::move(next));
    return window.empty() ? next : timed_by_window(context_, step_, next, window);
  }

  // The record of the other side, made of a pair's columns, which are added to `pair`.
  Expr record_of_pair(Flow& pair) {
    const bool may_lack = may_lack_right(node_.kind);
    const Span& span = step_.span;
    std::vector<Expr> fields;
    for (const auto& field : record_.fields) {
      const std::string& flat = flat_.at(field.name);
      const Type type = may_lack ? field.type.as_nullable() : field.type;
      pair.schema.fields.push_back({flat, type});
      Expr value = Expr::column(flat, type, span);
      if (type != field.type) value = Expr::make_op(ExprOp::Require, {std::move(value)}, field.type, span);
      fields.push_back(std::move(value));
    }
    Expr record = Expr::record(std::move(fields), record_, span);
    if (!may_lack) return record;
    node_.match_column = flat_name("@match");
    pair.schema.fields.push_back({node_.match_column, kBool});
    Expr there = Expr::make_op(ExprOp::Some, {std::move(record)}, record_.as_nullable(), span);
    return Expr::if_else(Expr::column(node_.match_column, kBool, span), std::move(there),
                         Expr::null_literal(record_, span), span);
  }

  OperatorContext& context_;
  const ast::Step& step_;
  Flow left_;
  Flow right_;
  std::vector<std::string> left_key_;  // of the inputs, before they are put into windows
  std::vector<std::string> right_key_;
  JoinNode node_;
  std::string name_;             // of the other side
  std::string replaced_window_;  // of the rows in front, where `over` puts another one in its place
  Type record_;
  std::optional<int64_t> within_;
  std::optional<int64_t> keep_;
  std::map<std::string, std::string> flat_;  // field of the other side -> column of a pair
};

}  // namespace

Flow check_join(OperatorContext& context, const ast::Step& step, Flow input) {
  using enum ast::ClauseKind;
  const bool is_ok = is_cross(step)  ? check_clauses(context, step, {Over}, {Keep, Emit})
                     : is_asof(step) ? check_clauses(context, step, {On, Within}, {Keep, Emit})
                                     : check_clauses(context, step, {On, Over, Within, Keep}, {Emit});
  Flow other = context.check_input(step.inputs.front().input);
  if (!step.inputs.front().alias) {
    report_no_name(context, step);
    return Flow::broken();
  }
  std::optional<WindowClause> window;
  if (const auto* over = find_clause(step, Over)) {
    window = check_window(context, step, *over, input);
    if (!window) return Flow::broken();
    if (window->is_all) window.reset();  // which is what a join without a window is about
  }
  if (!is_ok || input.is_broken || other.is_broken) return Flow::broken();
  return JoinChecker(context, step, kind_of(step), std::move(input), std::move(other)).run(window);
}

}  // namespace sluice
