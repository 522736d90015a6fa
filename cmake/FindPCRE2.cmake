# SPDX-License-Identifier: Apache-2.0
# Finds PCRE2 (regular expressions with JIT; the library with 32-bit code units) and defines PCRE2::32.
find_path(PCRE2_INCLUDE_DIR pcre2.h)
find_library(PCRE2_LIBRARY pcre2-32)
mark_as_advanced(PCRE2_INCLUDE_DIR PCRE2_LIBRARY)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(PCRE2 REQUIRED_VARS PCRE2_LIBRARY PCRE2_INCLUDE_DIR)

if(PCRE2_FOUND AND NOT TARGET PCRE2::32)
  add_library(PCRE2::32 UNKNOWN IMPORTED)
  set_target_properties(PCRE2::32 PROPERTIES IMPORTED_LOCATION ${PCRE2_LIBRARY}
                                             INTERFACE_INCLUDE_DIRECTORIES ${PCRE2_INCLUDE_DIR})
endif()
