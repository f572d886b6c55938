#include "compiler/explain/explain_diff.h"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace sluice {

namespace {

constexpr size_t kContext = 2;  // lines shown around a difference

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_id_character(char c) { return is_digit(c) || (c >= 'a' && c <= 'z'); }

// The line without what moves: "  3  expand  :12" and " 4  expand  :13" are both " # expand :".
std::string essence_of(std::string_view line) {
  std::string text;
  bool is_first_word = true;
  for (size_t at = 0; at < line.size();) {
    const char c = line[at];
    const bool begins_word = text.empty() || text.back() == ' ';
    if (c == ' ') {
      if (text.empty() || text.back() != ' ') text += ' ';
      while (at < line.size() && line[at] == ' ') ++at;
      continue;
    }
    // The label in front of a step, an id, or a place.
    const bool is_label = begins_word && is_first_word && is_digit(c);
    const bool is_marked = (c == '#' || c == ':') && at + 1 < line.size() && is_digit(line[at + 1]);
    is_first_word = false;
    if (!is_label && !is_marked) {
      text += c;
      ++at;
      continue;
    }
    text += c == ':' ? ':' : '#';
    ++at;
    while (at < line.size() && is_id_character(line[at])) ++at;
  }
  return text;
}

// longest[i][j]: how many lines the parts behind i and j have in common, in their order.
class CommonLines {
 public:
  CommonLines(const std::vector<std::string>& before, const std::vector<std::string>& after)
      : width_(after.size() + 1), longest_((before.size() + 1) * width_) {
    for (size_t i = before.size(); i-- > 0;)
      for (size_t j = after.size(); j-- > 0;)
        longest_[i * width_ + j] = before[i] == after[j] ? at(i + 1, j + 1) + 1 : std::max(at(i + 1, j), at(i, j + 1));
  }
  [[nodiscard]] uint32_t at(size_t i, size_t j) const { return longest_[i * width_ + j]; }

 private:
  size_t width_;
  std::vector<uint32_t> longest_;
};

struct DiffLine {
  char mark;  // '-', '+' or ' '
  std::string_view text;
};

std::vector<DiffLine> all_lines(std::string_view before, std::string_view after) {
  const auto old_lines = lines_of(before);
  const auto new_lines = lines_of(after);
  std::vector<std::string> old_keys;
  std::vector<std::string> new_keys;
  for (const auto line : old_lines) old_keys.push_back(essence_of(line));
  for (const auto line : new_lines) new_keys.push_back(essence_of(line));
  const CommonLines common(old_keys, new_keys);
  std::vector<DiffLine> lines;
  size_t i = 0;
  size_t j = 0;
  while (i < old_lines.size() || j < new_lines.size()) {
    if (i < old_lines.size() && j < new_lines.size() && old_keys[i] == new_keys[j]) {
      lines.push_back({' ', new_lines[j++]});
      ++i;
    } else if (j == new_lines.size() || (i < old_lines.size() && common.at(i + 1, j) >= common.at(i, j + 1))) {
      lines.push_back({'-', old_lines[i++]});
    } else {
      lines.push_back({'+', new_lines[j++]});
    }
  }
  return lines;
}

}  // namespace

std::string explain_diff(std::string_view before, std::string_view after) {
  const auto lines = all_lines(before, after);
  std::vector<bool> is_shown(lines.size());
  for (size_t i = 0; i < lines.size(); ++i) {
    if (lines[i].mark == ' ') continue;
    const size_t end = std::min(lines.size(), i + kContext + 1);
    for (size_t near = i - std::min(i, kContext); near < end; ++near) is_shown[near] = true;
    // Under which heading it stands.
    for (size_t above = i; above-- > 0;) {
      if (lines[above].text.starts_with(' ')) continue;
      is_shown[above] = true;
      break;
    }
  }
  std::string text;
  for (size_t i = 0; i < lines.size(); ++i) {
    if (!is_shown[i]) continue;
    if (!text.empty() && !is_shown[i - 1]) text += "  ...\n";
    text += lines[i].mark;
    text += ' ';
    text += lines[i].text;
    text += '\n';
  }
  return text;
}

}  // namespace sluice
