# cpack, or the target `package`: a .tar.gz of the install tree, and on Debian a .deb.
set(CPACK_GENERATOR TGZ)
set(CPACK_PACKAGE_FILE_NAME
  ${PROJECT_NAME}-${PROJECT_VERSION}-${CMAKE_SYSTEM_NAME}-${CMAKE_SYSTEM_PROCESSOR})
find_program(DPKG dpkg)
mark_as_advanced(DPKG)
if(DPKG AND CMAKE_SYSTEM_NAME STREQUAL "Linux")
  list(APPEND CPACK_GENERATOR DEB)
endif()
set(CPACK_PACKAGE_VENDOR "kpep developers")
set(CPACK_PACKAGE_CONTACT "kpep developers")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY
  "compiler, library and command for Apple's CPU event databases")
set(CPACK_PACKAGE_DESCRIPTION "What an event of macOS' performance counters is called on
which chip, which register words count it and which events fit together,
from static tables; and the compiler that makes the tables from the
property lists of any number of macOS releases.")
set(CPACK_STRIP_FILES ON)
set(CPACK_VERBATIM_VARIABLES ON)
set(CPACK_SOURCE_GENERATOR TGZ)
string(REGEX REPLACE "([][+.*()^$?|\\\\])" "\\\\\\1" root ${PROJECT_SOURCE_DIR})
set(CPACK_SOURCE_IGNORE_FILES "^${root}/build/" "^${root}/\\.git/")

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION devel)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON) # so that ldconfig runs
set(CPACK_PRE_BUILD_SCRIPTS ${PROJECT_SOURCE_DIR}/cmake/package-debian.cmake)
find_program(DPKG_SHLIBDEPS dpkg-shlibdeps)
mark_as_advanced(DPKG_SHLIBDEPS)
if(DPKG_SHLIBDEPS AND NOT CMAKE_CROSSCOMPILING)
  set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
  set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${PROJECT_BINARY_DIR}/db)
else()
  set(CPACK_DEBIAN_PACKAGE_DEPENDS "libc6, libplist3")
endif()
include(CPack)
