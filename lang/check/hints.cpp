#include <algorithm>

#include "lang/check/connectors.h"
#include "lang/check/pipelines.h"
#include "lang/operators/operator_util.h"

namespace sluice {

namespace {

struct HintRow {
  std::string_view name;
  bool has_effect;
  std::string_view takes;
};
constexpr HintRow kHints[] = {
#define HINT(name, has_effect, takes) {#name, has_effect, takes},
#include "lang/check/hints.def"
#undef HINT
};

std::optional<LiteralValue> only_argument(Session& session, const ast::Hint& hint) {
  if (hint.args.size() != 1 || hint.args.front().name) return std::nullopt;
  const Expr value = ExprChecker(session, Env()).check(*hint.args.front().value);
  return constant_value(value);
}

// The only argument, where it is one of two words: is it the first?
std::optional<bool> is_first_word(const ast::Hint& hint, std::string_view first, std::string_view second) {
  if (hint.args.size() != 1 || hint.args.front().name) return std::nullopt;
  const auto* word = std::get_if<ast::NameExpr>(&hint.args.front().value->node);
  if (word == nullptr || (word->name.text != first && word->name.text != second)) return std::nullopt;
  return word->name.text == first;
}

// @skew, or @skew(split = 8): how many parts a key is split into does not matter yet.
bool takes_split(Session& session, const ast::Hint& hint) {
  if (!hint.has_args) return true;
  if (hint.args.size() != 1 || !hint.args.front().name || hint.args.front().name->text != "split") return false;
  const auto value = constant_value(ExprChecker(session, Env()).check(*hint.args.front().value));
  const auto* parts = value ? std::get_if<int64_t>(&*value) : nullptr;
  return parts != nullptr && *parts > 0;
}

bool has_groups(const Node& node) { return node.kind() == NodeKind::Aggregate || node.kind() == NodeKind::Top; }

void apply_hint(Session& session, const ast::Hint& hint, const HintRow& row, Node& node, std::string& name) {
  auto report = [&] {
    session.report(diag::E0124, hint.span, hint.name.text).with_label(fmt::format("it takes {}", row.takes));
  };
  if (hint.name.text == "parallel") {
    const auto value = only_argument(session, hint);
    const auto* tasks = value ? std::get_if<int64_t>(&*value) : nullptr;
    if (tasks == nullptr || *tasks < 1 || *tasks > kMostTasks) return report();
    node.parallelism = static_cast<uint32_t>(*tasks);
  } else if (hint.name.text == "name") {
    const auto value = only_argument(session, hint);
    const auto* text = value ? std::get_if<std::string>(&*value) : nullptr;
    if (text == nullptr || text->empty()) return report();
    name = *text;
  } else if (hint.name.text == "combine") {
    const auto on = is_first_word(hint, "on", "off");
    if (!on) return report();
    if (has_groups(node)) node.combine = on;
  } else if (hint.name.text == "skew") {
    // Each task making what it can of its own rows is what spreads a key that has most of them.
    if (!takes_split(session, hint)) return report();
    if (hint.has_args) session.report(diag::W0902, hint.span, "skew(split)");
    if (has_groups(node)) node.combine = true;
  } else if (hint.name.text == "state") {
    const auto in_memory = is_first_word(hint, "memory", "rocksdb");
    if (!in_memory) return report();
    if (!*in_memory) session.report(diag::W0902, hint.span, "state(rocksdb)");
  } else if (hint.name.text == "cut") {
    if (hint.has_args) return report();
    node.is_cut = true;
  } else if (hint.name.text == "broadcast") {
    if (hint.has_args) return report();
    node.is_broadcast = node.kind() == NodeKind::Join;
  }
  if (!row.has_effect) session.report(diag::W0902, hint.span, hint.name.text);
}

}  // namespace

void apply_hints(Session& session, const std::vector<ast::Hint>& hints, Node& node, std::string& name) {
  for (auto at = hints.begin(); at != hints.end(); ++at) {
    const ast::Hint& hint = *at;
    const auto is_same = [&](const ast::Hint& earlier) { return earlier.name.text == hint.name.text; };
    if (std::find_if(hints.begin(), at, is_same) != at) {
      session.report(diag::E0122, hint.span, "@" + hint.name.text).with_label("keep one of them");
      continue;
    }
    const auto* const row = std::ranges::find(kHints, hint.name.text, &HintRow::name);
    if (row != std::end(kHints)) {
      apply_hint(session, hint, *row, node, name);
      continue;
    }
    std::vector<std::string> names;
    for (const auto& each : kHints) names.emplace_back(each.name);
    session.report(diag::E0123, hint.span, hint.name.text, did_you_mean(hint.name.text, names))
        .with_label("there are: " + list_names(names));
  }
}

}  // namespace sluice
