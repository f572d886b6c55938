// wrap: paragraphs for terminals.
#pragma once

#include <string>
#include <string_view>

namespace sluice {
// The text broken at spaces so that no line has more than 80 characters where that is possible; ends with a newline.
[[nodiscard]] std::string wrapped(std::string_view text);
}  // namespace sluice
