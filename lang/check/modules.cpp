#include "lang/check/modules.h"

#include <algorithm>

#include "lang/check/items.h"
#include "lang/operators/operator_util.h"
#include "lang/support/invariant.h"
#include "lang/syntax/parse.h"

namespace sluice {

namespace {

bool is_private(const std::string& name) { return name.starts_with('_'); }

// Parses a module of stdlib and declares its items in the current scope. A mistake in one is ours.
void add_module(Session& session, const FlowModule& module, const std::string& name) {
  Diagnostics diagnostics;
  const uint32_t file = session.sources.add("std/" + module.name + ".flow", module.text);
  session.modules.push_back({name, parse(session.sources, file, diagnostics)});
  SLUICE_INVARIANT(!diagnostics.has_errors(), render(diagnostics.sorted().front(), session.sources, false));
  declare_items(session, session.modules.back().program, true);
}

std::vector<std::string> importable_modules(const Session& session) {
  std::vector<std::string> names;
  for (const auto& module : session.functions.modules())
    if (!module.is_prelude) names.push_back(module.name);
  return names;
}

// The scope of a module, which is read when it is first used. Nothing when there is none of this name.
std::optional<size_t> open_module(Session& session, const std::string& name) {
  if (const auto scope = session.definitions.scope_of(name)) return scope;
  for (const auto& module : session.functions.modules()) {
    if (module.is_prelude || module.name != name) continue;
    const size_t outer = session.definitions.current();
    const size_t scope = session.definitions.add_scope(name);
    session.definitions.enter(scope);
    add_module(session, module, name);
    session.definitions.enter(outer);
    return scope;
  }
  return std::nullopt;
}

std::vector<std::string> public_names(Session& session, size_t module) {
  const size_t outer = session.definitions.current();
  session.definitions.enter(module);
  std::vector<std::string> names;
  for (const auto* definition : session.definitions.visible())
    if (definition->scope == module && !is_private(definition->name.text)) names.push_back(definition->name.text);
  session.definitions.enter(outer);
  return names;
}

}  // namespace

void add_prelude(Session& session) {
  for (const auto& module : session.functions.modules())
    if (module.is_prelude) add_module(session, module, "");
}

Definition* find_in_module(Session& session, size_t module, const ast::Name& name) {
  Definition* found = session.definitions.find_own(module, name.text);
  if (found != nullptr && !is_private(name.text)) return found;
  const auto names = public_names(session, module);
  session
      .report(diag::E0217, name.span, session.definitions.module_of(module), name.text, did_you_mean(name.text, names))
      .with_label(found != nullptr ? "names that begin with `_` are for the module itself"
                                   : "it has: " + list_names(names));
  return nullptr;
}

void use_module(Session& session, const ast::UseItem& use, const Span&) {
  const std::string name = text_of(session.sources, use.path.span);
  const auto module = open_module(session, name);
  if (!module) {
    const auto names = importable_modules(session);
    auto& report = session.report(diag::E0216, use.path.span, name, did_you_mean(name, names));
    report.with_label("there are: " + list_names(names));
    const auto& parts = use.path.parts;
    if (parts.size() == 2 && std::ranges::find(names, parts[0].text) != names.end())
      report.with_help(fmt::format("write: use {}.{{{}}}", parts[0].text, parts[1].text));
    return;
  }
  const size_t scope = session.definitions.current();
  if (!use.has_names) session.definitions.import(scope, *module);
  for (const auto& each : use.names) {
    Definition* definition = find_in_module(session, *module, each);
    if (definition == nullptr || session.definitions.import(scope, *definition)) continue;
    const auto* first = session.definitions.find(each.text);
    session.report(diag::E0206, each.span, each.text)
        .with_label(fmt::format("the first is at {}", location_text(first->name.span, session.sources)));
  }
}

std::string qualified_name(const Session& session, const std::string& name) {
  const std::string& module = session.definitions.module_of(session.definitions.current());
  return module.empty() ? name : module + "." + name;
}

std::optional<std::string> module_of_param(const Session& session, const std::string& name) {
  const std::string module = name.substr(0, name.find('.'));
  const auto names = importable_modules(session);
  const bool is_module = module != name && std::ranges::find(names, module) != names.end();
  if (!is_module || session.definitions.scope_of(module)) return std::nullopt;
  return module;
}

}  // namespace sluice
