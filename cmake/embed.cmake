# Source files that are not C++ are compiled in, so that the program is one file.
#
#   crossfade_embed(NAME ROOT FILE…)           every file becomes a constant named after its path:
#                                              queries/lease_take.sql → crossfade::NAME::queries::lease_take
#
# It makes the header embedded_NAME.h and the target crossfade_embedded_NAME. FILEs are relative to ROOT.
function(crossfade_embed name root)
  set(files ${ARGN})
  list(SORT files)
  set(header ${CMAKE_BINARY_DIR}/generated/embedded_${name}.h)
  list(TRANSFORM files PREPEND ${root}/ OUTPUT_VARIABLE paths)
  add_custom_command(OUTPUT ${header}
    COMMAND ${CMAKE_COMMAND} -DOUT=${header} -DNAME=${name} -DROOT=${root} "-DFILES=${files}"
      -P ${CMAKE_SOURCE_DIR}/cmake/write_embedded.cmake
    DEPENDS ${paths} ${CMAKE_SOURCE_DIR}/cmake/write_embedded.cmake
    COMMENT "Embedding ${name}" VERBATIM)
  add_custom_target(crossfade_embedded_${name} DEPENDS ${header})
endfunction()

file(GLOB_RECURSE sql_files CONFIGURE_DEPENDS RELATIVE ${CMAKE_SOURCE_DIR}/sql
  ${CMAKE_SOURCE_DIR}/sql/queries/*.sql ${CMAKE_SOURCE_DIR}/sql/engine/*.sql)
crossfade_embed(sql ${CMAKE_SOURCE_DIR}/sql ${sql_files})

# The status page.
crossfade_embed(web ${CMAKE_SOURCE_DIR}/src/api page/icon.svg page/index.html page/script.js page/style.css)
