# Writes one header of embedded texts; cmake/embed.cmake says what is in it. Each text is one raw string literal, with a
# delimiter that none of them contains.
set(body "#pragma once\n// Generated from ${ROOT}; do not edit.\n#include <string_view>\n")
foreach(file IN LISTS FILES)
  file(READ ${ROOT}/${file} text)
  get_filename_component(folder ${file} DIRECTORY)
  get_filename_component(stem ${file} NAME_WE)
  string(APPEND body "namespace crossfade::${NAME}::${folder} {\ninline constexpr std::string_view ${stem} = R\"cfraw(${text})cfraw\";\n}\n")
endforeach()
file(WRITE ${OUT} "${body}")
