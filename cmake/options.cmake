# SPDX-License-Identifier: Apache-2.0
# Build options, and the flags that all targets of the project share and none of its users see.
option(PELLUCID_TESTS "Build the tests and the examples" ${PROJECT_IS_TOP_LEVEL})
option(PELLUCID_BENCHMARKS "Build the benchmarks" OFF)
option(PELLUCID_FUZZERS "Build the fuzzers (clang only)" OFF)
option(PELLUCID_WERROR "Treat warnings as errors" OFF)
set(PELLUCID_SANITIZE "" CACHE STRING "Sanitizers, e.g. address,undefined or thread")

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Debug, Release or RelWithDebInfo" FORCE)
endif()

# No contraction: the same source gives the same numbers whatever the compiler may fuse.
function(pellucid_options target)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion
                                           -ffp-contract=off)
  # GCC 12 sees overlapping copies in std::string that are not there (GCC bug 105329).
  if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    target_compile_options(${target} PRIVATE -Wno-restrict)
  endif()
  if(PELLUCID_WERROR)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
endfunction()

if(PELLUCID_SANITIZE)
  add_compile_options(-fsanitize=${PELLUCID_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${PELLUCID_SANITIZE})
endif()
if(PELLUCID_FUZZERS)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

find_program(CCACHE ccache)
mark_as_advanced(CCACHE)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()
