# Writes OUTPUT: a C++ source that defines FUNCTION(), declared in HEADER, with the names and texts of the files in
# MODULES.
include(${CMAKE_CURRENT_LIST_DIR}/raw_literals.cmake)
set(rows "")
foreach(path IN LISTS MODULES)
  get_filename_component(name ${path} NAME_WE)
  raw_literals(${path} literals)
  string(APPEND rows "    {\"${name}\", ${literals}},\n")
endforeach()
file(WRITE ${OUTPUT} "// Made by cmake/embed_modules.cmake.
#include \"${HEADER}\"

namespace sluice {

const std::vector<EmbeddedModule>& ${FUNCTION}() {
  static const std::vector<EmbeddedModule> modules = {
${rows}  };
  return modules;
}

}  // namespace sluice
")
