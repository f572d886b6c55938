// The functions that look at the rows around a row: lag, lead, rank and row_number, in steps over frames.
#include <algorithm>

#include "lang/check/connectors.h"
#include "lang/check/expr_checker.h"
#include "lang/operators/operator_util.h"

namespace sluice {

namespace {

constexpr std::string_view kFrameFunctions[] = {
#define FRAME_FUNCTION(name, signature, doc) #name,
#include "lang/check/frame_functions.def"
#undef FRAME_FUNCTION
};

}  // namespace

std::span<const std::string_view> frame_function_names() { return kFrameFunctions; }

std::optional<Expr> ExprChecker::frame_call(const ast::Name& name, const std::vector<ast::Arg>& args,
                                            const Span& span) {
  if (std::ranges::find(kFrameFunctions, name.text) == std::end(kFrameFunctions)) return std::nullopt;
  const bool is_shift = name.text == "lag" || name.text == "lead";
  const AggregateColumn* column = env_.aggregates;
  if (column == nullptr || column->frame == nullptr) {
    auto& report = session_.report(diag::E0521, span, name.text);
    if (env_.row != nullptr || column != nullptr)
      report.with_label(fmt::format("for example |> extend {} = {} per key", is_shift ? "other" : "n",
                                    text_of(session_.sources, span)));
    return error_expr(span);
  }
  if (column->filter) {
    session_.report(diag::E0120, column->filter->span, name.text, "where")
        .with_label("it looks at all rows of a key; drop rows in a step above: |> where ...");
    return error_expr(span);
  }
  return is_shift ? shift_call(name, args, span) : rank_or_number(name, args, span);
}

// A call that is all of its column gets the column's name.
std::string ExprChecker::name_in_frame(const Span& span) {
  const AggregateColumn& column = *env_.aggregates;
  if (column.whole == span) return column.name;
  return fmt::format("{}.{}", column.name, made_columns(*column.frame).size() + 1);
}

Expr ExprChecker::rank_or_number(const ast::Name& name, const std::vector<ast::Arg>& args, const Span& span) {
  if (!args.empty()) {
    session_.report(diag::E0503, span, name.text, "no arguments", args.size() == 1 ? "1 is" : "some are")
        .with_label(fmt::format("write {}(); the order is that of `by`, or of the rows' event time", name.text));
    return error_expr(span);
  }
  FrameNode& frame = *env_.aggregates->frame;
  std::string& column = name.text == "rank" ? frame.rank_column : frame.number_column;
  if (column.empty()) column = name_in_frame(span);
  return Expr::column(column, Type(TypeKind::Int), span);
}

Expr ExprChecker::shift_call(const ast::Name& name, const std::vector<ast::Arg>& args, const Span& span) {
  const auto bound = bind_args(session_, name.text, span, {{"x", false}, {"rows", true}}, args);
  if (!bound) return error_expr(span);
  FrameShift shift;
  if (const ast::Arg* rows = (*bound)[1]) {
    const Expr count = check(*rows->value);
    if (count.type.is_error()) return count;
    const auto constant = constant_value(count);
    const auto* number = constant ? std::get_if<int64_t>(&*constant) : nullptr;
    if (number == nullptr || *number < 1 || *number > kMostRows) {
      session_
          .report(diag::E0304, rows->span, fmt::format("`{}`", name.text),
                  fmt::format("a constant number of rows from 1 to {}", kMostRows), "not one")
          .with_label(fmt::format("for example {}(price, 2)", name.text));
      return error_expr(span);
    }
    shift.rows = static_cast<uint64_t>(*number);
  }
  const AggregateColumn& column = *env_.aggregates;
  shift.value = ExprChecker(session_, row_env(*column.input, env_.locals)).check(*(*bound)[0]->value);
  if (shift.value.type.is_error()) return shift.value;
  if (is_null_type(shift.value.type)) {
    session_.report(diag::E0316, (*bound)[0]->span).with_label("name a column");
    return error_expr(span);
  }
  shift.name = name_in_frame(span);
  const Type type = shift.value.type.as_nullable();
  Expr made = Expr::column(shift.name, type, span);
  (name.text == "lag" ? column.frame->shifts : column.frame->leads).push_back(std::move(shift));
  return made;
}

}  // namespace sluice
