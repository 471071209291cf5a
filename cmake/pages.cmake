# The man pages of section 3, in build/man: page.awk makes each of its frame, man/NAME.3.in, and its
# header. `header_pages` are the files.
find_program(KPEP_AWK awk REQUIRED)
mark_as_advanced(KPEP_AWK)
set(header_pages "")
foreach(header db/kpdb runtime/kplive runtime/kperf)
  get_filename_component(name ${header} NAME)
  get_filename_component(directory ${header} DIRECTORY)
  set(page ${PROJECT_BINARY_DIR}/man/${name}.3)
  set(sources ${PROJECT_SOURCE_DIR}/${directory}/man/${name}.3.in ${PROJECT_SOURCE_DIR}/${header}.h)
  set(script ${PROJECT_SOURCE_DIR}/cmake/page.awk)
  add_custom_command(
    OUTPUT ${page}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${PROJECT_BINARY_DIR}/man
    COMMAND ${CMAKE_COMMAND} -E env LC_ALL=C ${KPEP_AWK} -v output=${page} -f ${script} ${sources}
    DEPENDS ${script} ${sources}
    COMMENT "Writing ${name}(3)"
    VERBATIM)
  list(APPEND header_pages ${page})
endforeach()
add_custom_target(pages ALL DEPENDS ${header_pages})
