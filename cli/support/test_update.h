// test_update: `sluice test --update` writes what came in the place of what a test expects.
#pragma once

#include <string>
#include <vector>

#include "compiler/testing/test_runner.h"
#include "lang/source/source_file.h"

namespace sluice {

struct TextEdit {
  Span span;
  std::string text;
};

// What makes the `expect` of the mismatch right.
[[nodiscard]] TextEdit update_of(const TestMismatch& mismatch);

// The file's text with the edits made.
[[nodiscard]] std::string edited(const SourceFile& file, std::vector<TextEdit> edits);

}  // namespace sluice
