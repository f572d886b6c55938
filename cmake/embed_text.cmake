# Writes OUTPUT: a C++ source that defines FUNCTION(), declared in HEADER, with the text of FILE.
file(READ ${FILE} text)
# A string literal may have 65536 characters; pieces of at most 8000 keep every compiler content.
set(literals "")
string(LENGTH "${text}" length)
set(begin 0)
while(begin LESS length)
  string(SUBSTRING "${text}" ${begin} 8000 piece)
  string(APPEND literals "    R\"~~(${piece})~~\"\n")
  math(EXPR begin "${begin} + 8000")
endwhile()
file(WRITE ${OUTPUT} "// Made by cmake/embed_text.cmake.
#include \"${HEADER}\"

namespace sluice {

std::string_view ${FUNCTION}() {
  return
${literals}  ;
}

}  // namespace sluice
")
