# SPDX-License-Identifier: Apache-2.0
# What `cmake --install` lays out: the program, the static library with its headers and package files, the bundled model.
include(CMakePackageConfigHelpers)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/pellucid)

install(TARGETS pellucid EXPORT pellucidTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
if(TARGET pellucid_cli)
  install(TARGETS pellucid_cli RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
install(DIRECTORY pellucid DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
        FILES_MATCHING PATTERN "*.h" PATTERN "*_test.h" EXCLUDE PATTERN "testing" EXCLUDE PATTERN "cli" EXCLUDE)
install(DIRECTORY demo/demo-emotion DESTINATION ${CMAKE_INSTALL_DATADIR}/pellucid)
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})

install(EXPORT pellucidTargets NAMESPACE pellucid:: DESTINATION ${package_dir})
configure_package_config_file(cmake/pellucidConfig.cmake.in pellucidConfig.cmake INSTALL_DESTINATION ${package_dir}
                              PATH_VARS CMAKE_INSTALL_DATADIR)
write_basic_package_version_file(pellucidConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/pellucidConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/pellucidConfigVersion.cmake
              cmake/FindDNNL.cmake cmake/FindHighway.cmake cmake/FindPCRE2.cmake
        DESTINATION ${package_dir})
