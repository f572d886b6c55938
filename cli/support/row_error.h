// row_error: a row that could not be read or computed, in the form of a compile error.
#pragma once

#include "compiler/driver/driver.h"
#include "lang/source/diagnostics.h"
#include "runtime/coordinator/local_job.h"

namespace sluice {

// "division by zero  [orders.csv:3:7]", with the operands behind the carets and the record as a note.
// `writes_files`: the job would have left files, of which none is kept.
[[nodiscard]] Diagnostic row_diagnostic(const RowError& error, bool writes_files);

// The sources that spans of the plan of `compilation` index: its own, or those that a graph names.
[[nodiscard]] SourceMap plan_sources(const Compilation& compilation);

}  // namespace sluice
