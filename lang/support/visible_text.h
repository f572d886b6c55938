// visible_text: text that somebody else chose, as it may be shown to people: in a log or a table, where a line end
// would begin a line of its own and an escape code would change the terminal.
#pragma once

#include <string>
#include <string_view>

namespace sluice {

// Control characters, and bytes that are no UTF-8, become `\n`, `\t` or `\x1b`; everything else stays.
[[nodiscard]] std::string visible_text(std::string_view text);

}  // namespace sluice
