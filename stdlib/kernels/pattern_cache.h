// PatternCache: the compiled regular expressions of one thread. Nearly always a program has one constant pattern per
// call, so a pattern is compiled once per thread and found again by comparing its text.
#pragma once

#include <re2/re2.h>

#include <memory>
#include <string_view>
#include <unordered_map>

#include "runtime/abi/kernel_abi.h"
#include "stdlib/regex.h"

namespace sluice::abi {

class PatternCache {
 public:
  // Null when the pattern is not valid, which has been raised.
  static const re2::RE2* find(TaskContext* context, const char* pattern, uint64_t size) {
    thread_local PatternCache cache;
    const re2::RE2& regex = cache.get(std::string_view(pattern, size));
    if (regex.ok()) return &regex;
    raise_text(context, "the regular expression `" + regex.pattern() + "` is not valid: " + regex.error());
    return nullptr;
  }

 private:
  const re2::RE2& get(std::string_view pattern) {
    if (last_ != nullptr && last_->pattern() == pattern) return *last_;
    if (const auto it = patterns_.find(pattern); it != patterns_.end()) {
      last_ = it->second.get();
      return *last_;
    }
    if (patterns_.size() >= kMaxPatterns) patterns_.clear();  // a program that computes its patterns
    auto made = compile_regex(pattern);
    last_ = made.get();
    const std::string_view key(made->pattern());  // lives as long as the entry
    patterns_.emplace(key, std::move(made));
    return *last_;
  }

  static constexpr size_t kMaxPatterns = 64;
  std::unordered_map<std::string_view, std::unique_ptr<re2::RE2>> patterns_;
  const re2::RE2* last_ = nullptr;
};

}  // namespace sluice::abi
