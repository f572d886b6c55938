# sluice_layer(NAME LINKS...): one static library from every source below the current folder.
function(sluice_layer name)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  add_library(sluice_${name} STATIC ${sources})
  target_link_libraries(sluice_${name} PUBLIC sluice_options ${ARGN})
endfunction()
