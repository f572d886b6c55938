// Types as a program writes them, resolved: names of scalars, `type` items, `source.Row`, lists and records.
#pragma once

#include <map>
#include <string>

#include "lang/check/session.h"

namespace sluice {

// Type variables of a definition (`T`) and what the arguments of one call made of them.
using TypeVariables = std::map<std::string, Type>;

// Reports what is not a type, or not one this version compiles; Error then. With `variables`, names like `T` that are
// no types are looked up there (and are Error, unreported, when they have no value yet).
[[nodiscard]] Type resolve_type(Session& session, const ast::TypeExpr& type, const TypeVariables* variables = nullptr);

// Is `type` a type variable: a name of one capital letter that nothing declares?
[[nodiscard]] const std::string* type_variable(Session& session, const ast::TypeExpr& type);

// The row of a `source x: T`, `stream T`: a record type's fields. Reports when it is not a record.
[[nodiscard]] std::optional<Schema> resolve_row(Session& session, const ast::TypeExpr& type);

}  // namespace sluice
