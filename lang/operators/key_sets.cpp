#include "lang/operators/key_sets.h"

#include <algorithm>

#include "lang/operators/narrowing.h"
#include "lang/operators/windows.h"

namespace sluice {

namespace {

// Each set is an aggregate of its own.
constexpr size_t kMostSets = 64;

using Set = std::vector<bool>;

// rollup(...), cube(...) or sets(...) among the keys.
const ast::Call* as_sets(const ast::Expr& expr) {
  const auto* call = std::get_if<ast::Call>(&expr.node);
  const auto* callee = call == nullptr ? nullptr : std::get_if<ast::NameExpr>(&call->callee->node);
  if (callee == nullptr) return nullptr;
  const std::string& name = callee->name.text;
  return name == "rollup" || name == "cube" || name == "sets" ? call : nullptr;
}

Set both(Set a, const Set& b) {
  a.resize(std::max(a.size(), b.size()));
  for (size_t i = 0; i < b.size(); ++i) a[i] = a[i] || b[i];
  return a;
}

class KeySetsChecker {
 public:
  KeySetsChecker(OperatorContext& context, const Flow& input) : context_(context), input_(input) {}

  std::optional<KeySets> check(const std::vector<ast::KeyItem>& items) {
    keys_.sets = {Set()};
    for (const auto& item : items) {
      const ast::Call* call = as_sets(*item.expr);
      cross(call == nullptr ? std::vector<Set>{set_of_key(item)} : sets_of(item, *call));
      if (keys_.sets.size() <= kMostSets) continue;
      context_.diagnostics().report(diag::E0304, item.expr->span, "`per`",
                                    fmt::format("at most {} sets of keys", kMostSets), "more");
      return std::nullopt;
    }
    for (auto& set : keys_.sets) set.resize(keys_.keys.size());
    if (is_ok_) check_never_null();
    if (!is_ok_) return std::nullopt;
    return std::move(keys_);
  }

 private:
  // Every set so far together with every one of these.
  void cross(const std::vector<Set>& more) {
    std::vector<Set> crossed;
    for (const auto& set : keys_.sets)
      for (const auto& other : more) {
        Set united = both(set, other);
        united.resize(keys_.keys.size());
        // A set counts once: twice the same rows would tell nothing.
        if (std::ranges::find(crossed, united) == crossed.end()) crossed.push_back(std::move(united));
        if (crossed.size() > 2 * kMostSets) break;
      }
    keys_.sets = std::move(crossed);
  }

  Set set_of_key(const ast::KeyItem& item) {
    const auto checked = check_keys(context_, input_, {item});
    is_ok_ = is_ok_ && checked;
    if (!checked) return {};
    const NamedExpr& key = checked->front();
    auto place = static_cast<size_t>(std::ranges::find(keys_.keys, key.name, &NamedExpr::name) - keys_.keys.begin());
    if (place == keys_.keys.size()) {
      keys_.keys.push_back(key);
    } else if (keys_.keys[place].expr != key.expr || !in_sets_) {
      context_.diagnostics()
          .report(diag::E0208, item.expr->span, key.name)
          .with_label(fmt::format("give it another name: `{}_2 = ...`", key.name));
      is_ok_ = false;
    }
    Set set(place + 1);
    set[place] = true;
    return set;
  }

  // `a` or `{a, b}` among the arguments.
  Set set_of_argument(const ast::Arg& arg) {
    const auto* record = std::get_if<ast::Record>(&arg.value->node);
    if (record == nullptr && !std::holds_alternative<ast::List>(arg.value->node))
      return set_of_key({arg.name, arg.value});
    const bool has_spread = record == nullptr || std::ranges::any_of(record->items, &ast::RecordItem::is_spread);
    if (has_spread || arg.name) {
      context_.diagnostics()
          .report(diag::E0523, arg.span, text_of(context_.sources(), arg.span))
          .with_label("name its keys: {a, b}");
      is_ok_ = false;
      return {};
    }
    Set set;
    for (const auto& item : record->items) set = both(std::move(set), set_of_key({item.name, item.value}));
    return set;
  }

  std::vector<Set> sets_of(const ast::KeyItem& item, const ast::Call& call) {
    const std::string& name = std::get<ast::NameExpr>(call.callee->node).name.text;
    if (item.name) {
      context_.diagnostics()
          .report(diag::E0523, item.name->span, item.name->text)
          .with_label(fmt::format("its keys have names: {}({} = ...)", name, item.name->text));
      is_ok_ = false;
    }
    if (call.args.empty()) {
      context_.diagnostics()
          .report(diag::E0503, item.expr->span, name, "one or more keys", "none are")
          .with_label(fmt::format("for example {}(country, town)", name));
      is_ok_ = false;
    }
    in_sets_ = name == "sets";  // where one key may stand in several of them
    std::vector<Set> parts;
    for (const auto& arg : call.args) parts.push_back(set_of_argument(arg));
    in_sets_ = false;
    if (name == "rollup") return rollup(parts);
    return name == "cube" ? cube(parts) : parts;
  }

  // All of them, all but the last, ..., none.
  static std::vector<Set> rollup(const std::vector<Set>& parts) {
    std::vector<Set> sets{Set()};
    for (const auto& part : parts) sets.push_back(both(sets.back(), part));
    std::ranges::reverse(sets);
    return sets;
  }

  // Each with and without each; the larger sets first.
  static std::vector<Set> cube(const std::vector<Set>& parts) {
    std::vector<Set> sets{Set()};
    for (auto part = parts.rbegin(); part != parts.rend() && sets.size() <= kMostSets; ++part) {
      std::vector<Set> with = sets;
      for (auto& set : with) set = both(std::move(set), *part);
      with.insert(with.end(), sets.begin(), sets.end());
      sets = std::move(with);
    }
    return sets;
  }

  // Null in the place of a key says that the row is of all its values, so it must say nothing else.
  void check_never_null() {
    for (size_t i = 0; i < keys_.keys.size(); ++i) {
      const NamedExpr& key = keys_.keys[i];
      if (keys_.is_everywhere(i)) continue;
      if (key.expr.type.is_window) {
        context_.diagnostics().report(diag::E0901, key.expr.span, "a set of keys without the window");
        is_ok_ = false;
      } else if (key.expr.type.nullable) {
        const std::string text = text_of(context_.sources(), key.expr.span);
        context_.diagnostics()
            .report(diag::E0321, key.expr.span, key.name)
            .with_help(fmt::format("drop such rows first: |> where {} is not null;  or choose a value: {} = {} ?? ...",
                                   text, key.name, text));
        is_ok_ = false;
      }
    }
  }

  OperatorContext& context_;
  const Flow& input_;
  KeySets keys_;
  bool in_sets_ = false;
  bool is_ok_ = true;
};

}  // namespace

bool KeySets::has_empty() const {
  return std::ranges::any_of(sets, [](const Set& set) { return std::ranges::find(set, true) == set.end(); });
}

bool KeySets::is_everywhere(size_t key) const {
  return std::ranges::all_of(sets, [&](const Set& set) { return set[key]; });
}

std::vector<NamedExpr> KeySets::keys_of(const Set& set) const {
  std::vector<NamedExpr> chosen;
  for (size_t i = 0; i < keys.size(); ++i)
    if (set[i]) chosen.push_back(keys[i]);
  return chosen;
}

void KeySets::add_to_all(NamedExpr key) {
  keys.push_back(std::move(key));
  for (auto& set : sets) set.push_back(true);
}

std::optional<KeySets> check_key_sets(OperatorContext& context, const Flow& input, const ast::Clause* per) {
  return KeySetsChecker(context, input).check(per == nullptr ? std::vector<ast::KeyItem>() : per->keys);
}

Flow with_missing_keys(const KeySets& keys, Flow flow) {
  for (size_t i = 0; i < keys.keys.size(); ++i) {
    if (keys.is_everywhere(i)) continue;
    const std::string& name = keys.keys[i].name;
    for (auto& field : flow.schema.fields)
      if (field.name == name) field.type.nullable = true;
    std::erase_if(flow.present, [&](const std::string& place) { return is_below_column(place, name); });
  }
  return flow;
}

Flow add_key_sets(OperatorContext& context, const ast::Step& step, const AggregateNode& node, const KeySets& keys,
                  const std::vector<Flow>& inputs, Flow grouped) {
  std::vector<NodeId> parts;
  for (size_t i = 0; i < keys.sets.size(); ++i) {
    if (inputs[i].is_broken) return Flow::broken();
    AggregateNode of_set = node;
    of_set.keys = keys.keys_of(keys.sets[i]);
    Flow part = grouped;
    part.schema.fields.clear();
    part.rows.key.clear();
    for (const auto& key : of_set.keys) {
      part.schema.fields.push_back({key.name, key.expr.type});
      part.rows.key.push_back(key.name);
    }
    for (const auto& call : of_set.calls) part.schema.fields.push_back({call.name, call.finish.type});
    part = context.add(step, std::move(of_set), {inputs[i].node}, std::move(part));
    std::vector<NamedExpr> columns;
    for (const auto& field : grouped.schema.fields) {
      const Field* own = part.schema.find(field.name);
      if (own == nullptr) {
        columns.push_back({field.name, Expr::null_literal(field.type, step.span)});
        continue;
      }
      Expr value = Expr::column(own->name, own->type, step.span);
      columns.push_back({field.name, context.convert(value, field.type).value_or(value)});
    }
    parts.push_back(context.add(added_at(step), ProjectNode{std::move(columns)}, {part.node}, grouped).node);
  }
  return context.add(step, UnionNode{}, std::move(parts), std::move(grouped));
}

}  // namespace sluice
