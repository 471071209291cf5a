# What Debian has otherwise than `cmake --install` makes it; CPack runs this before it packs.
if(NOT CPACK_GENERATOR STREQUAL "DEB")
  return()
endif()
set(share ${CPACK_TEMPORARY_INSTALL_DIRECTORY}${CPACK_PACKAGING_INSTALL_PREFIX}/share)
if(EXISTS ${share}/zsh/site-functions)
  file(RENAME ${share}/zsh/site-functions ${share}/zsh/vendor-completions)
endif()

# Debian has the Apache License once, for all packages.
file(READ ${share}/doc/kpep/LICENSE licence)
string(REGEX REPLACE "(\n2\\. Apache License\n).*"
  "\\1\nSee /usr/share/common-licenses/Apache-2.0.\n" licence "${licence}")
file(WRITE ${share}/doc/kpep/copyright "${licence}")
file(REMOVE ${share}/doc/kpep/LICENSE)

file(GLOB pages ${share}/man/man*/*)
if(pages)
  execute_process(COMMAND gzip -9n ${pages} COMMAND_ERROR_IS_FATAL ANY)
endif()
