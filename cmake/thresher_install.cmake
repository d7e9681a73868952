# Installs the libraries, their headers under include/thresher/, the program, and the CMake package,
# so that `find_package(thresher)` gives the targets thresher::runtime, thresher::gpu, ... and
# thresher::scenarios.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/thresher")
set(libraries thresher_contract)
foreach(folder runtime gpu faults sim scenarios reports)
  list(APPEND libraries thresher_${folder})
  if(IS_DIRECTORY "${PROJECT_SOURCE_DIR}/${folder}")
    install(DIRECTORY "${folder}/" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/thresher/${folder}"
            FILES_MATCHING PATTERN "*.h")
  endif()
endforeach()

install(TARGETS ${libraries} EXPORT thresher_targets ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
install(EXPORT thresher_targets NAMESPACE thresher:: DESTINATION "${package_dir}")
if(TARGET thresher_program)
  install(TARGETS thresher_program RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
endif()

configure_package_config_file("${PROJECT_SOURCE_DIR}/cmake/thresherConfig.cmake.in"
                              "${PROJECT_BINARY_DIR}/thresherConfig.cmake"
                              INSTALL_DESTINATION "${package_dir}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/thresherConfigVersion.cmake"
                                 COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/thresherConfig.cmake"
              "${PROJECT_BINARY_DIR}/thresherConfigVersion.cmake"
              "${PROJECT_SOURCE_DIR}/cmake/FindXxHash.cmake"
        DESTINATION "${package_dir}")
