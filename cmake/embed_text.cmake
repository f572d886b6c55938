# Writes OUTPUT: a C++ source that defines FUNCTION(), declared in HEADER, with the text of FILE.
include(${CMAKE_CURRENT_LIST_DIR}/raw_literals.cmake)
raw_literals(${FILE} literals)
file(WRITE ${OUTPUT} "// Made by cmake/embed_text.cmake.
#include \"${HEADER}\"

namespace sluice {

std::string_view ${FUNCTION}() {
  return
${literals}  ;
}

}  // namespace sluice
")
