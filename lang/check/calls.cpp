// Calls: which function a name means, casts, and kernels with the choice among their overloads.
#include <algorithm>

#include "lang/check/connectors.h"
#include "lang/check/decimals.h"
#include "lang/check/expr_checker.h"
#include "lang/check/items.h"
#include "lang/graph/endless.h"
#include "lang/operators/operator_util.h"

namespace sluice {

namespace {

constexpr std::string_view kLaterFunctions[] = {
    "random", "prev", "change", "fold", "hop",  "tumble", "session", "cumulate",
    "rows",   "all",  "rollup", "cube", "sets", "extern", "map",     "filter",
};

std::string signature_of(const FunctionOverload& overload) {
  std::string text = "(";
  for (const auto& param : overload.params)
    text += fmt::format("{}{}: {}", text.size() > 1 ? ", " : "", param.name, param.type.to_string());
  return text + ")";
}

std::string signatures_of(const std::vector<const FunctionOverload*>& overloads) {
  std::string text;
  for (const auto* overload : overloads) text += (text.empty() ? "" : " or ") + signature_of(*overload);
  return text;
}

std::string types_of(const std::vector<Expr>& args) {
  std::string text = "(";
  for (const auto& arg : args) text += (text.size() > 1 ? ", " : "") + arg.type.to_string();
  return text + ")";
}

// The position of each argument among the overload's parameters; nothing when names or numbers do not fit.
std::optional<std::vector<size_t>> place_args(const FunctionOverload& overload, const std::vector<ast::Arg>& args) {
  if (overload.params.size() != args.size()) return std::nullopt;
  std::vector<size_t> places;
  for (size_t i = 0; i < args.size(); ++i) {
    size_t place = i;
    if (args[i].name) {
      const auto it = std::ranges::find(overload.params, args[i].name->text, &FunctionParam::name);
      if (it == overload.params.end()) return std::nullopt;
      place = static_cast<size_t>(it - overload.params.begin());
    }
    if (std::ranges::find(places, place) != places.end()) return std::nullopt;
    places.push_back(place);
  }
  return places;
}

// The arguments in the order of the parameters, converted; nothing when one does not fit.
std::optional<std::vector<Expr>> fit_args(Session& session, const FunctionOverload& overload,
                                          const std::vector<Expr>& args, const std::vector<size_t>& places,
                                          Widening widening) {
  std::vector<std::optional<Expr>> placed(args.size());
  for (size_t i = 0; i < args.size(); ++i) {
    const Type& type = overload.params[places[i]].type;
    if (is_null_type(args[i].type)) return std::nullopt;
    placed[places[i]] = convert(session, args[i], type.as_nullable(args[i].type.nullable), widening);
    if (!placed[places[i]]) return std::nullopt;
  }
  std::vector<Expr> result;
  for (auto& arg : placed) result.push_back(std::move(*arg));
  return result;
}

std::string given(size_t count) { return fmt::format("{} {}", count, count == 1 ? "is" : "are"); }

}  // namespace

std::string arguments(size_t count) { return fmt::format("{} argument{}", count, count == 1 ? "" : "s"); }

std::optional<std::vector<const ast::Arg*>> bind_args(Session& session, const std::string& callee, const Span& span,
                                                      const std::vector<ParamSlot>& params,
                                                      const std::vector<ast::Arg>& args) {
  std::vector<const ast::Arg*> bound(params.size(), nullptr);
  std::vector<std::string> names;
  for (const auto& param : params) names.push_back(param.name);
  const std::string signature = fmt::format("`{}({})`", callee, list_names(names));
  size_t position = 0;
  for (const auto& arg : args) {
    size_t index = position;
    if (arg.name) {
      index = static_cast<size_t>(std::ranges::find(names, arg.name->text) - names.begin());
      if (index == params.size()) {
        session.report(diag::E0509, arg.name->span, callee, arg.name->text, did_you_mean(arg.name->text, names))
            .with_label("it is " + signature);
        return std::nullopt;
      }
    } else if (position++ >= params.size()) {
      session.report(diag::E0503, arg.span, callee, arguments(params.size()), given(args.size()))
          .with_label("it is " + signature);
      return std::nullopt;
    }
    if (bound[index] != nullptr) {
      session.report(diag::E0510, arg.span, names[index]).with_label("remove one of the two");
      return std::nullopt;
    }
    bound[index] = &arg;
  }
  for (size_t i = 0; i < params.size(); ++i) {
    if (bound[i] != nullptr || params[i].has_default) continue;
    session.report(diag::E0511, span, callee, names[i]).with_label("it is " + signature);
    return std::nullopt;
  }
  return bound;
}

Expr ExprChecker::node(const ast::Call& call, const Span& span) {
  if (const auto* name = std::get_if<ast::NameExpr>(&call.callee->node)) return named_call(name->name, call.args, span);
  const auto* member = std::get_if<ast::Member>(&call.callee->node);
  if (member == nullptr) {
    session_.report(diag::E0512, call.callee->span).with_label("a function is called by its name: `f(x)` or `x.f()`");
    return error_expr(span);
  }
  if (const auto definition = module_member(*member))
    return *definition == nullptr ? error_expr(span) : defined_call(**definition, call.args, span);
  // x.f(y) is f(x, y).
  std::vector<ast::Arg> args{ast::Arg{std::nullopt, member->object, member->object->span}};
  args.insert(args.end(), call.args.begin(), call.args.end());
  return named_call(member->name, args, span);
}

Expr ExprChecker::named_call(const ast::Name& name, const std::vector<ast::Arg>& args, const Span& span) {
  Definition* definition = session_.definitions.find(name.text);
  if (definition != nullptr && definition->scope != Definitions::kPrelude) return defined_call(*definition, args, span);
  if (const auto kind = find_type(name.text)) {
    if (*kind == TypeKind::Decimal) return decimal_cast(name, args, span);
    if (is_compiled(*kind)) return cast(*kind, name, args, span);
    session_.refuse(span, fmt::format("a conversion to {}", name.text));
    return error_expr(span);
  }
  if (auto value = frame_call(name, args, span)) return std::move(*value);
  if (name.text == "first" || name.text == "last") return first_or_last(name, args, span);
  if (name.text == "count_distinct") return count_distinct(name, args, span);
  if (name.text == "now" && args.empty()) return time_of_day(span);
  if (!session_.functions.find(name.text).empty()) return kernel(name, args, span);
  if (definition != nullptr) return defined_call(*definition, args, span);
  return report_unknown_function(name);
}

// A hidden column, which the step gets a node for. The clock is asked once per row, however often the value is used and
// wherever passes move what uses it.
Expr ExprChecker::time_of_day(const Span& span) {
  if (env_.row == nullptr || env_.aggregates != nullptr) {
    const char* place = env_.row != nullptr ? "beside aggregates" : "where there is no row, or in a function";
    session_.report(diag::E0901, span, fmt::format("`now()` {}", place))
        .with_help("make it a column, and use that: |> extend seen = now()");
    return error_expr(span);
  }
  const Type type(TypeKind::Timestamp);
  Expr column = Expr::column(std::string(kTimeOfDay), type, span);
  if (env_.row->is_broken) return column;
  if (const auto maker = table_maker(session_.graph.graph(), env_.row->node)) {
    const Node& step = session_.graph.node(*maker);
    session_.report(diag::E0406, span)
        .with_label(fmt::format("the input is a table (`{}` on line {})", step.text.substr(0, step.text.find(' ')),
                                step.span.begin.line))
        .with_help(fmt::format("stamp it once while it is still a stream, above line {}: |> extend seen = now()",
                               step.span.begin.line));
    return error_expr(span);
  }
  session_.wanted_time = WantedTime{env_.row->node, span};
  return column;
}

Expr ExprChecker::defined_call(Definition& definition, const std::vector<ast::Arg>& args, const Span& span) {
  if (definition.as<ast::FnItem>() != nullptr) return function_call(definition, args, span);
  if (const auto* agg = definition.as<ast::AggItem>(); agg != nullptr && !agg->is_process)
    return aggregate_call(definition, args, span);
  session_.report(diag::E0212, span, definition.name.text, kind_of(definition), "a function")
      .with_label("only functions can be called");
  return error_expr(span);
}

Expr ExprChecker::report_unknown_function(const ast::Name& name) {
  if (std::ranges::find(kLaterFunctions, name.text) != std::end(kLaterFunctions)) {
    session_.refuse(name.span, fmt::format("`{}`", name.text));
    return error_expr(name.span);
  }
  std::vector<std::string> names = session_.functions.names();
  for (const auto* definition : session_.definitions.visible())
    if (definition->as<ast::FnItem>() != nullptr || definition->as<ast::AggItem>() != nullptr)
      names.push_back(definition->name.text);
  for (const char* aggregate : {"count_distinct", "first", "last"}) names.emplace_back(aggregate);
  for (const auto frame_function : frame_function_names()) names.emplace_back(frame_function);
  session_.report(diag::E0502, name.span, name.text, did_you_mean(name.text, names));
  return error_expr(name.span);
}

Expr ExprChecker::cast(TypeKind target, const ast::Name& name, const std::vector<ast::Arg>& args, const Span& span) {
  if (args.size() != 1 || args.front().name) {
    session_.report(diag::E0503, span, name.text, arguments(1), given(args.size()))
        .with_label(fmt::format("write {}(value)", name.text));
    return error_expr(span);
  }
  Expr value = check(*args.front().value);
  if (value.type.is_error() || value.type.kind == target) return value;
  const Type from = value.type;
  Expr result = cast_value(target, std::move(value), span);
  if (!result.type.is_error()) return result;
  session_.report(diag::E0504, args.front().span, name.text, from.to_string())
      .with_label(fmt::format("there is no conversion from {} to {}", from.as_nullable(false).to_string(), name.text));
  return error_expr(span);
}

// decimal(x, 12, 2)
Expr ExprChecker::decimal_cast(const ast::Name& name, const std::vector<ast::Arg>& args, const Span& span) {
  const auto bound =
      bind_args(session_, name.text, span, {{"value", false}, {"precision", false}, {"scale", false}}, args);
  if (!bound) return error_expr(span);
  Expr value = check(*(*bound)[0]->value);
  int64_t digits[2] = {0, 0};
  for (size_t i = 0; i < 2; ++i) {
    const ast::Expr& part = *(*bound)[i + 1]->value;
    const Expr checked = check(part);
    if (checked.type.is_error()) return checked;
    const auto constant = constant_value(checked);
    const auto* number = constant ? std::get_if<int64_t>(&*constant) : nullptr;
    const int64_t least = i == 0 ? 1 : 0;
    const int64_t most = i == 0 ? kMaxDecimalDigits : digits[0];
    if (number != nullptr && *number >= least && *number <= most) {
      digits[i] = *number;
      continue;
    }
    session_
        .report(diag::E0304, part.span, i == 0 ? "the precision of `decimal`" : "the scale of `decimal`",
                fmt::format("a literal from {} to {}", least, most), "not one")
        .with_label("for example decimal(x, 12, 2)");
    return error_expr(span);
  }
  if (value.type.is_error()) return value;
  const Type type =
      decimal_type(static_cast<uint32_t>(digits[0]), static_cast<uint32_t>(digits[1]), value.type.nullable);
  if (auto literal = literal_as_decimal(value, type)) return std::move(*literal);
  if (value.type.is_number()) return to_decimal(std::move(value), type, span);
  if (value.type.kind == TypeKind::String) return op1(ExprOp::ParseDecimal, std::move(value), type.as_nullable(), span);
  session_.report(diag::E0504, (*bound)[0]->span, name.text, value.type.to_string())
      .with_label(fmt::format("there is no conversion from {} to decimal", value.type.as_nullable(false).to_string()));
  return error_expr(span);
}

// Error when there is no such conversion.
Expr ExprChecker::cast_value(TypeKind target, Expr value, const Span& span) {
  const TypeKind from = value.type.kind;
  const Type type(target, value.type.nullable);
  if (from == TypeKind::Null || !is_scalar(value.type) || value.type.is_window) return error_expr(span);
  if (target == TypeKind::String) return op1(ExprOp::ToText, std::move(value), type, span);
  if (from == TypeKind::String) {
    const auto overloads = session_.functions.find(fmt::format("parse_{}", type_name(target)));
    if (overloads.empty()) return error_expr(span);
    std::vector<Expr> args;
    args.push_back(std::move(value));
    return kernel_call(*overloads.front(), std::move(args), span);
  }
  if (target == TypeKind::Float && from == TypeKind::Int) {
    if (value.is_literal()) return convert(session_, value, type).value_or(error_expr(span));
    return op1(ExprOp::ToFloat, std::move(value), type, span);
  }
  if (target == TypeKind::Float && from == TypeKind::Decimal) return op1(ExprOp::ToFloat, std::move(value), type, span);
  if (target == TypeKind::Date && from == TypeKind::Timestamp) {
    if (auto literal = convert(session_, value, type)) return std::move(*literal);
    return op1(ExprOp::ToDate, std::move(value), type, span);
  }
  if (target == TypeKind::Timestamp && from == TypeKind::Date)
    return op1(ExprOp::ToTimestamp, std::move(value), type, span);
  if (target == TypeKind::Int && (from == TypeKind::Float || from == TypeKind::Decimal))
    return op1(ExprOp::ToInt, std::move(value), type, span);
  if (target == TypeKind::Int && from == TypeKind::Bool) {
    auto digit = [&](const Expr& present) {
      return Expr::if_else(present, int_literal(1, span), int_literal(0, span), span);
    };
    return value.type.nullable ? if_present(session_, std::move(value), digit) : digit(value);
  }
  return error_expr(span);
}

Expr ExprChecker::kernel_call(const FunctionOverload& overload, std::vector<Expr> args, const Span& span) {
  if (overload.check_args) {
    ConstantArgs constants;
    for (const auto& arg : args) constants.push_back(constant_value(arg));
    if (const auto fault = overload.check_args(overload, constants)) {
      session_.report(diag::E0522, args[fault->position].span, fault->problem).with_label(fault->label);
      return error_expr(span);
    }
  }
  const bool has_null = std::ranges::any_of(args, [](const Expr& arg) { return arg.type.nullable; });
  const Type type = overload.result.as_nullable(overload.result.nullable || has_null);
  return Expr::call(overload.name, overload.symbol, std::move(args), type, span, overload.can_fail);
}

Expr ExprChecker::kernel(const ast::Name& name, const std::vector<ast::Arg>& args, const Span& span) {
  const auto overloads = session_.functions.find(name.text);
  std::vector<Expr> values;
  for (const auto& arg : args) values.push_back(check(*arg.value));
  if (std::ranges::any_of(values, [](const Expr& value) { return value.type.is_error(); })) return error_expr(span);
  const bool has_names = std::ranges::any_of(args, [](const ast::Arg& arg) { return arg.name.has_value(); });
  if (!has_names)
    if (auto decimal = decimal_function(session_, name.text, values, span)) return std::move(*decimal);
  std::vector<const FunctionOverload*> fitting;
  for (const auto* overload : overloads)
    if (place_args(*overload, args)) fitting.push_back(overload);
  // What fits as it stands comes before what fits with int made float.
  for (const auto widening : {Widening::Refuse, Widening::IntToFloat}) {
    for (const auto* overload : fitting) {
      auto fitted = fit_args(session_, *overload, values, *place_args(*overload, args), widening);
      if (fitted) return kernel_call(*overload, std::move(*fitted), span);
    }
  }
  return report_arguments(name, fitting.empty() ? overloads : fitting, values, span);
}

Expr ExprChecker::report_arguments(const ast::Name& name, const std::vector<const FunctionOverload*>& overloads,
                                   const std::vector<Expr>& args, const Span& span) {
  const auto& first = *overloads.front();
  const std::string signatures = fmt::format("it takes {}", signatures_of(overloads));
  if (std::ranges::none_of(overloads, [&](const auto* o) { return o->params.size() == args.size(); })) {
    session_.report(diag::E0503, span, name.text, arguments(first.params.size()), given(args.size()))
        .with_label(signatures);
    return error_expr(span);
  }
  if (overloads.size() == 1) {
    for (size_t i = 0; i < args.size(); ++i) {
      const Type& wanted = first.params[i].type;
      if (convert(session_, args[i], wanted.as_nullable(args[i].type.nullable), Widening::IntToFloat)) continue;
      auto& report = session_.report(diag::E0304, args[i].span, fmt::format("`{}`", name.text), wanted.to_string(),
                                     args[i].type.to_string());
      if (wanted.kind == TypeKind::String && is_scalar(args[i].type) && !args[i].type.is_window &&
          !is_null_type(args[i].type))
        report.with_label(fmt::format("write string({})", text_of(session_.sources, args[i].span)));
      else if (wanted.kind == TypeKind::Int && args[i].type.kind == TypeKind::Float)
        report.with_label(fmt::format("write int({})", text_of(session_.sources, args[i].span)));
      else
        report.with_label(signatures);
      return error_expr(span);
    }
  }
  session_.report(diag::E0504, span, name.text, types_of(args)).with_label(signatures);
  return error_expr(span);
}

}  // namespace sluice
