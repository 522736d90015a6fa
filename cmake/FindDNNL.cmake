# SPDX-License-Identifier: Apache-2.0
# Finds oneDNN and defines DNNL::dnnl. Debian's own package file asks for OpenCL's headers, which the CPU engine does
# not need: find the library itself. Only a oneDNN that runs on OpenMP will do, because one thread per micro-batch
# relies on it: inside an OpenMP region a product stays on the calling thread.
find_path(DNNL_INCLUDE_DIR dnnl.hpp)
find_library(DNNL_LIBRARY dnnl)
mark_as_advanced(DNNL_INCLUDE_DIR DNNL_LIBRARY)

set(DNNL_VERSION "")
set(dnnl_problem "")
set(DNNL_ON_OPENMP TRUE)
if(DNNL_INCLUDE_DIR)
  file(STRINGS ${DNNL_INCLUDE_DIR}/oneapi/dnnl/dnnl_version.h dnnl_lines REGEX "define DNNL_VERSION_(MAJOR|MINOR|PATCH) ")
  string(REGEX REPLACE "[^;0-9]" "" dnnl_lines "${dnnl_lines}")
  string(REPLACE ";" "." DNNL_VERSION "${dnnl_lines}")
  file(STRINGS ${DNNL_INCLUDE_DIR}/oneapi/dnnl/dnnl_config.h dnnl_lines REGEX "define DNNL_CPU_THREADING_RUNTIME DNNL_RUNTIME_OMP")
  if(NOT dnnl_lines)
    set(DNNL_ON_OPENMP FALSE)
    set(dnnl_problem "oneDNN in ${DNNL_INCLUDE_DIR} was built for another threading runtime than OpenMP")
  endif()
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(DNNL REQUIRED_VARS DNNL_LIBRARY DNNL_INCLUDE_DIR DNNL_ON_OPENMP
                                       VERSION_VAR DNNL_VERSION REASON_FAILURE_MESSAGE "${dnnl_problem}")

if(DNNL_FOUND AND NOT TARGET DNNL::dnnl)
  add_library(DNNL::dnnl UNKNOWN IMPORTED)
  set_target_properties(DNNL::dnnl PROPERTIES IMPORTED_LOCATION ${DNNL_LIBRARY}
                                              INTERFACE_INCLUDE_DIRECTORIES ${DNNL_INCLUDE_DIR})
endif()
