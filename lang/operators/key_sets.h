// Sets of keys: `per region, rollup(country, town)` groups rows by several sets of keys at once. A key that is missing
// from a set is null in the rows of that set.
#pragma once

#include <optional>
#include <vector>

#include "lang/operators/operator_util.h"

namespace sluice {

struct KeySets {
  std::vector<NamedExpr> keys;          // of all sets, in the order in which they are first named
  std::vector<std::vector<bool>> sets;  // for each set, is this key in it?

  // Just one set, with all keys?
  [[nodiscard]] bool is_one() const { return sets.size() == 1; }
  // Is there a set without any key?
  [[nodiscard]] bool has_empty() const;
  [[nodiscard]] bool is_everywhere(size_t key) const;
  [[nodiscard]] std::vector<NamedExpr> keys_of(const std::vector<bool>& set) const;
  // To every set.
  void add_to_all(NamedExpr key);
};

// Without `per` there is one set, which is empty. Nothing when it was reported.
[[nodiscard]] std::optional<KeySets> check_key_sets(OperatorContext& context, const Flow& input,
                                                    const ast::Clause* per);

// The flow of a step with these keys, whose types are those of one set: with null where a key is missing.
[[nodiscard]] Flow with_missing_keys(const KeySets& keys, Flow flow);

// One aggregate per set, each like `node` but for its keys, over the flow in `inputs` at its place; the rows of all of
// them, as `grouped` describes them.
[[nodiscard]] Flow add_key_sets(OperatorContext& context, const ast::Step& step, const AggregateNode& node,
                                const KeySets& keys, const std::vector<Flow>& inputs, Flow grouped);

}  // namespace sluice
