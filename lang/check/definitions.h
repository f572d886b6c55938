// Definitions: what the items of a program (and of stdlib's Flow modules) have declared, by name. Each is checked when
// it is first used, or at the end when nothing uses it.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lang/graph/expr.h"
#include "lang/operators/flow.h"
#include "lang/syntax/ast.h"

namespace sluice {

enum class CheckState : uint8_t { Unchecked, Checking, Done };

struct Definition {
  ast::Name name;
  const ast::Item* item = nullptr;
  bool is_standard = false;  // of a stdlib module
  CheckState state = CheckState::Unchecked;
  bool is_recursive = false;            // reported as such
  std::optional<Expr> value;            // let with a value, param
  std::optional<Flow> flow;             // let with a pipeline, source
  std::optional<Type> type;             // type
  Definition* next_overload = nullptr;  // a standard `agg` of the same name for other types

  template <class T>
  [[nodiscard]] const T* as() const {
    return std::get_if<T>(&item->node);
  }
};

// "a source", "a function": what a definition is, for messages.
[[nodiscard]] std::string_view kind_of(const Definition& definition);

class Definitions {
 public:
  // Null when the name is taken by a definition of the same program; a program's own come before the standard ones.
  // Standard definitions of one name are overloads: they differ in the types of their parameters only.
  Definition* add(Definition definition);
  [[nodiscard]] Definition* find(const std::string& name);
  [[nodiscard]] Definition* find_standard(const std::string& name);
  [[nodiscard]] std::deque<Definition>& all() { return all_; }

  // Names of the definitions that hold a T and satisfy nothing else.
  template <class T>
  [[nodiscard]] std::vector<std::string> names_of() const {
    std::vector<std::string> names;
    for (const auto& definition : all_)
      if (definition.as<T>() != nullptr) names.push_back(definition.name.text);
    return names;
  }

 private:
  std::deque<Definition> all_;
  std::map<std::string, Definition*> own_;
  std::map<std::string, Definition*> standard_;
};

// The name an item declares; nothing for items without one.
[[nodiscard]] const ast::Name* name_of(const ast::Item& item);

}  // namespace sluice
