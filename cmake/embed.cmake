# Source files that are not C++ are compiled in, so that the program is one file.
#
#   crossfade_embed(NAME ROOT FILE…)           every file becomes a constant named after its path:
#                                              engine/upgrades/to_2.sql → crossfade::NAME::engine::upgrades::to_2; but the folders of
#                                              queries/ are not named: queries/sync/state/lease_take.sql → crossfade::NAME::queries::lease_take
#   crossfade_embed_table(NAME ROOT FILE…)     crossfade::NAME::files, an array of EmbeddedFile: path and text
#
# Both make the header embedded_NAME.h and the target crossfade_embedded_NAME: a library with the constants, to be linked, or a table's
# header, to be depended on. FILEs are relative to ROOT.
function(crossfade_embed_as shape name root)
  set(files ${ARGN})
  list(SORT files)
  set(header ${CMAKE_BINARY_DIR}/generated/embedded_${name}.h)
  set(source ${CMAKE_BINARY_DIR}/generated/embedded_${name}.cc)
  set(written OUTPUT ${header})
  if(shape STREQUAL "constants")
    set(written OUTPUT ${source} BYPRODUCTS ${header})
  endif()
  list(TRANSFORM files PREPEND ${root}/ OUTPUT_VARIABLE paths)
  add_custom_command(${written}
    COMMAND ${CMAKE_COMMAND} -DHEADER=${header} -DOUT=${source} -DNAME=${name} -DSHAPE=${shape} -DROOT=${root} "-DFILES=${files}"
      -P ${CMAKE_SOURCE_DIR}/cmake/write_embedded.cmake
    DEPENDS ${paths} ${CMAKE_SOURCE_DIR}/cmake/write_embedded.cmake
    COMMENT "Embedding ${name}" VERBATIM)
  if(shape STREQUAL "constants")
    add_library(crossfade_embedded_${name} STATIC ${source})
  else()
    add_custom_target(crossfade_embedded_${name} DEPENDS ${header})
  endif()
endfunction()

function(crossfade_embed name root)
  crossfade_embed_as(constants ${name} ${root} ${ARGN})
endfunction()

function(crossfade_embed_table name root)
  crossfade_embed_as(table ${name} ${root} ${ARGN})
endfunction()

file(GLOB_RECURSE sql_files CONFIGURE_DEPENDS RELATIVE ${CMAKE_SOURCE_DIR}/sql
  ${CMAKE_SOURCE_DIR}/sql/queries/*.sql ${CMAKE_SOURCE_DIR}/sql/engine/*.sql)
crossfade_embed(sql ${CMAKE_SOURCE_DIR}/sql ${sql_files})

# The status page.
crossfade_embed(web ${CMAKE_SOURCE_DIR}/src/api page/icon.svg page/index.html page/script.js page/style.css)

# What `crossfade dashboards` writes: the files that belong to the metrics of this version.
crossfade_embed_table(monitoring ${CMAKE_SOURCE_DIR}/monitoring
  grafana/dashboards/crossfade-engine.json
  grafana/dashboards/crossfade-operator.json
  grafana/provisioning/dashboards/crossfade.yml
  grafana/provisioning/datasources/crossfade.yml
  prometheus/crossfade.rules.yml
  prometheus/prometheus.yml)
