// operator_words: what the words after `|>` mean to scanner and parser, from the tables in lang/operators.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lang/source/diagnostics.h"
#include "lang/syntax/ast.h"

namespace sluice {

// See operators.def.
enum class OperatorShape : uint8_t {
  Condition,
  Columns,
  Names,
  Binding,
  Clauses,
  Value,
  Input,
  Inputs,
  Pattern,
  Process,
  Block
};

// Nothing when there is no operator of that name.
[[nodiscard]] std::optional<OperatorShape> operator_shape(std::string_view name);
[[nodiscard]] bool is_join_kind(std::string_view name);
// Every operator's name and the join kinds, in table order.
[[nodiscard]] const std::vector<std::string>& operator_names();
// What Flow writes for a verb of another language ("filter" is "where"), any case; nothing when it is not known.
[[nodiscard]] std::optional<std::string_view> operator_alias(std::string_view word);

// Reports E0104 for the word behind a `|>`: what Flow calls it, or which operator or function of the program (their
// names in `functions`) it is close to.
void report_unknown_operator(const ast::Name& word, const std::vector<std::string>& functions,
                             Diagnostics& diagnostics);

}  // namespace sluice
