#include "lang/check/definitions.h"

#include <algorithm>

namespace sluice {

namespace {

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};

}  // namespace

std::string_view kind_of(const Definition& definition) {
  return std::visit(
      Overloaded{[](const ast::UseItem&) { return std::string_view("a module"); },
                 [](const ast::ParamItem&) { return std::string_view("a parameter"); },
                 [](const ast::ConfigItem&) { return std::string_view("a configuration"); },
                 [](const ast::TypeItem&) { return std::string_view("a type"); },
                 [](const ast::EnumItem&) { return std::string_view("an enum"); },
                 [](const ast::SourceItem& item) { return std::string_view(item.is_sink ? "a sink" : "a source"); },
                 [](const ast::LetItem& item) {
                   return std::string_view(item.pipeline != nullptr ? "a pipeline" : "a value");
                 },
                 [](const ast::FnItem& item) {
                   return std::string_view(item.pipeline != nullptr ? "a function over a pipeline" : "a function");
                 },
                 [](const ast::AggItem& item) {
                   return std::string_view(item.is_process ? "a process" : "an aggregate function");
                 },
                 [](const ast::TestItem&) { return std::string_view("a test"); },
                 [](const ast::PipelineItem&) { return std::string_view("a pipeline"); }},
      definition.item->node);
}

const ast::Name* name_of(const ast::Item& item) {
  return std::visit(
      [](const auto& node) -> const ast::Name* {
        if constexpr (requires { node.name; })
          return &node.name;
        else
          return nullptr;
      },
      item.node);
}

size_t Definitions::add_scope(std::string module) {
  scopes_.push_back({std::move(module), {}, {}});
  return scopes_.size() - 1;
}

std::optional<size_t> Definitions::scope_of(const std::string& module) const {
  const auto it = std::ranges::find(scopes_, module, &Scope::module);
  if (module.empty() || it == scopes_.end()) return std::nullopt;
  return static_cast<size_t>(it - scopes_.begin());
}

Definition* Definitions::add(Definition definition) {
  auto& names = scopes_[definition.scope].names;
  const auto taken = names.find(definition.name.text);
  if (taken != names.end() && definition.scope != kPrelude) return nullptr;
  all_.push_back(std::move(definition));
  Definition& added = all_.back();
  if (taken == names.end()) {
    names[added.name.text] = &added;
  } else {
    added.next_overload = taken->second->next_overload;
    taken->second->next_overload = &added;
  }
  return &added;
}

bool Definitions::import(size_t scope, Definition& definition) {
  const auto [it, is_new] = scopes_[scope].names.emplace(definition.name.text, &definition);
  return is_new || it->second == &definition;
}

Definition* Definitions::find_in(size_t scope, const std::string& name, bool with_prelude) {
  const auto it = scopes_[scope].names.find(name);
  if (it != scopes_[scope].names.end()) return it->second;
  return with_prelude && scope != kPrelude ? find_in(kPrelude, name, false) : nullptr;
}

Definition* Definitions::find_own(size_t scope, const std::string& name) {
  Definition* found = find_in(scope, name, false);
  return found != nullptr && found->scope == scope ? found : nullptr;
}

std::optional<size_t> Definitions::find_module(const std::string& name) const {
  for (const size_t module : scopes_[current_].modules)
    if (scopes_[module].module == name) return module;
  return std::nullopt;
}

std::vector<const Definition*> Definitions::visible() const {
  std::vector<const Definition*> result;
  const auto& names = scopes_[current_].names;
  for (const auto& definition : all_) {  // in the order of their declaration
    const auto it = names.find(definition.name.text);
    if (it == names.end() ? definition.scope == kPrelude : it->second == &definition) result.push_back(&definition);
  }
  return result;
}

}  // namespace sluice
