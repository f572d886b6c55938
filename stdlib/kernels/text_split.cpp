// split and regex_split.
#include <re2/re2.h>

#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "runtime/abi/kernel_abi.h"
#include "stdlib/kernels/kernels.h"
#include "stdlib/kernels/string_list.h"
#include "stdlib/kernels/utf8.h"

namespace sluice::abi {
namespace {

// Compiled patterns of one thread: nearly always a program has one constant pattern per call.
class PatternCache {
 public:
  const re2::RE2& get(std::string_view pattern) {
    if (last_ != nullptr && last_->pattern() == pattern) return *last_;
    if (const auto it = patterns_.find(pattern); it != patterns_.end()) {
      last_ = it->second.get();
      return *last_;
    }
    if (patterns_.size() >= kMaxPatterns) patterns_.clear();  // a program that computes its patterns
    re2::RE2::Options options;
    options.set_log_errors(false);
    auto made = std::make_unique<re2::RE2>(re2::StringPiece(pattern.data(), pattern.size()), options);
    last_ = made.get();
    const std::string_view key(made->pattern());  // lives as long as the entry
    patterns_.emplace(key, std::move(made));
    return *last_;
  }

 private:
  static constexpr size_t kMaxPatterns = 64;
  std::unordered_map<std::string_view, std::unique_ptr<re2::RE2>> patterns_;
  const re2::RE2* last_ = nullptr;
};

void split_characters(StringList& pieces, const char* text, const char* end) {
  while (text < end) {
    const char* next = text + 1;
    while (next < end && continues_utf8(*next)) ++next;
    pieces.add(text, static_cast<uint64_t>(next - text));
    text = next;
  }
}

}  // namespace

extern "C" {

void flow_split(TaskContext* context, ListRef* result, const char* text, uint64_t size, const char* separator,
                uint64_t separator_size) noexcept {
  const char* end = text + size;
  StringList pieces(context, separator_size == 0 ? size : size / 16 + 8);
  if (separator_size == 0) {
    split_characters(pieces, text, end);
    *result = pieces.list();
    return;
  }
  for (;;) {
    const auto left = static_cast<uint64_t>(end - text);
    const void* found = left < separator_size ? nullptr
                        : separator_size == 1 ? std::memchr(text, *separator, left)
                                              : memmem(text, left, separator, separator_size);
    if (found == nullptr) break;
    const char* at = static_cast<const char*>(found);
    pieces.add(text, static_cast<uint64_t>(at - text));
    text = at + separator_size;
  }
  pieces.add(text, static_cast<uint64_t>(end - text));
  *result = pieces.list();
}

void flow_regex_split(TaskContext* context, ListRef* result, const char* text, uint64_t size, const char* pattern,
                      uint64_t pattern_size) noexcept {
  thread_local PatternCache cache;
  const re2::RE2& regex = cache.get(std::string_view(pattern, pattern_size));
  *result = {nullptr, 0};
  if (!regex.ok()) {
    raise_text(context, "the regular expression `" + regex.pattern() + "` is not valid: " + regex.error());
    return;
  }
  const re2::StringPiece whole(text, size);
  StringList pieces(context, size / 16 + 8);
  size_t piece = 0;   // where the current piece begins
  size_t search = 0;  // where to look for the next match
  re2::StringPiece match;
  while (search < size && regex.Match(whole, search, size, re2::RE2::UNANCHORED, &match, 1)) {
    const auto begin = static_cast<size_t>(match.data() - text);
    if (match.empty()) {  // separates nothing; look on behind the next character
      search = begin + 1;
      while (search < size && continues_utf8(text[search])) ++search;
      continue;
    }
    pieces.add(text + piece, begin - piece);
    piece = search = begin + match.size();
  }
  pieces.add(text + piece, size - piece);
  *result = pieces.list();
}

int64_t flow_len(TaskContext*, const void*, uint64_t count) noexcept { return static_cast<int64_t>(count); }

}  // extern "C"

}  // namespace sluice::abi
