// Any text: parsing and checking end without a crash; what parses is formatted to something that means the same and
// that formatting leaves alone.
#include <cstddef>
#include <cstdint>
#include <string>

#include "lang/check/check.h"
#include "lang/support/invariant.h"
#include "lang/syntax/ast_text.h"
#include "lang/syntax/format.h"
#include "lang/syntax/parse.h"
#include "stdlib/catalog.h"

using namespace sluice;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  SourceMap sources;
  const uint32_t file = sources.add("fuzz.flow", std::string(reinterpret_cast<const char*>(data), size));
  Diagnostics diagnostics;
  const ast::Program program = parse(sources, file, diagnostics);
  for (const Diagnostic& diagnostic : diagnostics.sorted()) (void)render(diagnostic, sources, true);
  if (diagnostics.has_errors()) return 0;

  const std::string once = format(program, sources.file(file));
  const uint32_t second = sources.add("formatted.flow", once);
  const ast::Program again = parse(sources, second, diagnostics);
  SLUICE_INVARIANT(!diagnostics.has_errors(), "formatted text does not parse:\n" + once);
  SLUICE_INVARIANT(ast_text(program) == ast_text(again), "formatting changed the meaning:\n" + once);
  SLUICE_INVARIANT(format(again, sources.file(second)) == once, "formatting twice is not formatting once:\n" + once);

  (void)check(program, standard_functions(), standard_connectors(), {"fuzz", {}}, sources, diagnostics);
  for (const Diagnostic& diagnostic : diagnostics.sorted()) (void)render(diagnostic, sources, true);
  return 0;
}
