# cmake -DVERSION=0.1.0 -DOUTPUT=DIR "-DSOURCES=a.c;b.c" "-DINCLUDE=DIR;DIR" -P amalgamate.cmake
# Writes OUTPUT/kpdb.h, the public header with those it includes, and OUTPUT/kpdb.c, the sources
# with all else that they include. A header goes where it is first included.
cmake_minimum_required(VERSION 3.22)

# Sets `inlined` to the text of a file in the INCLUDE directories.
function(inline file)
  foreach(directory IN LISTS INCLUDE)
    if(EXISTS ${directory}/${file})
      file(READ ${directory}/${file} text)
    endif()
  endforeach()
  set_property(GLOBAL APPEND PROPERTY included ${file})
  while(text MATCHES "#include \"([^\"]+)\"\n")
    set(line "${CMAKE_MATCH_0}")
    set(header ${CMAKE_MATCH_1})
    set(inlined "")
    get_property(included GLOBAL PROPERTY included)
    if(NOT header IN_LIST included)
      inline(${header})
    endif()
    string(REPLACE "${line}" "${inlined}" text "${text}")
  endwhile()
  set(inlined "${text}" PARENT_SCOPE)
endfunction()

file(READ ${CMAKE_CURRENT_LIST_DIR}/../LICENSE licence)
string(REGEX MATCH "Copyright.*SOFTWARE\\.\n" licence "${licence}")
string(REGEX REPLACE "([^\n]*)\n" " * \\1\n" licence "${licence}")
string(REPLACE " * \n" " *\n" licence "${licence}")
set(made_by "/*
 * libkpdb, made by kpep ${VERSION}: do not edit.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 *
${licence} */
")

inline(kpdb.h)
file(WRITE ${OUTPUT}/kpdb.h "${made_by}${inlined}")

set(code "#include \"kpdb.h\"\n\n#define KPDB_INTERNAL static\n")
foreach(source IN LISTS SOURCES)
  inline(${source})
  string(APPEND code "\n${inlined}")
endforeach()
file(WRITE ${OUTPUT}/kpdb.c "${made_by}${code}")
