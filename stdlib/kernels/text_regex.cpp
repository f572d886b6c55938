// matches, regex_extract and regex_replace.
#include <re2/re2.h>

#include <cstring>
#include <string>

#include "runtime/abi/kernel_abi.h"
#include "stdlib/kernels/kernels.h"
#include "stdlib/kernels/pattern_cache.h"

namespace sluice::abi {
namespace {

constexpr int kMaxGroups = 32;

uint8_t extract(const re2::RE2& regex, StringRef* result, const char* text, uint64_t size, int group) {
  re2::StringPiece groups[kMaxGroups];
  if (!regex.Match(re2::StringPiece(text, size), 0, size, re2::RE2::UNANCHORED, groups, group + 1)) return 0;
  const re2::StringPiece& found = groups[group];
  if (found.data() == nullptr) return 0;  // a group that took no part in the match
  *result = {found.data(), found.size()};
  return 1;
}

}  // namespace

extern "C" {

uint8_t flow_matches(TaskContext* context, const char* text, uint64_t size, const char* pattern,
                     uint64_t pattern_size) noexcept {
  const re2::RE2* regex = PatternCache::find(context, pattern, pattern_size);
  if (regex == nullptr) return 0;
  return regex->Match(re2::StringPiece(text, size), 0, size, re2::RE2::UNANCHORED, nullptr, 0) ? 1 : 0;
}

uint8_t flow_regex_extract(TaskContext* context, StringRef* result, const char* text, uint64_t size,
                           const char* pattern, uint64_t pattern_size) noexcept {
  const re2::RE2* regex = PatternCache::find(context, pattern, pattern_size);
  return regex == nullptr ? 0 : extract(*regex, result, text, size, 0);
}

uint8_t flow_regex_extract_group(TaskContext* context, StringRef* result, const char* text, uint64_t size,
                                 const char* pattern, uint64_t pattern_size, int64_t group) noexcept {
  const re2::RE2* regex = PatternCache::find(context, pattern, pattern_size);
  if (regex == nullptr) return 0;
  const int groups = regex->NumberOfCapturingGroups();
  if (group < 0 || group > groups || group >= kMaxGroups) {
    raise_text(context,
               "`" + regex->pattern() + "` has no group " + std::to_string(group) + ", only " + std::to_string(groups));
    return 0;
  }
  return extract(*regex, result, text, size, static_cast<int>(group));
}

void flow_regex_replace(TaskContext* context, StringRef* result, const char* text, uint64_t size, const char* pattern,
                        uint64_t pattern_size, const char* fresh, uint64_t fresh_size) noexcept {
  *result = {text, size};
  const re2::RE2* regex = PatternCache::find(context, pattern, pattern_size);
  if (regex == nullptr) return;
  const re2::StringPiece rewrite(fresh, fresh_size);
  std::string problem;
  if (!regex->CheckRewriteString(rewrite, &problem)) {
    raise_text(context, "the replacement `" + std::string(fresh, fresh_size) + "` is not valid: " + problem);
    return;
  }
  std::string replaced(text, size);
  if (re2::RE2::GlobalReplace(&replaced, *regex, rewrite) == 0) return;
  char* out = scratch_alloc(context, replaced.size());
  if (!replaced.empty()) std::memcpy(out, replaced.data(), replaced.size());
  *result = {out, replaced.size()};
}

}  // extern "C"

}  // namespace sluice::abi
