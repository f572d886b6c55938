#include "cli/support/wrap.h"

#include <algorithm>

namespace sluice {

std::string wrapped(std::string_view text) {
  constexpr size_t width = 80;
  std::string result;
  size_t column = 0;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    if (column != 0 && column + 1 + word.size() > width) {
      result += '\n';
      column = 0;
    } else if (column != 0) {
      result += ' ';
      ++column;
    }
    result += word;
    column += word.size();
    text.remove_prefix(std::min(text.size(), word.size() + 1));
  }
  return result + '\n';
}

}  // namespace sluice
