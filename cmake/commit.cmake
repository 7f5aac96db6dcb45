# The commit that is built, as generated/commit.h. Looked up at each build, and written only where it differs: a commit makes
# one object file new. In a tarball it is what cmake/commit.txt says; a package's builder can give it by hand.
set(CROSSFADE_COMMIT "" CACHE STRING "The commit that is built, where neither git nor the tarball says it")
set(commit_header ${CMAKE_BINARY_DIR}/generated/commit.h)
add_custom_target(crossfade_commit
  COMMAND ${CMAKE_COMMAND} -DOUT=${commit_header} -DSOURCE=${CMAKE_SOURCE_DIR} -DGIVEN=${CROSSFADE_COMMIT}
    -P ${CMAKE_SOURCE_DIR}/cmake/write_commit.cmake
  BYPRODUCTS ${commit_header} COMMENT "Looking which commit this is" VERBATIM)
