#include "cli/support/row_error.h"

#include <fmt/format.h>

#include "lang/support/invariant.h"

namespace sluice {

Diagnostic row_diagnostic(const RowError& error, bool writes_files) {
  Diagnostic diagnostic;
  diagnostic.row = find_diagnostic(error.code);
  SLUICE_INVARIANT(diagnostic.row != nullptr, "a row error without a row in diagnostics.def: " + error.code);
  diagnostic.span = error.span;
  diagnostic.message = error.message;
  diagnostic.label = error.operands;
  if (error.record) {
    const RecordLocation& at = *error.record;
    diagnostic.message +=
        fmt::format("  [{}:{}{}]", at.file, at.line, at.column != 0 ? fmt::format(":{}", at.column) : "");
    if (!at.record.empty()) diagnostic.with_note("the record: " + at.record);
  }
  diagnostic.with_help(
      fmt::format("`sluice error {}` says what can be done{}", error.code, writes_files ? "; no file was kept" : ""));
  return diagnostic;
}

SourceMap plan_sources(const Compilation& compilation) {
  if (compilation.form() == SourceForm::Program) return compilation.sources();
  SourceMap sources;
  for (const std::string& path : compilation.graph().files) {
    // Without the text a message still has its place.
    if (!sources.load(path)) sources.add(path, "");
  }
  return sources;
}

}  // namespace sluice
