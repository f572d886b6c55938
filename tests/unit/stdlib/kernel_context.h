// A task context with a scratch arena, for calling kernels as generated code does.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/abi/layout.h"
#include "runtime/task/scratch.h"

namespace sluice::testing {

struct KernelContext : abi::TaskContext {
  KernelContext() : abi::TaskContext{}, arena(*this) {}
  Scratch arena;
};

inline std::string text_of(const abi::StringRef& text) {
  return text.size == 0 ? std::string() : std::string(text.data, text.size);
}

inline std::vector<std::string> texts_of(const abi::ListRef& list) {
  std::vector<std::string> texts;
  const auto* items = static_cast<const abi::StringRef*>(list.data);
  for (uint64_t i = 0; i < list.count; ++i) texts.push_back(text_of(items[i]));
  return texts;
}

}  // namespace sluice::testing
