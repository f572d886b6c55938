# Writes OUTPUT: a C++ source that defines FUNCTION(), declared in HEADER, with the names and texts of the files in
# MODULES.
set(rows "")
foreach(path IN LISTS MODULES)
  get_filename_component(name ${path} NAME_WE)
  file(READ ${path} text)
  # A string literal may have 65536 characters; pieces of at most 8000 keep every compiler content.
  set(literals "")
  string(LENGTH "${text}" length)
  set(begin 0)
  while(begin LESS length)
    string(SUBSTRING "${text}" ${begin} 8000 piece)
    string(APPEND literals "R\"~~(${piece})~~\"\n")
    math(EXPR begin "${begin} + 8000")
  endwhile()
  if(literals STREQUAL "")
    set(literals "\"\"")
  endif()
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
