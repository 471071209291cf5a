# What `cmake --install` installs, in two components: runtime (commands, shared libraries, data)
# and dev (what it takes to build against the libraries). The tree may be moved as a whole.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(share ${CMAKE_INSTALL_DATADIR})
set(generated ${PROJECT_BINARY_DIR}/install)

# ---- commands, and what comes with them --------------------------------------------------------

set(commands kpep)
set(documented db runtime)
if(TARGET kpepc) # unless one was given, or the build is for another machine
  list(APPEND commands kpepc)
  list(APPEND documented gen)
endif()
install(TARGETS ${commands} RUNTIME COMPONENT runtime)
foreach(command IN LISTS commands)
  set(completion ${PROJECT_SOURCE_DIR}/runtime/completions)
  install(FILES ${completion}/${command}.bash RENAME ${command}
    DESTINATION ${share}/bash-completion/completions COMPONENT runtime OPTIONAL)
  install(FILES ${completion}/_${command}
    DESTINATION ${share}/zsh/site-functions COMPONENT runtime OPTIONAL)
  install(FILES ${completion}/${command}.fish
    DESTINATION ${share}/fish/vendor_completions.d COMPONENT runtime OPTIONAL)
endforeach()

install(DIRECTORY db/kpep/ DESTINATION ${share}/kpep COMPONENT runtime)
file(GLOB facts CONFIGURE_DEPENDS db/*.plist)
install(FILES ${facts}
  DESTINATION ${share}/kpep COMPONENT runtime)
install(FILES README.md CHANGELOG.md LICENSE
  DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT runtime)
install(DIRECTORY doc DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT runtime)
foreach(directory IN LISTS documented)
  foreach(section 1 5)
    file(GLOB pages CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${directory}/man/*.${section})
    install(FILES ${pages} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section} COMPONENT runtime)
  endforeach()
endforeach()
install(FILES ${header_pages} DESTINATION ${CMAKE_INSTALL_MANDIR}/man3 COMPONENT dev)

# ---- libraries, and the two ways to find them ----------------------------------------------------

# A program compares kplive_version() with what the header says: that is this project's version.
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS runtime/kplive.h)
file(STRINGS runtime/kplive.h version REGEX "^#define KPLIVE_VERSION_(MAJOR|MINOR|PATCH) ")
list(TRANSFORM version REPLACE "^.* " "")
list(JOIN version . version)
if(NOT version STREQUAL PROJECT_VERSION)
  message(FATAL_ERROR "runtime/kplive.h is of version ${version}, the project ${PROJECT_VERSION}")
endif()

set(libraries kpdb kplive)
if(TARGET kpdb-shared)
  list(APPEND libraries kpdb-shared kplive-shared)
  # Where only libkplive is searched for, as by the run path of a program, it finds its libkpdb.
  set_target_properties(kplive-shared PROPERTIES INSTALL_RPATH $ORIGIN)
  if(APPLE) # at once: a cross build has no tool that would change it
    set_target_properties(kplive-shared PROPERTIES
      INSTALL_RPATH @loader_path BUILD_WITH_INSTALL_RPATH ON)
  endif()
endif()
install(TARGETS ${libraries} EXPORT kpepTargets
  LIBRARY COMPONENT runtime NAMELINK_COMPONENT dev
  ARCHIVE COMPONENT dev
  INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/kpep)
install(FILES db/kpdb.h ${PROJECT_BINARY_DIR}/db/tables/kpdb_ids.h
  runtime/kplive.h runtime/kperf.h runtime/module.modulemap
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/kpep COMPONENT dev)

set(package ${CMAKE_INSTALL_LIBDIR}/cmake/kpep)
install(EXPORT kpepTargets NAMESPACE kpep:: DESTINATION ${package} COMPONENT dev)
configure_package_config_file(cmake/kpepConfig.cmake.in ${generated}/kpepConfig.cmake
  INSTALL_DESTINATION ${package} NO_SET_AND_CHECK_MACRO)
# As the soname: compatible within a minor version, and from 1.0 on within a major one.
set(compatibility SameMajorVersion)
if(PROJECT_VERSION_MAJOR EQUAL 0)
  set(compatibility SameMinorVersion)
endif()
write_basic_package_version_file(${generated}/kpepConfigVersion.cmake
  COMPATIBILITY ${compatibility})
install(FILES ${generated}/kpepConfig.cmake ${generated}/kpepConfigVersion.cmake
  DESTINATION ${package} COMPONENT dev)

# Directories of the .pc files from where they are, so that the tree can be moved.
set(pkgconfig ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
file(RELATIVE_PATH prefix ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
string(REGEX REPLACE "/$" "" PC_PREFIX "\${pcfiledir}/${prefix}")
cmake_path(APPEND PC_INCLUDEDIR "\${prefix}" ${CMAKE_INSTALL_INCLUDEDIR})
cmake_path(APPEND PC_LIBDIR "\${prefix}" ${CMAKE_INSTALL_LIBDIR})
list(TRANSFORM CMAKE_DL_LIBS PREPEND -l OUTPUT_VARIABLE PC_DL_LIBS)
foreach(library kpdb kplive)
  configure_file(cmake/${library}.pc.in ${generated}/${library}.pc @ONLY)
  install(FILES ${generated}/${library}.pc DESTINATION ${pkgconfig} COMPONENT dev)
endforeach()
