# For the tests: programs by the path that runs them, and the compiler whose programs the tests
# run. In a cross build ours run in the emulator, by a script that is their argv[0], and theirs
# on this machine.
set(run_cc ${CMAKE_C_COMPILER})
foreach(program kpep kpepc plistdump sim_machine_test)
  set(run_${program} $<TARGET_FILE:${program}>)
  if(CMAKE_CROSSCOMPILING)
    list(JOIN CMAKE_CROSSCOMPILING_EMULATOR " " emulator)
    set(run_${program} ${PROJECT_BINARY_DIR}/tests/emulated/${program})
    file(GENERATE OUTPUT ${run_${program}}
      CONTENT "#!/bin/sh\nexec ${emulator} -0 \"$0\" $<TARGET_FILE:${program}> \"$@\"\n"
      FILE_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE
        WORLD_READ WORLD_EXECUTE)
  endif()
endforeach()
if(CMAKE_CROSSCOMPILING)
  set(run_cc cc)
  set_property(DIRECTORY PROPERTY LABELS ${CMAKE_SYSTEM_PROCESSOR})
endif()
