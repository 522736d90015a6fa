# SPDX-License-Identifier: Apache-2.0
# Installs the build into a fresh folder, then configures, builds and runs the small project beside this file against
# it, and asks the installed program for its version.
set(stage ${BUILD_DIR}/stage)
set(consumer ${BUILD_DIR}/packaging)
file(REMOVE_RECURSE ${stage} ${consumer})

function(run)
  execute_process(COMMAND ${ARGV} COMMAND_ECHO STDOUT COMMAND_ERROR_IS_FATAL ANY)
endfunction()

run(${CMAKE_COMMAND} --install ${BUILD_DIR} --prefix ${stage})
run(${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR} -B ${consumer} -G ${GENERATOR} -D CMAKE_BUILD_TYPE=Release
    -D CMAKE_CXX_COMPILER=${COMPILER} -D CMAKE_PREFIX_PATH=${stage})
run(${CMAKE_COMMAND} --build ${consumer})

# The package must stand on its own: nothing in it may point back to where it was built.
file(STRINGS ${stage}/${LIBRARY_DIR}/cmake/pellucid/pellucidTargets.cmake leaks REGEX "${BUILD_DIR}|pellucid_options")
if(leaks)
  message(FATAL_ERROR "pellucidTargets.cmake names what only the build tree has: ${leaks}")
endif()

# The program and the library look for the bundled model beside themselves first.
set(ENV{PELLUCID_DATA} ${stage}/share/pellucid)
run(${consumer}/consumer)
if(EXISTS ${stage}/bin/pellucid)
  unset(ENV{PELLUCID_DATA})
  run(${stage}/bin/pellucid --version)
endif()
