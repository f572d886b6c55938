#include "lang/support/visible_text.h"

#include <fmt/format.h>
#include <utf8proc.h>

namespace sluice {

std::string visible_text(std::string_view text) {
  std::string shown;
  while (!text.empty()) {
    utf8proc_int32_t code = 0;
    const auto read = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                       static_cast<utf8proc_ssize_t>(text.size()), &code);
    const size_t size = read > 0 ? static_cast<size_t>(read) : 1;
    const bool is_control = read <= 0 || code < 0x20 || (code >= 0x7f && code < 0xa0);
    if (!is_control)
      shown += text.substr(0, size);
    else if (text.front() == '\n')
      shown += "\\n";
    else if (text.front() == '\t')
      shown += "\\t";
    else
      for (const char byte : text.substr(0, size)) shown += fmt::format("\\x{:02x}", static_cast<unsigned char>(byte));
    text.remove_prefix(size);
  }
  return shown;
}

}  // namespace sluice
