# Build options and the flags that all targets of the project share.
option(PELLUCID_TESTS "Build the tests" ${PROJECT_IS_TOP_LEVEL})
option(PELLUCID_WERROR "Treat warnings as errors" OFF)
set(PELLUCID_SANITIZE "" CACHE STRING "Sanitizers, e.g. address,undefined or thread")

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Debug, Release or RelWithDebInfo" FORCE)
endif()

add_library(pellucid_options INTERFACE)
target_compile_options(pellucid_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion
                                                  -Wno-sign-conversion -ffp-contract=off)
if(PELLUCID_WERROR)
  target_compile_options(pellucid_options INTERFACE -Werror)
endif()
if(PELLUCID_SANITIZE)
  add_compile_options(-fsanitize=${PELLUCID_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${PELLUCID_SANITIZE})
endif()

find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()
