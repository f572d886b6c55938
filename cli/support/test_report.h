// test_report: what `sluice test` says about a test: the table of a failure with what differs, and its JSON.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "compiler/testing/test_runner.h"
#include "lang/source/source_file.h"

namespace sluice {

// For people; ends with a line end.
[[nodiscard]] std::string failure_text(const CheckedTest& test, const TestOutcome& outcome, const SourceMap& sources,
                                       bool use_color);
[[nodiscard]] nlohmann::ordered_json test_json(const CheckedTest& test, const TestOutcome& outcome,
                                               const SourceMap& sources);

// Rows of cells between bars, the columns as wide as their widest cell. One text per row, without line ends.
[[nodiscard]] std::vector<std::string> table_lines(const std::vector<std::vector<std::string>>& rows);

}  // namespace sluice
