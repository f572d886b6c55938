#include "lang/check/definitions.h"

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

Definition* Definitions::add(Definition definition) {
  auto& names = definition.is_standard ? standard_ : own_;
  const auto taken = names.find(definition.name.text);
  if (taken != names.end() && !definition.is_standard) return nullptr;
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

Definition* Definitions::find(const std::string& name) {
  const auto it = own_.find(name);
  return it != own_.end() ? it->second : find_standard(name);
}

Definition* Definitions::find_standard(const std::string& name) {
  const auto it = standard_.find(name);
  return it == standard_.end() ? nullptr : it->second;
}

}  // namespace sluice
