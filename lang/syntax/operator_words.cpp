#include "lang/syntax/operator_words.h"

#include <algorithm>
#include <array>
#include <utility>

namespace sluice {

namespace {

constexpr auto kOperators = std::to_array<std::pair<std::string_view, OperatorShape>>({
#define OPERATOR(name, shape, ...) {#name, OperatorShape::shape},
#include "lang/operators/operators.def"
#undef OPERATOR
});

constexpr auto kJoinKinds = std::to_array<std::string_view>({
#define JOIN_KIND(name) #name,
#include "lang/operators/join_kinds.def"
#undef JOIN_KIND
});

constexpr auto kAliases = std::to_array<std::pair<std::string_view, std::string_view>>({
#define OPERATOR_ALIAS(word, flow) {word, flow},
#include "lang/operators/operator_aliases.def"
#undef OPERATOR_ALIAS
});

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool equals_any_case(std::string_view a, std::string_view b) { return std::ranges::equal(a, b, {}, lower, lower); }

}  // namespace

std::optional<OperatorShape> operator_shape(std::string_view name) {
  for (const auto& [word, shape] : kOperators)
    if (word == name) return shape;
  return std::nullopt;
}

bool is_join_kind(std::string_view name) { return std::ranges::find(kJoinKinds, name) != kJoinKinds.end(); }

const std::vector<std::string>& operator_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const auto& [word, shape] : kOperators) all.emplace_back(word);
    for (const std::string_view kind : kJoinKinds) all.emplace_back(kind);
    return all;
  }();
  return names;
}

std::optional<std::string_view> operator_alias(std::string_view word) {
  for (const auto& [other, flow] : kAliases)
    if (equals_any_case(other, word)) return flow;
  // `|> SELECT`: the right verb in SQL's capitals.
  for (const auto& [name, shape] : kOperators)
    if (name != word && equals_any_case(name, word)) return name;
  return std::nullopt;
}

void report_unknown_operator(const ast::Name& word, const std::vector<std::string>& functions,
                             Diagnostics& diagnostics) {
  Diagnostic& diagnostic = diagnostics.report(diag::E0104, word.span, word.text);
  if (word.text == "emit") {
    diagnostic.with_label("it belongs to the step in front: leave `|>` out");
    return;
  }
  if (const auto flow = operator_alias(word.text)) {
    diagnostic.with_label(fmt::format("Flow calls this `{}`", *flow));
    if (operator_shape(*flow)) diagnostic.with_edit({word.span, std::string(*flow), false});
    return;
  }
  std::vector<std::string> names = operator_names();
  names.insert(names.end(), functions.begin(), functions.end());
  if (const auto close = closest_name(word.text, names)) {
    diagnostic.with_label(fmt::format("did you mean `{}`?", *close)).with_edit({word.span, *close, false});
    return;
  }
  diagnostic.with_label("a function of yours takes its arguments in parentheses")
      .with_help("`sluice help operators` lists the operators");
}

}  // namespace sluice
