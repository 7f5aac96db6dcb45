# Writes the header of embedded SQL texts. Raw string literals are limited in length by some compilers, so none is split
# here and a text is read as one literal with a delimiter that SQL does not contain.
set(body "#pragma once\n// Generated from sql/; do not edit.\n#include <string_view>\n")
foreach(file IN LISTS FILES)
  file(READ ${ROOT}/${file} text)
  get_filename_component(folder ${file} DIRECTORY)
  get_filename_component(name ${file} NAME_WE)
  string(REGEX REPLACE "^[0-9]+_" "" name ${name})
  string(APPEND body "namespace crossfade::sql::${folder} {\ninline constexpr std::string_view ${name} = R\"cfsql(${text})cfsql\";\n}\n")
endforeach()
file(WRITE ${OUT} "${body}")
