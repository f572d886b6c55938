// `param` items: their values come from the options, as Flow literals or as bare text, or are the defaults.
#include <algorithm>

#include "lang/check/expr_checker.h"
#include "lang/check/items.h"
#include "lang/check/modules.h"
#include "lang/check/types.h"
#include "lang/operators/operator_util.h"
#include "lang/support/decimal.h"
#include "lang/syntax/parse.h"

namespace sluice {

namespace {

// The text as an expression of Flow; nothing when it is none. Names do not mean anything in it.
std::optional<Expr> literal_of(Session& session, const std::string& text, const Span& span) {
  SourceMap sources;
  Diagnostics diagnostics;
  const ast::Program program = parse(sources, sources.add("parameter", "let value = " + text), diagnostics);
  const auto* let = program.items.size() == 1 ? std::get_if<ast::LetItem>(&program.items.front().node) : nullptr;
  if (diagnostics.has_errors() || let == nullptr || let->value == nullptr) return std::nullopt;
  const CapturedDiagnostics captured(session);
  Expr value = ExprChecker(session, Env()).check(*let->value);
  if (captured.captured().has_errors()) return std::nullopt;
  for_each(value, [&](Expr& part) { part.span = span; });
  return value;
}

std::optional<Expr> value_of_text(Session& session, const std::string& text, const Type& type, const Span& span) {
  if (type.kind == TypeKind::String && !text.starts_with('"'))
    return convert(session, Expr::literal(text, Type(TypeKind::String), span), type);
  // The `@` of a time or a date may be left out on a command line.
  const bool is_time = type.kind == TypeKind::Timestamp || type.kind == TypeKind::Date;
  const bool needs_at = is_time && !text.starts_with('@');
  // As a decimal from the start, so that no digit is lost.
  const bool is_decimal = type.kind == TypeKind::Decimal && read_decimal(text) && text.find_first_of("eE") == text.npos;
  const auto value = literal_of(session, needs_at ? "@" + text : is_decimal ? text + "dec" : text, span);
  if (!value) return std::nullopt;
  return convert(session, *value, type, Widening::IntToFloat);
}

}  // namespace

Expr param_value(Session& session, const Definition& definition) {
  const auto& param = *definition.as<ast::ParamItem>();
  const std::string name = qualified_name(session, param.name.text);
  const Type type = resolve_type(session, *param.type);
  if (type.is_error()) return error_expr(param.name.span);
  if (session.test != nullptr) {
    const auto in_test = session.test->params.find(name);
    if (in_test != session.test->params.end())
      return ExprChecker(session, Env()).check_as(*in_test->second, type, fmt::format("`{}`", name));
  }
  const auto given = session.options.params.find(name);
  if (given != session.options.params.end()) {
    auto value = value_of_text(session, given->second, type, param.name.span);
    if (value) return std::move(*value);
    session.report(diag::E0708, param.name.span, name, type.to_string(), given->second)
        .with_label(fmt::format("declared as {} here", type.to_string()));
    return error_expr(param.name.span);
  }
  if (param.default_value == nullptr) {
    // Otherwise check_params has reported it.
    if (session.test != nullptr)
      session.report(diag::E0707, param.name.span, "", fmt::format("`{}`", name), "has")
          .with_help(fmt::format("give it in each test: with {} = ...", name));
    return error_expr(param.name.span);
  }
  return ExprChecker(session, Env()).check_as(*param.default_value, type, fmt::format("`{}`", param.name.text));
}

void check_params(Session& session, const ast::Program& program) {
  std::vector<std::string> names;
  std::vector<std::string> missing;
  std::string example;
  Span first;
  const auto note = [&](const ast::Program& file, const std::string& prefix) {
    for (const auto& item : file.items) {
      const auto* param = std::get_if<ast::ParamItem>(&item.node);
      if (param == nullptr) continue;
      names.push_back(prefix + param->name.text);
      if (param->default_value != nullptr || session.options.params.contains(names.back())) continue;
      if (missing.empty()) first = param->name.span;
      missing.push_back(fmt::format("`{}`", names.back()));
      example += fmt::format(" --param {}=...", names.back());
    }
  };
  note(program, "");
  for (const auto& module : session.modules) note(module.program, module.name + ".");
  if (missing.size() == 1)
    session.report(diag::E0707, first, "", missing.front(), "has").with_help("give it:" + example);
  if (missing.size() > 1)
    session.report(diag::E0707, first, "s", list_names(missing), "have").with_help("give them:" + example);
  for (const auto& [name, text] : session.options.params) {
    if (std::ranges::find(names, name) != names.end()) continue;
    auto& report = session.report(diag::E0709, Span(), name, did_you_mean(name, names));
    if (const auto module = module_of_param(session, name))
      report.with_help(fmt::format("it is one of the module `{0}`, which is not used here: use {0}.{{...}}", *module));
    else if (names.empty())
      report.with_help("this program has no parameters");
    else
      report.with_help("its parameters: " + list_names(names));
  }
}

}  // namespace sluice
