#include "cli/support/rewrite_notes.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace sluice {

std::string notes_text(const std::vector<RewriteNote>& notes) {
  std::string text;
  for (const RewriteNote& note : notes) {
    text += fmt::format("# {} {}{}{}: {}\n", note.pass, note.fired ? "fired" : "did not fire",
                        note.nodes.empty() ? "" : " at #", fmt::join(note.nodes, ", #"), note.text);
  }
  return text;
}

}  // namespace sluice
