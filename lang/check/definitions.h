// Definitions: what the items of a program and of modules have declared, by name. Each is checked when it is first
// used, or at the end when nothing uses it. Every file is a scope of its own: what stands in a module means the
// module's names, whoever uses it.
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
  size_t scope = 0;          // of the file it stands in
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
  static constexpr size_t kPrelude = 0;  // the scope of what every file knows: count, sum, ...
  static constexpr size_t kProgram = 1;

  // A new scope. `module` is its name, empty for the program.
  size_t add_scope(std::string module);
  [[nodiscard]] const std::string& module_of(size_t scope) const { return scopes_[scope].module; }
  [[nodiscard]] std::optional<size_t> scope_of(const std::string& module) const;

  // Enters it in its scope, definition.scope. Null when the name is taken there. Definitions of one name in the prelude
  // are overloads: they differ in the types of their parameters only.
  Definition* add(Definition definition);
  // Makes a definition of another scope known in this one by its name; false when that is taken by something else.
  bool import(size_t scope, Definition& definition);
  // Makes `module.name` mean something in this scope.
  void import(size_t scope, size_t module) { scopes_[scope].modules.push_back(module); }

  // What the name means in the scope that is being checked; its own and imported names come before the prelude's.
  [[nodiscard]] Definition* find(const std::string& name) { return find_in(current_, name, true); }
  [[nodiscard]] Definition* find_standard(const std::string& name) { return find_in(kPrelude, name, false); }
  // What the file itself declares.
  [[nodiscard]] Definition* find_own(size_t scope, const std::string& name);
  // The scope of a module that the current one imports whole.
  [[nodiscard]] std::optional<size_t> find_module(const std::string& name) const;
  // Everything the current scope can name.
  [[nodiscard]] std::vector<const Definition*> visible() const;

  [[nodiscard]] size_t current() const { return current_; }
  void enter(size_t scope) { current_ = scope; }

  // Names of the definitions that hold a T and satisfy nothing else.
  template <class T>
  [[nodiscard]] std::vector<std::string> names_of() const {
    std::vector<std::string> names;
    for (const auto* definition : visible())
      if (definition->as<T>() != nullptr) names.push_back(definition->name.text);
    return names;
  }

 private:
  struct Scope {
    std::string module;
    std::map<std::string, Definition*> names;  // its own and imported ones
    std::vector<size_t> modules;               // imported whole
  };
  [[nodiscard]] Definition* find_in(size_t scope, const std::string& name, bool with_prelude);

  std::deque<Definition> all_;
  std::deque<Scope> scopes_{Scope{}};  // the prelude is always there
  size_t current_ = kPrelude;
};

// The name an item declares; nothing for items without one.
[[nodiscard]] const ast::Name* name_of(const ast::Item& item);

}  // namespace sluice
