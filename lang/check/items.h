// Items: the declarations of a program, each checked when it is first needed.
#pragma once

#include "lang/check/session.h"

namespace sluice {

// Enters the items of a file in the scope that is current, and what its `use` items bring; reports names that are
// declared twice.
void declare_items(Session& session, const ast::Program& program, bool is_standard);

// The value of a `let` or `param`, null when the definition is neither or its value has an error. `use` is where it is
// needed.
[[nodiscard]] const Expr* value_of_item(Session& session, Definition& definition, const Span& use);
// The rows of a `let` pipeline or a `source`, null when the definition is neither.
[[nodiscard]] const Flow* flow_of_item(Session& session, Definition& definition, const Span& use);
// The type that a `type` item names.
[[nodiscard]] Type type_of_item(Session& session, Definition& definition, const Span& use);

// Checks every item in source order; what is needed earlier is checked earlier.
void check_items(Session& session, const ast::Program& program);

// The values of `param` items from the options; reports missing and unknown ones.
void check_params(Session& session, const ast::Program& program);
// The value of one param, from the options or its default.
[[nodiscard]] Expr param_value(Session& session, const Definition& definition);

}  // namespace sluice
