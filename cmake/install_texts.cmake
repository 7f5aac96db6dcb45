# Run when installing: manual page and completions, which the program prints, and the files that say where the others are.
# Below /usr configuration is in /etc; below any other prefix, inside it.
set(etc ${CMAKE_INSTALL_PREFIX}/etc)
if(CMAKE_INSTALL_PREFIX STREQUAL "/usr")
  set(etc /etc)
endif()
set(share ${CMAKE_INSTALL_PREFIX}/share)

function(install_output folder name)
  execute_process(COMMAND ${program} ${ARGN} OUTPUT_FILE ${scratch}/${name} COMMAND_ERROR_IS_FATAL ANY)
  file(INSTALL ${scratch}/${name} DESTINATION ${folder})
endfunction()

function(install_with_paths folder name)
  file(READ ${source}/deploy/${name} text)
  string(REPLACE /etc/ ${etc}/ text "${text}")
  string(REPLACE /usr/ ${CMAKE_INSTALL_PREFIX}/ text "${text}")
  file(WRITE ${scratch}/${name} "${text}")
  file(INSTALL ${scratch}/${name} DESTINATION ${folder} ${ARGN})
endfunction()

file(MAKE_DIRECTORY ${scratch})
install_output(${share}/man/man1 crossfade.1 manual)
install_output(${share}/bash-completion/completions crossfade completion bash)
install_output(${share}/zsh/vendor-completions _crossfade completion zsh)
install_output(${share}/fish/vendor_completions.d crossfade.fish completion fish)
install_with_paths(${CMAKE_INSTALL_PREFIX}/lib/systemd/system crossfade@.service)
install_with_paths(${share}/doc/crossfade/deploy example.env)
# Passwords go in here: nobody else reads it.
install_with_paths(${etc}/crossfade pgpass PERMISSIONS OWNER_READ OWNER_WRITE)
