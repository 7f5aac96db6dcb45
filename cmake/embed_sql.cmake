# SQL is source: every file under sql/queries and sql/engine becomes a constant in the generated header embedded_sql.h,
# named after its path (sql/queries/lease_take.sql → crossfade::sql::queries::lease_take).
file(GLOB_RECURSE CROSSFADE_SQL_FILES CONFIGURE_DEPENDS RELATIVE ${CMAKE_SOURCE_DIR}/sql
  ${CMAKE_SOURCE_DIR}/sql/queries/*.sql ${CMAKE_SOURCE_DIR}/sql/engine/*.sql)
list(SORT CROSSFADE_SQL_FILES)
set(CROSSFADE_SQL_HEADER ${CMAKE_BINARY_DIR}/generated/embedded_sql.h)
list(TRANSFORM CROSSFADE_SQL_FILES PREPEND ${CMAKE_SOURCE_DIR}/sql/ OUTPUT_VARIABLE CROSSFADE_SQL_PATHS)
add_custom_command(OUTPUT ${CROSSFADE_SQL_HEADER}
  COMMAND ${CMAKE_COMMAND} -DOUT=${CROSSFADE_SQL_HEADER} -DROOT=${CMAKE_SOURCE_DIR}/sql "-DFILES=${CROSSFADE_SQL_FILES}"
    -P ${CMAKE_SOURCE_DIR}/cmake/write_embedded_sql.cmake
  DEPENDS ${CROSSFADE_SQL_PATHS} ${CMAKE_SOURCE_DIR}/cmake/write_embedded_sql.cmake
  COMMENT "Embedding sql/queries and sql/engine" VERBATIM)
add_custom_target(crossfade_embedded_sql DEPENDS ${CROSSFADE_SQL_HEADER})
