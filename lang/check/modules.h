// Modules: files whose items other files name with `use`. Those of the standard library are part of the program.
#pragma once

#include <optional>
#include <string>

#include "lang/check/session.h"

namespace sluice {

// What every file knows without `use`.
void add_prelude(Session& session);

// Makes the module's names, or the module itself, known in the current scope; reports unknown ones.
void use_module(Session& session, const ast::UseItem& use, const Span& span);

// The name as the command line and the graph know it: that of an item of a module has the module in front.
[[nodiscard]] std::string qualified_name(const Session& session, const std::string& name);

// The module that `module.name` belongs to, when there is such a module and the program does not use it.
[[nodiscard]] std::optional<std::string> module_of_param(const Session& session, const std::string& name);

// What `name` of the module is; null when it was reported.
[[nodiscard]] Definition* find_in_module(Session& session, size_t module, const ast::Name& name);

}  // namespace sluice
