#include "stdlib/regex.h"

#include <fmt/format.h>

#include <algorithm>

namespace sluice {

std::unique_ptr<re2::RE2> compile_regex(std::string_view pattern) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  return std::make_unique<re2::RE2>(re2::StringPiece(pattern.data(), pattern.size()), options);
}

std::optional<ArgumentFault> check_regex(const FunctionOverload& overload, const ConstantArgs& args) {
  const auto position_of = [&](std::string_view name) {
    return static_cast<size_t>(std::ranges::find(overload.params, name, &FunctionParam::name) -
                               overload.params.begin());
  };
  const auto text_of = [&](size_t position) -> const std::string* {
    return position < args.size() && args[position] ? std::get_if<std::string>(&*args[position]) : nullptr;
  };
  const size_t at = position_of("pattern");
  const std::string* pattern = text_of(at);
  if (pattern == nullptr) return std::nullopt;
  const auto regex = compile_regex(*pattern);
  if (!regex->ok())
    return ArgumentFault{at, fmt::format("this regular expression is not valid: {}", regex->error()),
                         "regular expressions are those of RE2"};
  const size_t group_at = position_of("group");
  const auto* group = group_at < args.size() && args[group_at] ? std::get_if<int64_t>(&*args[group_at]) : nullptr;
  const int groups = regex->NumberOfCapturingGroups();
  if (group != nullptr && (*group < 0 || *group > groups))
    return ArgumentFault{
        group_at, fmt::format("the regular expression has no group {}", *group),
        groups == 0 ? "it has none; a group stands in parentheses: (...)" : fmt::format("the last one is {}", groups)};
  const size_t fresh_at = position_of("new");
  const std::string* fresh = text_of(fresh_at);
  std::string problem;
  if (fresh != nullptr && !regex->CheckRewriteString(*fresh, &problem))
    return ArgumentFault{fresh_at, fmt::format("this replacement is not valid: {}", problem),
                         R"(\1 is the first group, \0 the whole match, \\ a backslash)"};
  return std::nullopt;
}

}  // namespace sluice
