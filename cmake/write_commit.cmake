# Writes OUT, the header with the commit of the tree SOURCE, unless it has that already; GIVEN is one that is given by hand.
# Asks git only where SOURCE is the root of a working tree: one unpacked inside somebody else's repository has not its commit.
set(commit "${GIVEN}")
if(NOT commit AND EXISTS ${SOURCE}/.git)
  find_program(GIT git)
  if(GIT)
    # Without locks: it may run beside a commit.
    execute_process(COMMAND ${CMAKE_COMMAND} -E env GIT_OPTIONAL_LOCKS=0 ${GIT} -C ${SOURCE} describe --always --exclude=* --dirty --abbrev=12
      OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  endif()
endif()
if(NOT commit AND EXISTS ${SOURCE}/cmake/commit.txt)
  file(STRINGS ${SOURCE}/cmake/commit.txt exported REGEX "^[0-9a-f]+$")
  set(commit "${exported}")
endif()
file(CONFIGURE OUTPUT ${OUT} CONTENT "#define CROSSFADE_COMMIT \"${commit}\"\n")
