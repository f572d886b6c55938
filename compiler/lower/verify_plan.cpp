#include "compiler/lower/verify_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "compiler/lower/lower.h"
#include "runtime/plan/plan_text.h"

namespace sluice {

namespace {

struct Line {
  size_t number = 0;
  std::string_view text;
};

// The lines in front of the graph that say something.
std::vector<Line> plan_lines(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r";
  std::vector<Line> lines;
  for (size_t number = 1; !text.empty() && !text.starts_with("graph "); ++number) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    line.remove_prefix(std::min(line.find_first_not_of(kSpace), line.size()));
    line = line.substr(0, line.find_last_not_of(kSpace) + 1);
    if (!line.empty() && !line.starts_with('#')) lines.push_back({number, line});
  }
  return lines;
}

}  // namespace

std::optional<std::string> find_plan_violation(const JobPlan& plan, std::string_view text) {
  JobPlan wanted = lower(plan.graph);
  wanted.key_groups = plan.key_groups;
  if (wanted == plan) return std::nullopt;
  const std::string wanted_text = write_plan(wanted);
  const auto given_lines = plan_lines(text);
  const auto wanted_lines = plan_lines(wanted_text);
  for (size_t i = 0; i < given_lines.size() || i < wanted_lines.size(); ++i) {
    if (i == given_lines.size()) return fmt::format("the plan's graph also gives `{}`", wanted_lines[i].text);
    const std::string here = fmt::format("line {}: `{}`", given_lines[i].number, given_lines[i].text);
    if (i == wanted_lines.size()) return here + " is not what the plan's graph gives: nothing";
    if (given_lines[i].text != wanted_lines[i].text)
      return fmt::format("{} is not what the plan's graph gives: `{}`", here, wanted_lines[i].text);
  }
  return "the plan is not the one that its graph gives";
}

}  // namespace sluice
