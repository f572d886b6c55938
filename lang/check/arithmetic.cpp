// Operators between expressions: arithmetic, comparison, logic, `??` and `in`.
#include <ranges>

#include "lang/check/decimals.h"
#include "lang/check/expr_checker.h"
#include "lang/operators/operator_util.h"
#include "lang/support/invariant.h"
#include "lang/syntax/expr_text.h"

namespace sluice {

using ast::BinaryOp;

namespace {

ExprOp op_of(BinaryOp op) {
  switch (op) {
    case BinaryOp::Eq:
      return ExprOp::Eq;
    case BinaryOp::Ne:
      return ExprOp::Ne;
    case BinaryOp::Lt:
      return ExprOp::Lt;
    case BinaryOp::Le:
      return ExprOp::Le;
    case BinaryOp::Gt:
      return ExprOp::Gt;
    case BinaryOp::Ge:
      return ExprOp::Ge;
    case BinaryOp::Add:
      return ExprOp::Add;
    case BinaryOp::Sub:
      return ExprOp::Sub;
    case BinaryOp::Mul:
      return ExprOp::Mul;
    case BinaryOp::Div:
      return ExprOp::Div;
    case BinaryOp::IntDiv:
      return ExprOp::IntDiv;
    case BinaryOp::Mod:
      return ExprOp::Mod;
    case BinaryOp::And:
      return ExprOp::And;
    case BinaryOp::Or:
      return ExprOp::Or;
    case BinaryOp::Coalesce:
      return ExprOp::Coalesce;
    case BinaryOp::In:
    case BinaryOp::NotIn:
      return ExprOp::Contains;
    case BinaryOp::Range:
    case BinaryOp::RangeBelow:
      break;
  }
  SLUICE_INVARIANT(false, "a range is not an operation of the graph");
  return ExprOp::Eq;
}

bool is_literal(const Expr& expr) { return expr.is_literal() && !is_null_type(expr.type); }

Expr as_float(Expr value) {
  if (value.type.kind == TypeKind::Float) return value;
  if (const auto* integer = std::get_if<int64_t>(&value.value); integer != nullptr && value.is_literal())
    return Expr::literal(static_cast<double>(*integer), Type(TypeKind::Float), value.span);
  Type type(TypeKind::Float, value.type.nullable);
  const Span span = value.span;
  return op1(ExprOp::ToFloat, std::move(value), std::move(type), span);
}

bool looks_like_number(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789.-+") == std::string::npos;
}

}  // namespace

Expr ExprChecker::node(const ast::Binary& binary, const Span& span) {
  switch (binary.op) {
    case BinaryOp::And:
    case BinaryOp::Or:
      return logic(binary, span);
    case BinaryOp::Coalesce:
      return coalesce(binary, span);
    case BinaryOp::In:
    case BinaryOp::NotIn:
      return membership(binary, span);
    case BinaryOp::Range:
    case BinaryOp::RangeBelow:
      session_.report(diag::E0318, span).with_label("for example `x in 1..10`");
      return error_expr(span);
    case BinaryOp::Eq:
    case BinaryOp::Ne:
    case BinaryOp::Lt:
    case BinaryOp::Le:
    case BinaryOp::Gt:
    case BinaryOp::Ge: {
      Expr left = check(*binary.left);
      Expr right = check(*binary.right);
      return compare(binary.op, std::move(left), std::move(right), span);
    }
    case BinaryOp::Add:
    case BinaryOp::Sub:
    case BinaryOp::Mul:
    case BinaryOp::Div:
    case BinaryOp::IntDiv:
    case BinaryOp::Mod: {
      Expr left = check(*binary.left);
      Expr right = check(*binary.right);
      return arithmetic(binary.op, std::move(left), std::move(right), binary.op_span, span);
    }
  }
  return error_expr(span);
}

Expr ExprChecker::node(const ast::Unary& unary, const Span& span) {
  Expr value = check(*unary.operand);
  if (value.type.is_error()) return value;
  if (unary.op == ast::UnaryOp::Not) {
    if (value.type.kind != TypeKind::Bool) {
      session_.report(diag::E0304, unary.operand->span, "`not`", "yes or no", value.type.to_string())
          .with_label("compare it with something first");
      return error_expr(span);
    }
    Type type = value.type;
    return op1(ExprOp::Not, std::move(value), std::move(type), span);
  }
  if (!value.type.is_number() && value.type.kind != TypeKind::Duration) {
    session_.report(diag::E0306, unary.operand->span, "-", "numbers and durations", value.type.to_string())
        .with_label(value.type.to_string());
    return error_expr(span);
  }
  if (value.is_literal()) {
    const bool is_number = std::holds_alternative<ast::Literal>(unary.operand->node);
    if (auto* integer = std::get_if<int64_t>(&value.value);
        integer != nullptr && (*integer != INT64_MIN || is_number)) {
      // Of the smallest int the digits alone are no int, so the literal has its value already.
      if (*integer != INT64_MIN) *integer = -*integer;
      value.span = span;
      return value;
    }
    if (auto* decimal = std::get_if<Decimal>(&value.value)) {
      decimal->unscaled = -decimal->unscaled;
      value.span = span;
      return value;
    }
    if (auto* number = std::get_if<double>(&value.value)) {
      *number = -*number;
      value.span = span;
      return value;
    }
  }
  Type type = value.type;
  return op1(ExprOp::Neg, std::move(value), std::move(type), span);
}

Expr ExprChecker::logic(const ast::Binary& binary, const Span& span) {
  const std::string_view word = operator_text(binary.op);
  // A chain leans to the left. Level by level, each would look again at what all operands before it prove.
  std::vector<std::pair<const ast::Binary*, Span>> chain{{&binary, span}};
  while (const auto* left = std::get_if<ast::Binary>(&chain.back().first->left->node)) {
    if (left->op != binary.op) break;
    chain.emplace_back(left, chain.back().first->left->span);
  }
  Expr result = condition(*chain.back().first->left, word);
  std::optional<Places> before;
  bool is_first = true;
  for (const auto& [level, whole] : chain | std::views::reverse) {
    Places added;
    if (!result.type.is_error()) add_present(is_first ? result : result.args[1], binary.op == BinaryOp::And, added);
    is_first = false;
    if (!added.empty()) {
      if (!before) before = env_.present;
      env_.present.merge(added);
    }
    Expr right = condition(*level->right, word);
    result = result.type.is_error() || right.type.is_error()
                 ? error_expr(whole)
                 : op2(op_of(binary.op), std::move(result), std::move(right), Type(TypeKind::Bool), whole);
  }
  if (before) env_.present = std::move(*before);
  return result;
}

Expr ExprChecker::coalesce(const ast::Binary& binary, const Span& span) {
  Expr left = check(*binary.left);
  Expr right = check(*binary.right);
  if (left.type.is_error() || right.type.is_error()) return error_expr(span);
  if (is_null_type(left.type)) return right;
  if (!left.type.nullable) {
    if (!left.is_op(ExprOp::Require) && !left.is_literal())
      session_.report(diag::W0307, binary.left->span, "??").with_label(left.type.to_string() + ", without `?`");
    return left;
  }
  if (left.type != right.type) {
    if (auto numbers = aligned_decimals(left, right);
        numbers && !convert(session_, right, left.type.as_nullable(right.type.nullable))) {
      Type type = numbers->second.type;
      return op2(ExprOp::Coalesce, std::move(numbers->first), std::move(numbers->second), std::move(type), span);
    }
  }
  Type common = left.type.as_nullable(right.type.nullable);
  if (auto both = convert(session_, right, common))
    return op2(ExprOp::Coalesce, std::move(left), std::move(*both), std::move(common), span);
  if (left.type.kind == TypeKind::Int && right.type.kind == TypeKind::Float) {
    Type type = right.type;
    return op2(ExprOp::Coalesce, as_float(std::move(left)), std::move(right), std::move(type), span);
  }
  session_
      .report(diag::E0308, binary.right->span, "the two sides of `??`", left.type.as_nullable(false).to_string(),
              right.type.to_string())
      .with_label(right.type.to_string());
  return error_expr(span);
}

Expr ExprChecker::report_comparison(const Expr& left, const Expr& right) {
  // The literal side is the one that is easily mended.
  const bool blames_left = is_literal(left) && !is_literal(right);
  const Expr& wrong = blames_left ? left : right;
  const Expr& other = blames_left ? right : left;
  const std::string origin = origin_of(other);
  std::string label = fmt::format("{}, but `{}` is {}", wrong.type.to_string(), text_of(session_.sources, other.span),
                                  other.type.to_string());
  if (!origin.empty()) label += fmt::format(" ({})", origin);
  const auto* text = std::get_if<std::string>(&wrong.value);
  if (wrong.is_literal() && text != nullptr && other.type.is_number() && looks_like_number(*text))
    label += ": drop the quotes";
  else if (wrong.is_literal() && wrong.type.is_number() && other.type.kind == TypeKind::String)
    label += ": put it in quotes";
  else if (wrong.type.is_number() && other.type.is_number())
    label += fmt::format(": write float({})",
                         text_of(session_.sources, (left.type.kind != TypeKind::Float ? left : right).span));
  else if (left.type.kind == TypeKind::Date && right.type.kind == TypeKind::Timestamp)
    label += fmt::format(": write date({})", text_of(session_.sources, right.span));
  else if (left.type.kind == TypeKind::Timestamp && right.type.kind == TypeKind::Date)
    label += fmt::format(": write date({})", text_of(session_.sources, left.span));
  session_
      .report(diag::E0301, wrong.span, left.type.as_nullable(false).to_string(),
              right.type.as_nullable(false).to_string())
      .with_label(std::move(label));
  return error_expr(wrong.span);
}

Expr ExprChecker::compare(BinaryOp op, Expr left, Expr right, const Span& span) {
  if (left.type.is_error() || right.type.is_error()) return error_expr(span);
  const bool is_equality = op == BinaryOp::Eq || op == BinaryOp::Ne;
  if (is_null_type(left.type) || is_null_type(right.type)) {
    Expr& value = is_null_type(left.type) ? right : left;
    if (!is_equality) {
      session_.report(diag::E0306, span, operator_text(op), "values that can be there", "null")
          .with_label("to ask for null, write `x is null`");
      return error_expr(span);
    }
    if (is_null_type(value.type)) return bool_literal(op == BinaryOp::Eq, span);  // null is null
    if (!value.type.nullable) return bool_literal(op == BinaryOp::Ne, span);
    Expr test = is_null(std::move(value), span);
    return op == BinaryOp::Eq ? test : op1(ExprOp::Not, std::move(test), Type(TypeKind::Bool), span);
  }
  if (auto decimals = aligned_decimals(left, right)) {
    left = std::move(decimals->first);
    right = std::move(decimals->second);
  } else if (left.type.kind != right.type.kind) {
    auto left_as = convert(session_, left, right.type.as_nullable(left.type.nullable));
    auto right_as = convert(session_, right, left.type.as_nullable(right.type.nullable));
    if (is_literal(left) && left_as)
      left = std::move(*left_as);
    else if (is_literal(right) && right_as)
      right = std::move(*right_as);
    else
      return report_comparison(left, right);
  }
  for (const Expr* side : {&left, &right}) {
    if (is_scalar(side->type) && left.type.is_window == right.type.is_window) continue;
    session_.refuse(span, fmt::format("comparing values of type {}", side->type.to_string()));
    return error_expr(span);
  }
  if (!is_equality && left.type.is_window) {
    session_.report(diag::E0306, span, operator_text(op), "values with an order", "window")
        .with_label("compare one of its parts, for example `window.start`");
    return error_expr(span);
  }
  if (!is_equality && left.type.kind == TypeKind::Bool) {
    session_.report(diag::E0306, span, operator_text(op), "values with an order", "bool").with_label("bool has none");
    return error_expr(span);
  }
  const bool is_nullable = !is_equality && (left.type.nullable || right.type.nullable);
  return op2(op_of(op), std::move(left), std::move(right), Type(TypeKind::Bool, is_nullable), span);
}

Expr ExprChecker::in_range(const Expr& value, const ast::Binary& range, const Span& span) {
  auto within = [&](const Expr& present) {
    Expr low = compare(BinaryOp::Ge, present, check(*range.left), span);
    Expr high = compare(range.op == BinaryOp::Range ? BinaryOp::Le : BinaryOp::Lt, present, check(*range.right), span);
    if (low.type.is_error() || high.type.is_error()) return error_expr(span);
    if (low.type.nullable || high.type.nullable) {
      const Span& end = low.type.nullable ? range.left->span : range.right->span;
      session_.report(diag::E0302, end, "..").with_label("this end of the range may be null");
      return error_expr(span);
    }
    return op2(ExprOp::And, std::move(low), std::move(high), Type(TypeKind::Bool), span);
  };
  return value.type.nullable ? if_present(session_, value, within) : with_value(session_, value, within);
}

Expr ExprChecker::in_list(const Expr& value, const ast::Expr& list, const Span& span) {
  const auto* literal = std::get_if<ast::List>(&without_parens(list).node);
  constexpr size_t kMaxUnrolled = 8;
  if (literal != nullptr && !literal->elements.empty() && literal->elements.size() <= kMaxUnrolled) {
    return with_value(session_, value, [&](const Expr& bound) {
      std::optional<Expr> any;
      for (const auto* element : literal->elements) {
        Expr test = compare(BinaryOp::Eq, bound, check(*element), element->span);
        if (test.type.is_error()) return test;
        any = any ? op2(ExprOp::Or, std::move(*any), std::move(test), Type(TypeKind::Bool), span) : std::move(test);
      }
      return *any;
    });
  }
  Expr all = check(list);
  if (all.type.is_error()) return all;
  if (all.type.kind != TypeKind::List || all.type.nullable) {
    session_.report(diag::E0304, list.span, "`in`", "a list or a range", all.type.to_string())
        .with_label("for example [1, 2, 3] or 1..10");
    return error_expr(span);
  }
  if (all.kind == ExprKind::List && all.args.empty()) return bool_literal(false, span);
  if (!is_scalar(all.type.element())) {
    session_.refuse(list.span, fmt::format("`in` with a list of {}", all.type.element().to_string()));
    return error_expr(span);
  }
  auto element = convert(session_, value, all.type.element().as_nullable(value.type.nullable));
  if (!element) {
    // A list literal adapts to the value: `price in [1, 2]` with a float price.
    const auto adapted = convert(session_, all, Type::list_of(value.type.as_nullable(all.type.element().nullable)));
    if (!adapted) return report_comparison(value, all);
    all = *adapted;
    element = value;
  }
  return op2(ExprOp::Contains, std::move(*element), std::move(all), Type(TypeKind::Bool), span);
}

Expr ExprChecker::membership(const ast::Binary& binary, const Span& span) {
  const Expr value = check(*binary.left);
  if (value.type.is_error()) return value;
  const ast::Expr& right = without_parens(*binary.right);
  const auto* range = std::get_if<ast::Binary>(&right.node);
  const bool is_range = range != nullptr && (range->op == BinaryOp::Range || range->op == BinaryOp::RangeBelow);
  Expr test = is_range ? in_range(value, *range, span) : in_list(value, *binary.right, span);
  if (test.type.is_error() || binary.op == BinaryOp::In) return test;
  Type type = test.type;
  return op1(ExprOp::Not, std::move(test), std::move(type), span);
}

Expr ExprChecker::report_operands(BinaryOp op, const Expr& left, const Expr& right, const Span& op_span) {
  const std::string_view word = operator_text(op);
  auto& report = session_.report(
      diag::E0303, op_span,
      fmt::format("`{}` does not work on {} and {}", word, left.type.to_string(), right.type.to_string()));
  const auto left_text = text_of(session_.sources, left.span);
  const auto right_text = text_of(session_.sources, right.span);
  if (op == BinaryOp::Add && (left.type.kind == TypeKind::String || right.type.kind == TypeKind::String))
    report.with_label("to join text, write f\"{" + left_text + "}{" + right_text + "}\"");
  else if ((op == BinaryOp::IntDiv || op == BinaryOp::Mod) && left.type.is_number() && right.type.is_number())
    report.with_label("it works on int");
  else if (left.type.kind == TypeKind::Date || right.type.kind == TypeKind::Date)
    report.with_label("a date takes + and - of a duration, and the difference of two is a duration");
  else if (left.type.kind == TypeKind::Timestamp || right.type.kind == TypeKind::Timestamp)
    report.with_label("a timestamp takes + and - of a duration, and the difference of two is a duration");
  else if (left.type.kind == TypeKind::Duration || right.type.kind == TypeKind::Duration)
    report.with_label("a duration takes +, - and // of a duration, and * and // of an int");
  else
    report.with_label("it works on numbers");
  return error_expr(op_span);
}

Expr ExprChecker::report_decimal_and_float(BinaryOp op, const Expr& left, const Expr& right, const Span& span) {
  const bool is_left_float = left.type.kind == TypeKind::Float;
  const Expr& real = is_left_float ? left : right;
  const std::string left_text = text_of(session_.sources, left.span);
  const std::string right_text = text_of(session_.sources, right.span);
  const std::string exact = real.kind == ExprKind::Column
                                ? fmt::format("declare `{}` as decimal(12,6)", real.name)
                                : fmt::format("write decimal({}, 12, 6)", is_left_float ? left_text : right_text);
  const std::string word(operator_text(op));
  session_.report(diag::E0303, span, "decimal and float do not mix: one is exact, the other is not")
      .with_label(fmt::format("{} {} {}: {}, or give up exactness with {}", left.type.as_nullable(false).to_string(),
                              word, right.type.as_nullable(false).to_string(), exact,
                              is_left_float ? fmt::format("{} {} float({})", left_text, word, right_text)
                                            : fmt::format("float({}) {} {}", left_text, word, right_text)));
  return error_expr(span);
}

// Days count as the times at which they begin; a sum is the day on which that time falls.
Expr ExprChecker::date_arithmetic(BinaryOp op, Expr left, Expr right, const Span& op_span, const Span& span) {
  const auto as_time = [&](Expr value) {
    Type type(TypeKind::Timestamp, value.type.nullable);
    return value.type.kind == TypeKind::Date ? op1(ExprOp::ToTimestamp, std::move(value), std::move(type), span)
                                             : value;
  };
  if (op == BinaryOp::Sub && left.type.kind == TypeKind::Date)
    if (auto day = convert(session_, right, Type(TypeKind::Date, right.type.nullable))) right = std::move(*day);
  if (op == BinaryOp::Sub && right.type.kind == TypeKind::Date)
    if (auto day = convert(session_, left, Type(TypeKind::Date, left.type.nullable))) left = std::move(*day);
  const TypeKind a = left.type.kind;
  const TypeKind b = right.type.kind;
  const bool is_difference = op == BinaryOp::Sub && a == TypeKind::Date && b == TypeKind::Date;
  const bool is_moved = (op == BinaryOp::Add || op == BinaryOp::Sub) && a == TypeKind::Date && b == TypeKind::Duration;
  const bool is_moved_back_to_front = op == BinaryOp::Add && a == TypeKind::Duration && b == TypeKind::Date;
  if (!is_difference && !is_moved && !is_moved_back_to_front) return report_operands(op, left, right, op_span);
  Expr time = arithmetic(op, as_time(std::move(left)), as_time(std::move(right)), op_span, span);
  if (is_difference) return time;
  Type type(TypeKind::Date, time.type.nullable);
  return op1(ExprOp::ToDate, std::move(time), std::move(type), span);
}

Expr ExprChecker::numeric(BinaryOp op, Expr left, Expr right, const Span& span) {
  const bool is_nullable = left.type.nullable || right.type.nullable;
  const bool is_float = op == BinaryOp::Div || left.type.kind == TypeKind::Float || right.type.kind == TypeKind::Float;
  if (is_float) {
    left = as_float(std::move(left));
    right = as_float(std::move(right));
  }
  return op2(op_of(op), std::move(left), std::move(right),
             Type(is_float ? TypeKind::Float : TypeKind::Int, is_nullable), span);
}

Expr ExprChecker::arithmetic(BinaryOp op, Expr left, Expr right, const Span& op_span, const Span& span) {
  if (left.type.is_error() || right.type.is_error()) return error_expr(span);
  using enum TypeKind;
  const TypeKind a = left.type.kind;
  const TypeKind b = right.type.kind;
  const bool is_nullable = left.type.nullable || right.type.nullable;
  const bool is_sum = op == BinaryOp::Add || op == BinaryOp::Sub;
  auto result = [&](TypeKind kind, Expr x, Expr y) {
    return op2(op_of(op), std::move(x), std::move(y), Type(kind, is_nullable), span);
  };
  if (const auto decimals = decimal_operands(left, right)) return decimal_operation(op_of(op), *decimals, span);
  if ((a == Decimal && b == Float) || (a == Float && b == Decimal))
    return report_decimal_and_float(op, left, right, span);
  if (a == Date || b == Date) return date_arithmetic(op, std::move(left), std::move(right), op_span, span);
  if (a != Decimal && b != Decimal && left.type.is_number() && right.type.is_number()) {
    const bool needs_int = op == BinaryOp::IntDiv || op == BinaryOp::Mod;
    if (!needs_int || (a == Int && b == Int)) return numeric(op, std::move(left), std::move(right), span);
  }
  if (is_sum && a == Duration && b == Duration) return result(Duration, std::move(left), std::move(right));
  if (is_sum && a == Timestamp && b == Duration) return result(Timestamp, std::move(left), std::move(right));
  if (op == BinaryOp::Add && a == Duration && b == Timestamp)
    return result(Timestamp, std::move(right), std::move(left));
  if (op == BinaryOp::Sub && a == Timestamp && b == Timestamp)
    return result(Duration, std::move(left), std::move(right));
  if (op == BinaryOp::Mul && a == Duration && b == Int) return result(Duration, std::move(left), std::move(right));
  if (op == BinaryOp::Mul && a == Int && b == Duration) return result(Duration, std::move(right), std::move(left));
  if (op == BinaryOp::IntDiv && a == Duration && b == Int) return result(Duration, std::move(left), std::move(right));
  if (op == BinaryOp::IntDiv && a == Duration && b == Duration) return result(Int, std::move(left), std::move(right));
  if (op == BinaryOp::Mod && a == Duration && b == Duration) return result(Duration, std::move(left), std::move(right));
  return report_operands(op, left, right, op_span);
}

}  // namespace sluice
