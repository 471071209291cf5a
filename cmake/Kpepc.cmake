# Which kpepc compiles the databases: KPEPC_EXECUTABLE, the one built here, or, when the
# rest is cross-compiled, one built for this machine by a build of its own.
# Sets KPEPC_COMMAND, and KPEPC_DEPENDS, what has to be built before it can run.
if(KPEPC_EXECUTABLE)
  set(KPEPC_COMMAND ${KPEPC_EXECUTABLE})
  set(KPEPC_DEPENDS ${KPEPC_EXECUTABLE})
elseif(CMAKE_CROSSCOMPILING)
  include(ExternalProject)
  set(KPEPC_COMMAND ${CMAKE_BINARY_DIR}/host/gen/kpepc)
  ExternalProject_Add(kpepc-host
    SOURCE_DIR ${CMAKE_SOURCE_DIR}
    BINARY_DIR ${CMAKE_BINARY_DIR}/host
    CMAKE_ARGS -DKPEP_ONLY_KPEPC=ON -DCMAKE_BUILD_TYPE=Release -DKPEP_WERROR=${KPEP_WERROR}
    BUILD_ALWAYS ON
    BUILD_BYPRODUCTS ${KPEPC_COMMAND}
    INSTALL_COMMAND "")
  set(KPEPC_DEPENDS kpepc-host ${KPEPC_COMMAND})
else()
  add_subdirectory(gen)
  set(KPEPC_COMMAND $<TARGET_FILE:kpepc>)
  set(KPEPC_DEPENDS kpepc)
endif()
if(CMAKE_CROSSCOMPILING AND KPEP_TESTS)
  add_subdirectory(gen) # the target's, which the tests are of
endif()
