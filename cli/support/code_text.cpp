#include "cli/support/code_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace sluice {
namespace {

std::string path_of(const LineListing& line, const SourceMap& sources) {
  return line.line != 0 && line.file < sources.size() ? sources.file(line.file).path() : "";
}

std::string head_of(const LineListing& line, const SourceMap& sources) {
  if (line.line == 0 || line.file >= sources.size()) return "  the loop itself";
  const SourceFile& file = sources.file(line.file);
  std::string_view text = file.line(line.line);
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  return fmt::format("  {}:{}  {}", file.path(), line.line, text);
}

std::string block_of(std::string_view name, const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += fmt::format("      {:<4} {}\n", text.empty() ? name : "", line);
  return text;
}

}  // namespace

std::string code_text(const StageListing& listing, const SourceMap& sources) {
  std::string text =
      fmt::format("  {}  {}, {} B\n", listing.stage, fmt::join(listing.functions, ", "), listing.code_bytes);
  for (const LineListing& line : listing.lines)
    text += head_of(line, sources) + "\n" + block_of("ir", line.ir) + block_of("asm", line.assembly);
  return text;
}

nlohmann::ordered_json code_json(const StageListing& stage, const LineListing& line, const SourceMap& sources) {
  return {{"stage", stage.stage},
          {"file", path_of(line, sources)},
          {"line", line.line},
          {"ir", line.ir},
          {"asm", line.assembly}};
}

}  // namespace sluice
