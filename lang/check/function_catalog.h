// FunctionCatalog: the functions a Flow program can call, as the checker sees them. stdlib fills it from
// stdlib/functions.def (kernels) and stdlib/modules/*.flow (functions and aggregates written in Flow).
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lang/graph/expr.h"
#include "lang/types/type.h"

namespace sluice {

struct FunctionParam {
  std::string name;
  Type type;
};

// The values of the arguments of a call, by parameter, as far as they are known before the program runs.
using ConstantArgs = std::vector<std::optional<LiteralValue>>;

// What is wrong with the argument at `position`.
struct ArgumentFault {
  size_t position = 0;
  std::string problem;
  std::string label;  // what to do about it
};

// One row of functions.def. Strict: a null argument makes the result null and the kernel is not asked.
struct FunctionOverload {
  std::string name;
  std::vector<FunctionParam> params;
  Type result;
  std::string symbol;  // of the kernel; its C signature follows from the types (runtime/abi/kernel_abi.h)
  bool can_fail = false;
  std::string doc;      // one sentence
  std::string example;  // `lower("ABC") == "abc"`, run as a test
  // Finds arguments that the kernel would refuse; may be empty.
  std::function<std::optional<ArgumentFault>(const FunctionOverload&, const ConstantArgs&)> check_args = {};
};

// Source text in Flow that is part of the program.
struct FlowModule {
  std::string name;  // "aggregates"
  std::string text;
  bool is_prelude = true;  // known everywhere without `use`
};

class FunctionCatalog {
 public:
  void add(FunctionOverload overload) { overloads_.push_back(std::move(overload)); }
  void add_module(FlowModule module) { modules_.push_back(std::move(module)); }

  [[nodiscard]] std::vector<const FunctionOverload*> find(std::string_view name) const;
  [[nodiscard]] std::vector<std::string> names() const;
  [[nodiscard]] const std::deque<FunctionOverload>& overloads() const { return overloads_; }
  [[nodiscard]] const std::deque<FlowModule>& modules() const { return modules_; }

 private:
  std::deque<FunctionOverload> overloads_;
  std::deque<FlowModule> modules_;
};

}  // namespace sluice
