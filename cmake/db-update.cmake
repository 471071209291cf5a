# cmake -DKPEPC=... -DKPEP_RELEASE=macos-27 -DKPEP_DIR=/usr/share/kpep -DDB=db/kpep -DWORK=... -P db-update.cmake
# Snapshots a directory into db/kpep and prints what changed: against the same release when it was
# there before, else against the one before it (macos-26.4, macos-27, macos-27.1, macos-100), or
# the oldest.
if(NOT KPEP_RELEASE OR NOT KPEP_DIR)
  message(FATAL_ERROR "db-update needs a release and a directory: "
    "cmake -B build -DKPEP_RELEASE=macos-27 -DKPEP_DIR=/usr/share/kpep")
endif()

set(before ${DB}/${KPEP_RELEASE})
if(NOT EXISTS ${before})
  file(GLOB releases LIST_DIRECTORIES true ${DB}/*)
  list(APPEND releases ${before})
  list(SORT releases COMPARE NATURAL)
  list(FIND releases ${before} at)
  list(REMOVE_AT releases ${at})
  if(at GREATER 0)
    math(EXPR at "${at} - 1")
  endif()
  list(GET releases ${at} before)
endif()

file(REMOVE_RECURSE ${WORK})
file(MAKE_DIRECTORY ${WORK})
execute_process(
  COMMAND ${KPEPC} snapshot -o ${WORK}/${KPEP_RELEASE} --release ${KPEP_RELEASE}
    --source "databases as ${KPEP_RELEASE} ships them, without Apple's text" ${KPEP_DIR}
  RESULT_VARIABLE status)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "nothing was changed")
endif()
execute_process(COMMAND ${KPEPC} diff ${before} ${WORK}/${KPEP_RELEASE} RESULT_VARIABLE status)
if(NOT status EQUAL 0 AND NOT status EQUAL 1)
  message(FATAL_ERROR "nothing was changed")
endif()
file(REMOVE_RECURSE ${DB}/${KPEP_RELEASE})
file(COPY ${WORK}/${KPEP_RELEASE} DESTINATION ${DB})
