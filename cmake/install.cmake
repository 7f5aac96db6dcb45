# What `cmake --install` puts where, and the package that cpack makes of it. Pages and examples keep the names they have in the
# repository, below share/doc/crossfade, so that what links to them there links to them here.
include(GNUInstallDirs)
install(TARGETS crossfade RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})

set(installed_doc ${CMAKE_INSTALL_DATADIR}/doc/crossfade)
install(FILES README.md CHANGELOG.md SECURITY.md LICENSE NOTICE DESTINATION ${installed_doc})
install(FILES NOTICE DESTINATION ${installed_doc} RENAME copyright)
install(DIRECTORY docs DESTINATION ${installed_doc})
install(DIRECTORY sql/migrations DESTINATION ${installed_doc}/sql)
install(DIRECTORY monitoring/grafana monitoring/prometheus DESTINATION ${installed_doc}/monitoring)
install(FILES deploy/kubernetes.yaml DESTINATION ${installed_doc}/deploy)

# What the program says of itself, and what has paths in it.
install(CODE "set(program \"$<TARGET_FILE:crossfade>\")
  set(source \"${CMAKE_SOURCE_DIR}\")
  set(scratch \"${CMAKE_BINARY_DIR}/installed\")")
install(SCRIPT cmake/install_texts.cmake)

set(CROSSFADE_MAINTAINER "The crossfade authors <crossfade@example.invalid>" CACHE STRING "Who answers for the package: NAME <MAIL>")
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_PACKAGE_VENDOR crossfade)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "Restructures a live PostgreSQL schema without downtime")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION "The migration is written as SQL views. crossfade backfills them into shadow tables, keeps them live
from the WAL, proves them equal, moves the reads, then the writes, and can take it all back.")
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_MAINTAINER "${CROSSFADE_MAINTAINER}")
set(CPACK_DEBIAN_PACKAGE_SECTION database)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# pg_dump and psql, for backup and rehearse.
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS postgresql-client)
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "postgresql, prometheus")
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${CMAKE_SOURCE_DIR}/deploy/debian/conffiles ${CMAKE_SOURCE_DIR}/deploy/debian/postinst
  ${CMAKE_SOURCE_DIR}/deploy/debian/prerm ${CMAKE_SOURCE_DIR}/deploy/debian/postrm)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
include(CPack)
