#include "lang/operators/windows.h"

#include <algorithm>
#include <limits>
#include <map>

#include "lang/operators/kinds.h"
#include "lang/operators/missing_time.h"
#include "lang/support/time_text.h"
#include "lang/support/time_zone.h"

namespace sluice {

namespace {

constexpr std::string_view kColumn = "window";

// The arguments of a window's call, by position or name.
class WindowArguments {
 public:
  WindowArguments(OperatorContext& context, std::string window, const ast::Call& call, const Span& span)
      : context_(context), window_(std::move(window)), call_(call), span_(span) {}

  // Positional arguments have the names of `positional`; named ones those or `others`. False when it was reported.
  bool bind(const std::vector<std::string>& positional, const std::vector<std::string>& others) {
    size_t position = 0;
    for (const auto& arg : call_.args) {
      std::string name;
      if (arg.name) {
        name = arg.name->text;
        const bool is_known =
            std::ranges::find(positional, name) != positional.end() || std::ranges::find(others, name) != others.end();
        if (!is_known) {
          std::vector<std::string> names = positional;
          names.insert(names.end(), others.begin(), others.end());
          context_.diagnostics()
              .report(diag::E0408, arg.name->span, window_, name, did_you_mean(name, names))
              .with_label("it has " + list_names(names));
          return false;
        }
      } else if (position < positional.size()) {
        name = positional[position++];
      } else {
        context_.diagnostics()
            .report(diag::E0409, arg.span, window_,
                    positional.empty()       ? "no value"
                    : positional.size() == 1 ? "one value"
                                             : fmt::format("{} values", positional.size()))
            .with_label(others.empty() ? "leave it out"
                                       : "leave it out, or say which of these it is: " + list_names(others));
        return false;
      }
      if (!values_.emplace(name, arg.value).second) {
        context_.diagnostics().report(diag::E0122, arg.span, name).with_label("give it once");
        return false;
      }
    }
    return true;
  }

  [[nodiscard]] const ast::Expr* find(const std::string& name) const {
    const auto it = values_.find(name);
    return it == values_.end() ? nullptr : it->second;
  }

  // A duration above 0; nothing when it was reported or (with a default) not given.
  std::optional<int64_t> duration(const std::string& name, std::string_view example) {
    const ast::Expr* value = find(name);
    if (value != nullptr) return context_.check_duration(*value, "`" + window_ + "`", 1);
    context_.diagnostics().report(diag::E0410, span_, window_, name).with_label(fmt::format("for example {}", example));
    return std::nullopt;
  }
  std::optional<int64_t> duration_or(const std::string& name, int64_t otherwise) {
    const ast::Expr* value = find(name);
    return value == nullptr ? otherwise : context_.check_duration(*value, "`" + name + "`", 0);
  }

 private:
  OperatorContext& context_;
  std::string window_;
  const ast::Call& call_;
  Span span_;
  std::map<std::string, const ast::Expr*> values_;
};

std::optional<WindowKind> find_kind(std::string_view name) {
#define WINDOW(kind, text) \
  if (name == text) return WindowKind::kind;
#include "lang/graph/windows.def"
#undef WINDOW
  return std::nullopt;
}

// `clock = wall`; nothing when it was reported.
std::optional<bool> is_wall_clock(OperatorContext& context, const ast::Expr* value) {
  if (value == nullptr) return false;
  const auto* name = std::get_if<ast::NameExpr>(&value->node);
  if (name != nullptr && name->name.text == "wall") return true;
  if (name != nullptr && name->name.text == "event") return false;
  context.diagnostics().report(diag::E0411, value->span).with_label("write `clock = wall`; left out, it is event");
  return std::nullopt;
}

// `; did you mean ...` for a time zone that is written in another way, or without the part of the world in front.
std::string zone_suggestion(const std::string& name, const std::vector<std::string>& names) {
  std::string suggestion = did_you_mean(name, names);
  if (!suggestion.empty()) return suggestion;
  const auto place_of = [](const std::string& zone) { return zone.substr(zone.rfind('/') + 1); };
  const auto it = std::ranges::find_if(names, [&](const auto& zone) { return place_of(zone) == place_of(name); });
  return it == names.end() ? suggestion : fmt::format("; did you mean `{}`?", *it);
}

// `zone = "Europe/Berlin"`, empty when not given; nothing when it was reported.
std::optional<std::string> zone_name(OperatorContext& context, const ast::Expr* value) {
  if (value == nullptr) return std::string();
  const auto* literal = std::get_if<ast::Literal>(&value->node);
  if (literal == nullptr || literal->kind != ast::LiteralKind::String) {
    context.diagnostics()
        .report(diag::E0422, value->span, text_of(context.sources(), value->span), "")
        .with_label("write its name as text: zone = \"Europe/Berlin\"");
    return std::nullopt;
  }
  if (TimeZone::find(literal->string)) return literal->string;
  const std::vector<std::string> names = time_zone_names();
  context.diagnostics()
      .report(diag::E0422, value->span, literal->string, zone_suggestion(literal->string, names))
      .with_label(names.empty() ? "this machine has no time zone data: install the package `tzdata`"
                                : "zones have names like \"Europe/Berlin\" or \"UTC\"");
  return std::nullopt;
}

bool is_multiple(OperatorContext& context, const WindowNode& node, const Span& span) {
  if (node.size % node.step == 0 || node.kind == WindowKind::Hop) return true;
  context.diagnostics()
      .report(diag::E0412, span)
      .with_label(fmt::format("{} does not divide {}; for example `cumulate(1d, every = 1h)`", duration_text(node.step),
                              duration_text(node.size)));
  return false;
}

std::optional<WindowClause> time_window(OperatorContext& context, WindowKind kind, const std::string& name,
                                        const ast::Call& call, const Span& span) {
  WindowArguments arguments(context, name, call, span);
  std::vector<std::string> positional{"size"};
  if (kind != WindowKind::Tumble) positional.emplace_back("every");
  if (!arguments.bind(positional, {"offset", "zone", "late", "clock"})) return std::nullopt;
  const auto zone = zone_name(context, arguments.find("zone"));
  if (!zone) return std::nullopt;
  WindowClause window;
  window.span = span;
  window.node.kind = kind;
  window.node.column = kColumn;
  const std::string example = fmt::format("`{}(1h{})`", name, kind == WindowKind::Tumble ? "" : ", every = 5min");
  const auto size = arguments.duration("size", example);
  const auto step = kind == WindowKind::Tumble ? size : arguments.duration("every", example);
  const auto offset = arguments.duration_or("offset", 0);
  const auto late = arguments.duration_or("late", 0);
  const auto wall = is_wall_clock(context, arguments.find("clock"));
  if (!size || !step || !offset || !late || !wall) return std::nullopt;
  window.node.size = *size;
  window.node.step = *step;
  window.node.offset = *offset;
  window.node.late = *late;
  window.node.zone = *zone;
  window.is_wall = *wall;
  if (!is_multiple(context, window.node, span)) return std::nullopt;
  if (window.node.size / window.node.step > kMostWindows) {
    context.diagnostics().report(diag::E0304, span, "`" + name + "`",
                                 fmt::format("at most {} windows for a row", kMostWindows),
                                 fmt::format("{}", window.node.size / window.node.step));
    return std::nullopt;
  }
  return window;
}

std::optional<WindowClause> session_window(OperatorContext& context, const ast::Step& step, const ast::Call& call,
                                           const Span& span) {
  WindowArguments arguments(context, "session", call, span);
  if (!arguments.bind({"gap"}, {"max", "late", "clock"})) return std::nullopt;
  const ast::Expr* max = arguments.find("max");
  const auto longest = max == nullptr ? 0 : context.check_duration(*max, "`max`", 1);
  const auto gap = arguments.duration("gap", "`session(30min)`");
  const auto late = arguments.duration_or("late", 0);
  const auto wall = is_wall_clock(context, arguments.find("clock"));
  if (!gap || !longest || !late || !wall) return std::nullopt;
  if (max != nullptr && step.op.text != "aggregate") {
    context.diagnostics().report(diag::E0901, max->span, fmt::format("`{}` over sessions with `max`", step.op.text));
    return std::nullopt;
  }
  WindowClause window;
  window.session = SessionWindow{};
  window.session->gap = *gap;
  window.session->max = *longest;
  window.session->late = *late;
  window.session->column = kColumn;
  window.is_wall = *wall;
  window.span = span;
  return window;
}

std::optional<WindowClause> count_window(OperatorContext& context, const ast::Call& call, const Span& span) {
  WindowArguments arguments(context, "count", call, span);
  if (!arguments.bind({"rows"}, {})) return std::nullopt;
  const ast::Expr* value = arguments.find("rows");
  if (value == nullptr) {
    context.diagnostics().report(diag::E0410, span, "count", "rows").with_label("for example `count(100)`");
    return std::nullopt;
  }
  const auto rows = context.check_count(*value, "count");
  if (!rows) return std::nullopt;
  if (*rows == 0) {
    context.diagnostics().report(diag::E0304, value->span, "`count`", "1 or more rows", "0");
    return std::nullopt;
  }
  WindowClause window;
  window.rows = *rows;
  window.span = span;
  return window;
}

std::optional<WindowClause> all_window(OperatorContext& context, const ast::Call& call, const Span& span) {
  WindowArguments arguments(context, "all", call, span);
  if (!arguments.bind({}, {})) return std::nullopt;
  WindowClause window;
  window.is_all = true;
  window.span = span;
  return window;
}

std::optional<uint64_t> rows_of_frame(OperatorContext& context, const WindowArguments& arguments, const Span& span) {
  const ast::Expr* value = arguments.find("rows");
  if (value == nullptr) {
    context.diagnostics().report(diag::E0410, span, "rows", "rows").with_label("for example `rows(10)`");
    return std::nullopt;
  }
  const auto rows = context.check_count(*value, "rows");
  if (!rows || (*rows != 0 && *rows <= kMostFrameRows)) return rows;
  context.diagnostics().report(diag::E0304, value->span, "`rows`", fmt::format("1 to {} rows", kMostFrameRows),
                               fmt::format("{}", *rows));
  return std::nullopt;
}

}  // namespace

// What the checker adds is no step that a person wrote.
ast::Step added_at(const ast::Step& step) {
  ast::Step added;
  added.op.text = "project";
  added.op.span = step.op.span;
  added.span = step.span;
  return added;
}

std::optional<FrameClause> check_frame(OperatorContext& context, const ast::Step& step, const ast::Clause& over) {
  const ast::Expr& expr = *over.expr;
  const auto* call = std::get_if<ast::Call>(&expr.node);
  const auto* callee = call == nullptr ? nullptr : std::get_if<ast::NameExpr>(&call->callee->node);
  const std::string name = callee == nullptr ? std::string() : callee->name.text;
  FrameClause frame;
  frame.span = expr.span;
  if (name == "rows" || name == "last") {
    WindowArguments arguments(context, name, *call, expr.span);
    if (!arguments.bind({name == "rows" ? "rows" : "size"}, {})) return std::nullopt;
    if (name == "rows") {
      const auto rows = rows_of_frame(context, arguments, expr.span);
      frame.rows = rows.value_or(0);
      return rows ? std::optional(frame) : std::nullopt;
    }
    const auto last = arguments.duration("size", "`last(5min)`");
    frame.last = last.value_or(0);
    return last ? std::optional(frame) : std::nullopt;
  }
  static const std::vector<std::string> kWindows{"tumble", "hop", "cumulate", "session", "count", "all"};
  if (callee == nullptr) {
    context.diagnostics().report(diag::E0413, expr.span).with_label("for example `over last(1min)` or `over rows(10)`");
  } else if (std::ranges::find(kWindows, name) != kWindows.end()) {
    context.diagnostics().report(diag::E0901, expr.span, fmt::format("`{}` over `{}(...)`", step.op.text, name));
  } else {
    context.diagnostics()
        .report(diag::E0414, callee->name.span, name, did_you_mean(name, {"rows", "last"}))
        .with_label("of the rows before a row there are rows(10) and last(5min)");
  }
  return std::nullopt;
}

std::optional<WindowClause> check_window(OperatorContext& context, const ast::Step& step, const ast::Clause& over,
                                         const Flow& input) {
  const ast::Expr& expr = *over.expr;
  const auto* call = std::get_if<ast::Call>(&expr.node);
  const auto* callee = call == nullptr ? nullptr : std::get_if<ast::NameExpr>(&call->callee->node);
  if (callee == nullptr) {
    context.diagnostics().report(diag::E0413, expr.span).with_label("for example `over tumble(1min)`");
    return std::nullopt;
  }
  const std::string& name = callee->name.text;
  if (const auto kind = find_kind(name)) return time_window(context, *kind, name, *call, expr.span);
  static const std::vector<std::string> kWithSessions{"aggregate", "top", "latest", "first"};
  if (name == "session" && std::ranges::find(kWithSessions, step.op.text) != kWithSessions.end())
    return session_window(context, step, *call, expr.span);
  if (name == "count" && step.op.text == "aggregate") return count_window(context, *call, expr.span);
  if (name == "all") {
    // A join over everything is one without a window.
    const bool waits =
        step.op.text != "join" && refuse_waiting(context, input, expr.span, "all", "for example tumble(1h)");
    return waits ? std::nullopt : all_window(context, *call, expr.span);
  }
  static const std::vector<std::string> kLater{"session", "count", "all", "rows", "last"};
  if (std::ranges::find(kLater, name) != kLater.end()) {
    context.diagnostics().report(diag::E0901, expr.span, fmt::format("`{}` over `{}(...)`", step.op.text, name));
    return std::nullopt;
  }
  std::vector<std::string> names = kLater;
  for (const char* known : {"tumble", "hop", "cumulate"}) names.emplace_back(known);
  context.diagnostics()
      .report(diag::E0414, callee->name.span, name, did_you_mean(name, names))
      .with_label("there are tumble, hop, session, cumulate, count, all");
  return std::nullopt;
}

Flow timed_for(OperatorContext& context, const ast::Step& step, const WindowClause& window, Flow input) {
  if (input.is_broken) return input;
  if (window.is_wall) {
    Flow timed = input;
    timed.is_timed = true;
    timed.windows.clear();
    return context.add(step, TimeNode{}, {input.node}, std::move(timed));
  }
  if (input.is_timed) return input;
  const std::string_view kind = window.session ? "session" : window_kind_name(window.node.kind);
  auto& report = report_no_time(context, window.span, kind, input);
  if (!input.rows.is_table)
    report.with_help(fmt::format(
        "or as a step above: |> time ts delay 5s;  or by the clock on the wall: {}(..., clock = wall)", kind));
  return Flow::broken();
}

void report_own_window(OperatorContext& context, const Span& span, const std::string& column) {
  context.diagnostics()
      .report(diag::E0208, span, column)
      .with_label(fmt::format("`over` adds the column `{}`, and the rows have one", column))
      .with_help(fmt::format("give theirs another name in front: |> rename inner = {}", column));
}

bool refuse_own_window(OperatorContext& context, const WindowClause& window, const Flow& input) {
  const bool has_own = !input.is_broken && input.schema.find(window.node.column) != nullptr;
  if (has_own) report_own_window(context, window.span, window.node.column);
  return has_own;
}

Flow assign_windows(OperatorContext& context, const ast::Step& step, const WindowClause& window, Flow input) {
  input = timed_for(context, step, window, std::move(input));
  if (input.is_broken) return input;
  Flow next = input;
  std::erase_if(next.schema.fields, [&](const Field& field) { return field.name == window.node.column; });
  next.schema.fields.push_back({window.node.column, Type::window()});
  next.windows.insert(window.node.column);
  next.origins[window.node.column] = window.span;
  next.rows.key.clear();
  next = context.add(step, window.node, {input.node}, std::move(next));
  if (next.late == nullptr) next.late = late_rows(input, window.node, next.node);
  return next;
}

std::shared_ptr<const LateRows> late_rows(const Flow& input, WindowNode windows, NodeId step) {
  windows.late_rows = true;
  windows.column.clear();
  return std::make_shared<const LateRows>(LateRows{input, std::move(windows), step});
}

std::shared_ptr<const LateRows> late_rows_of_moments(const Flow& input, int64_t late, NodeId step) {
  // A row is late when it is for a window of nothing but its own moment.
  WindowNode moment;
  moment.size = moment.step = 1;
  moment.late = late;
  return late_rows(input, std::move(moment), step);
}

Flow timed_by_window(OperatorContext& context, const ast::Step& step, const Flow& flow, const std::string& window) {
  if (flow.is_broken) return flow;
  const Span& span = step.span;
  std::vector<NamedExpr> columns = all_columns(flow, span);
  Flow next = projected(flow, columns, step);
  const Type timestamp(TypeKind::Timestamp);
  Expr end = Expr::field(Expr::column(window, Type::window(), span), "end", timestamp, span);
  Expr last = Expr::make_op(ExprOp::Before, {std::move(end)}, timestamp, span);
  columns.push_back({std::string(kRowTime), std::move(last)});
  columns.push_back({std::string(kRowMark), Expr::literal(std::numeric_limits<int64_t>::min(), timestamp, span)});
  next.is_timed = true;
  next.windows = {window};
  return context.add(added_at(step), ProjectNode{std::move(columns)}, {flow.node}, std::move(next));
}

std::shared_ptr<const LateRows> late_of_several(const Flow& a, const Flow& b) {
  const auto& one = a.late != nullptr ? a.late : b.late;
  if (one == nullptr || a.late == b.late) return one;
  LateRows several = *one;
  several.is_several = a.late != nullptr && b.late != nullptr;
  return std::make_shared<const LateRows>(std::move(several));
}

std::string window_column(const std::vector<NamedExpr>& keys) {
  const auto position = window_key(keys);
  return position ? keys[*position].name : std::string();
}

Flow without_late_rows(OperatorContext& context, const ast::Step& step, Flow input) {
  WindowClause moment;
  moment.node.size = moment.node.step = 1;
  moment.node.column = "@moment";
  moment.span = step.span;
  const RowKind rows = input.rows;
  Flow in_time = assign_windows(context, step, moment, std::move(input));
  in_time.rows = rows;
  return without_column(context, step, in_time, moment.node.column);
}

Flow without_column(OperatorContext& context, const ast::Step& step, const Flow& flow, const std::string& column) {
  if (flow.is_broken) return flow;
  auto columns = all_columns(flow, step.span);
  std::erase_if(columns, [&](const NamedExpr& each) { return each.name == column; });
  Flow next = projected(flow, columns, step);
  next.gone = flow.gone;
  return context.add(added_at(step), ProjectNode{std::move(columns)}, {flow.node}, std::move(next));
}

Flow without_time(OperatorContext& context, const ast::Step& step, const Flow& flow) {
  if (flow.is_broken || !flow.is_timed) return flow;
  auto columns = all_columns(flow, step.span);
  Flow next = projected(flow, columns, step);  // what is known not to be null has the type that says so from here on
  next.is_timed = false;
  return context.add(added_at(step), ProjectNode{std::move(columns)}, {flow.node}, std::move(next));
}

}  // namespace sluice
