// code_text: the machine code of a stage under the lines of the program it came from.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "compiler/jit/code_listing.h"
#include "lang/source/source_file.h"

namespace sluice {
[[nodiscard]] std::string code_text(const StageListing& listing, const SourceMap& sources);
[[nodiscard]] nlohmann::ordered_json code_json(const StageListing& stage, const LineListing& line,
                                               const SourceMap& sources);
}  // namespace sluice
