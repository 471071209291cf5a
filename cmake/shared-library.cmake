# kpep_shared_library(NAME): the objects of the static library NAME as a shared one, the target
# NAME-shared. Both kinds are built unless BUILD_SHARED_LIBS is set to off: then only the static.
#
# Before 1.0 every minor version may break the interface, so the soname has both numbers:
# libkpdb.so.0.1. From 1.0 on it is the major version. Tables may change without either, which is
# what kpdb_fingerprint() is for.
if(APPLE AND NOT CMAKE_SHARED_LIBRARY_RUNTIME_C_FLAG) # CMake knows it on a Mac only
  set(CMAKE_SHARED_LIBRARY_RUNTIME_C_FLAG "-Wl,-rpath,")
endif()
function(kpep_shared_library name)
  get_property(supported GLOBAL PROPERTY TARGET_SUPPORTS_SHARED_LIBS)
  if(NOT supported OR (DEFINED BUILD_SHARED_LIBS AND NOT BUILD_SHARED_LIBS))
    return()
  endif()
  set(soversion ${PROJECT_VERSION_MAJOR})
  if(soversion EQUAL 0)
    set(soversion 0.${PROJECT_VERSION_MINOR})
  endif()
  add_library(${name}-shared SHARED $<TARGET_OBJECTS:${name}>)
  target_include_directories(${name}-shared INTERFACE
    $<BUILD_INTERFACE:$<TARGET_PROPERTY:${name},INTERFACE_INCLUDE_DIRECTORIES>>)
  set_target_properties(${name}-shared PROPERTIES
    LINKER_LANGUAGE C OUTPUT_NAME ${name} EXPORT_NAME ${name}
    VERSION ${PROJECT_VERSION} SOVERSION ${soversion})
  set_target_properties(${name} PROPERTIES EXPORT_NAME ${name}-static)
  if(NOT APPLE) # where a library's calls of its own functions never leave it
    target_link_options(${name}-shared PRIVATE -Wl,-Bsymbolic-functions)
  endif()
endfunction()
